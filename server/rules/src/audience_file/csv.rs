//! CSV: one record at a time, from its first byte.

use std::collections::BTreeMap;

use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};
use vestnik_model::{
    FileFault, RecipientField,
    audience_file::{ColumnRequest, CsvShape},
};

use super::MAX_LINE_BYTES;

/// Reads records of a file. It keeps nothing between two of them.
#[derive(Debug)]
pub(super) struct Csv {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// What is at the beginning of some bytes.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// A record of so many bytes.
    Record(usize, Record<'a>),
    /// The beginning of one.
    Part,
}

/// The fields of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    text: &'a [u8],
    ends: &'a [usize],
}

impl Csv {
    pub(super) fn new(shape: &CsvShape) -> Self {
        Self {
            reader: ReaderBuilder::new()
                .delimiter(shape.delimiter)
                // A carriage return before it is left to the field, which is trimmed: lines are counted by
                // this byte alone, whoever counts them.
                .terminator(Terminator::Any(b'\n'))
                .build(),
            // No record has more text or more fields than it has bytes.
            text: vec![0; MAX_LINE_BYTES],
            ends: vec![0; MAX_LINE_BYTES + 1],
        }
    }

    /// Reads the record at the beginning of at most [`MAX_LINE_BYTES`].
    pub(super) fn read(&mut self, bytes: &[u8]) -> Found<'_> {
        self.reader.reset();
        let (result, consumed, text, ends) =
            self.reader
                .read_record(bytes, &mut self.text, &mut self.ends);
        match result {
            ReadRecordResult::Record => {
                let record = Record {
                    text: self.text.get(..text).unwrap_or_default(),
                    ends: self.ends.get(..ends).unwrap_or_default(),
                };
                Found::Record(consumed, record)
            }
            ReadRecordResult::InputEmpty
            | ReadRecordResult::OutputFull
            | ReadRecordResult::OutputEndsFull
            | ReadRecordResult::End => Found::Part,
        }
    }
}

impl<'a> Record<'a> {
    /// A field by its index; `None` behind the last.
    pub(super) fn field(&self, index: usize) -> Option<&'a [u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end).map(<[u8]>::trim_ascii)
    }

    fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.ends.len()).filter_map(move |index| self.field(index))
    }
}

/// The indices of the columns that name recipients, of a file whose first record is `header` if it has one.
///
/// # Errors
/// One of them is not there, or there twice: which one was meant cannot be told.
pub(super) fn columns(
    shape: &CsvShape,
    header: Option<Record<'_>>,
) -> Result<BTreeMap<RecipientField, usize>, FileFault> {
    let named = |name: &str| {
        let fields = header.into_iter().flat_map(Record::fields).enumerate();
        let name = name.trim().as_bytes();
        let mut found = fields.filter(|(_, field)| field.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(FileFault::ColumnsRepeated),
            (found, _) => Ok(found.map(|(index, _)| index)),
        }
    };
    let mut found = BTreeMap::new();
    if shape.columns.is_empty() {
        for field in RecipientField::ALL {
            if let Some(index) = named(field.as_str())? {
                found.insert(field, index);
            }
        }
        return Some(found)
            .filter(|found| !found.is_empty())
            .ok_or(FileFault::ColumnsMissing);
    }
    for (field, column) in &shape.columns {
        let index = match column {
            ColumnRequest::Number(number) => usize::try_from(*number)
                .ok()
                .and_then(|number| number.checked_sub(1)),
            ColumnRequest::Name(name) => named(name)?,
        };
        found.insert(*field, index.ok_or(FileFault::ColumnsMissing)?);
    }
    Ok(found)
}
