//! How values of the domain stand in columns, and what happens to rows that cannot be read.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::Row;
use vestnik_model::open::Word;
pub(crate) use vestnik_sqlite::value::{
    json, millis, optional_json, optional_time, parsed, time, to_json, unreadable, uuid,
};

/// A row as it could be read.
pub(crate) type Read<T> = Result<T, rusqlite::Error>;

/// Counts stored rows that cannot be read: another version wrote them, or the disk failed. One such
/// row is one absent entry and never stops the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unreadable(Arc<AtomicU64>);

impl Unreadable {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Passes over a row that cannot be read; any other error stays one. `what` names the table, and
    /// no content.
    pub(crate) fn pass_over<T>(
        &self,
        what: &'static str,
        read: Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, rusqlite::Error> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_unreadable(&error) => {
                self.0.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(table = what, %error, "a stored row cannot be read and is passed over");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// A word of a closed set.
pub(crate) fn word<T: Word>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error> {
    T::from_word(row.get_ref(column)?.as_str()?)
        .ok_or_else(|| unreadable(row, column, "a word of this version"))
}

/// A word that may be absent; one of another version counts as absent.
pub(crate) fn optional_word<T: Word>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, rusqlite::Error> {
    Ok(row
        .get_ref(column)?
        .as_str_or_null()?
        .and_then(T::from_word))
}

/// A set of words, separated by spaces. Words of another version are left out.
pub(crate) fn words<T: Word + Ord>(
    row: &Row<'_>,
    column: usize,
) -> Result<BTreeSet<T>, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    Ok(text
        .split_ascii_whitespace()
        .filter_map(T::from_word)
        .collect())
}

/// A set of words for a column.
pub(crate) fn words_text<T: Word>(set: &BTreeSet<T>) -> String {
    let words: Vec<_> = set.iter().map(|word| word.as_str()).collect();
    words.join(" ")
}

/// Cuts a list that was read one item too far, and tells whether more follows.
pub(crate) fn cut<T>(items: &mut Vec<T>, limit: u32) -> bool {
    let limit = limit as usize;
    let is_longer = items.len() > limit;
    items.truncate(limit);
    is_longer
}
