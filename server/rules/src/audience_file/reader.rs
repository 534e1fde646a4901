//! The machine that reads a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vestnik_model::{
    FieldCode, FileFault, LineProblem, RecipientField,
    audience_file::{CsvShape, Shape},
};

use super::{
    MAX_LINE_BYTES,
    csv::{self, Csv, Found},
    line::{self, Fault, Recipient},
};

/// The mark that some programs write at the beginning of a text (UTF-8's form of U+FEFF).
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The most quoted fields of a file that are not closed. To find one out costs a look at [`MAX_LINE_BYTES`], however
/// short its line is.
pub(super) const MAX_UNCLOSED: u32 = 1_000;

/// Reads a file. See the [module](super).
#[derive(Debug)]
pub struct Reader {
    form: Form,
    state: State,
    /// The most lines that a file may have.
    max_lines: u64,
}

/// What a reader is between two pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// How many bytes were read, those of `rest` included.
    #[serde(skip)]
    pub offset: u64,
    /// The beginning of a line of which the end has not been read. It may name somebody.
    #[serde(skip)]
    pub rest: Vec<u8>,
    /// How many ends of lines lie before the rest.
    line: u64,
    /// How many lines were read that are not empty and not the header.
    records: u64,
    /// How many quoted fields were not closed.
    unclosed: u32,
    /// Whether the rest of a line that is too long is being passed over.
    is_passing: bool,
    /// Which columns name recipients; absent before the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<BTreeMap<RecipientField, usize>>,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The lines that name a recipient.
    pub good: Vec<Line>,
    /// The lines that name nobody.
    pub bad: Vec<LineProblem>,
}

/// A line that names a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Whom it names.
    pub recipient: Recipient,
}

#[derive(Debug)]
enum Form {
    Csv(CsvShape, Box<Csv>),
    Ndjson,
}

/// What is at the beginning of the bytes that have not been understood.
enum Step {
    /// A line, or what is read as one: it has so many bytes.
    Line(usize),
    /// The beginning of a line that is too long to be one.
    TooLong(usize),
    /// The beginning of a line.
    Part,
}

impl Reader {
    /// A reader that goes on where another one was, or at the beginning.
    #[must_use]
    pub fn new(shape: Shape, state: State, max_lines: u64) -> Self {
        let form = match shape {
            Shape::Csv(shape) => {
                let csv = Box::new(Csv::new(&shape));
                Form::Csv(shape, csv)
            }
            Shape::Ndjson => Form::Ndjson,
        };
        Self {
            form,
            state,
            max_lines,
        }
    }

    /// What it is now.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What it was at last.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }

    /// Reads the next bytes of the file.
    ///
    /// # Errors
    /// The whole file cannot be used: nothing more is to be read.
    pub fn push(&mut self, bytes: &[u8], batch: &mut Batch) -> Result<(), FileFault> {
        self.state.offset += bytes.len() as u64;
        let mut buffer = std::mem::take(&mut self.state.rest);
        buffer.extend_from_slice(bytes);
        let read = self.read(&buffer, batch)?;
        buffer.drain(..read);
        self.state.rest = buffer;
        Ok(())
    }

    /// Reads the end of the file.
    ///
    /// # Errors
    /// The whole file cannot be used.
    pub fn finish(&mut self, batch: &mut Batch) -> Result<(), FileFault> {
        let mut buffer = std::mem::take(&mut self.state.rest);
        if self.state.is_passing {
            self.state.is_passing = false;
            return self.at_end();
        }
        // The last line need not have an end.
        if buffer.last().is_some_and(|byte| *byte != b'\n') {
            buffer.push(b'\n');
        }
        let mut rest = buffer.as_slice();
        while !rest.is_empty() {
            let read = self.read(rest, batch)?;
            rest = rest.get(read..).unwrap_or_default();
            if let Some(end) = end_of_line(rest) {
                let fault = self.unclosed()?;
                rest = self.bad(rest, end, fault, batch)?;
            }
        }
        self.at_end()
    }

    /// Where no header was found, no line is one.
    fn at_end(&self) -> Result<(), FileFault> {
        match &self.form {
            Form::Csv(shape, _) if shape.has_header && self.state.columns.is_none() => {
                Err(FileFault::ColumnsMissing)
            }
            Form::Csv(..) | Form::Ndjson => Ok(()),
        }
    }

    /// Reads whole lines; gives how many bytes they have.
    fn read(&mut self, bytes: &[u8], batch: &mut Batch) -> Result<usize, FileFault> {
        let mut rest = bytes;
        loop {
            if self.state.is_passing {
                let Some(end) = end_of_line(rest) else {
                    return Ok(bytes.len());
                };
                self.state.is_passing = false;
                rest = self.pass(rest, end);
            }
            rest = match self.step(rest, batch)? {
                Step::Part => return Ok(bytes.len() - rest.len()),
                Step::Line(length) => self.pass(rest, length),
                Step::TooLong(length) => match end_of_line(rest.get(..length).unwrap_or(rest)) {
                    Some(end) => {
                        let fault = self.unclosed()?;
                        self.bad(rest, end, fault, batch)?
                    }
                    None => {
                        self.state.is_passing = true;
                        let detail = format!("must have at most {MAX_LINE_BYTES} bytes");
                        let fault = Fault::new(FieldCode::TooLong, detail);
                        self.bad(rest, length, fault, batch)?
                    }
                },
            };
        }
    }

    /// Counts a quoted field that is not closed.
    fn unclosed(&mut self) -> Result<Fault, FileFault> {
        self.state.unclosed += 1;
        if self.state.unclosed > MAX_UNCLOSED {
            return Err(FileFault::QuotesUnclosed);
        }
        let detail = format!("has a quoted field that is not closed within {MAX_LINE_BYTES} bytes");
        Ok(Fault::new(FieldCode::Malformed, detail))
    }

    /// Notes a line that names nobody, and gives what is behind it.
    fn bad<'a>(
        &mut self,
        rest: &'a [u8],
        length: usize,
        fault: Fault,
        batch: &mut Batch,
    ) -> Result<&'a [u8], FileFault> {
        if matches!(&self.form, Form::Csv(shape, _) if shape.has_header)
            && self.state.columns.is_none()
        {
            return Err(FileFault::HeaderMalformed);
        }
        self.count()?;
        batch.bad.push(fault.at(self.state.line + 1));
        Ok(self.pass(rest, length))
    }

    /// Passes over bytes, and counts the ends of lines among them.
    fn pass<'a>(&mut self, rest: &'a [u8], length: usize) -> &'a [u8] {
        let (passed, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        self.state.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        rest
    }

    fn count(&mut self) -> Result<(), FileFault> {
        self.state.records += 1;
        if self.state.records > self.max_lines {
            return Err(FileFault::TooManyLines);
        }
        Ok(())
    }

    /// Reads what is at the beginning of some bytes, if it is there whole.
    fn step(&mut self, rest: &[u8], batch: &mut Batch) -> Result<Step, FileFault> {
        let window = rest.get(..MAX_LINE_BYTES).unwrap_or(rest);
        let end = end_of_line(window);
        let first = window
            .get(..end.unwrap_or(window.len()))
            .unwrap_or_default();
        let first = first.strip_prefix(MARK).unwrap_or(first);
        if let Some(end) = end.filter(|_| first.trim_ascii().is_empty()) {
            return Ok(Step::Line(end));
        }
        let number = self.state.line + 1;
        let (length, named) = match &mut self.form {
            Form::Ndjson => (end, end.map(|_| line::of_json(first))),
            Form::Csv(shape, csv) => match csv.read(window) {
                Found::Part => (None, None),
                Found::Record(length, record) => match &self.state.columns {
                    Some(columns) => {
                        let fields = columns.iter().map(|(field, index)| {
                            (*field, record.field(*index).unwrap_or_default())
                        });
                        (Some(length), Some(line::recipient(fields)))
                    }
                    None => {
                        let header = shape.has_header.then_some(record);
                        let columns = csv::columns(shape, header);
                        self.state.columns = Some(columns?);
                        // Without a header this is a line as any other, which is read again.
                        return Ok(Step::Line(if shape.has_header { length } else { 0 }));
                    }
                },
            },
        };
        match (length, named) {
            (Some(length), Some(named)) => {
                self.count()?;
                match named {
                    Ok(recipient) => batch.good.push(Line { number, recipient }),
                    Err(fault) => batch.bad.push(fault.at(number)),
                }
                Ok(Step::Line(length))
            }
            _ if window.len() == MAX_LINE_BYTES => Ok(Step::TooLong(MAX_LINE_BYTES)),
            _ => Ok(Step::Part),
        }
    }
}

/// How many bytes the first line has, its end included.
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.map(|end| end + 1)
}
