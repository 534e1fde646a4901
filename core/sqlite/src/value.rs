//! How values stand in columns: times as milliseconds since 1970, UUIDs as 16 bytes, JSON and
//! parsed values as text.
//!
//! A column that holds something else than its type gives
//! [`rusqlite::Error::FromSqlConversionFailure`] with what was expected, never with what was found:
//! errors are logged, and columns hold users' texts.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A column that does not hold a value of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected} was expected")]
pub struct Unreadable {
    /// What should be there, as a noun with its article.
    pub expected: &'static str,
}

/// The error of a column that does not hold `expected`.
#[must_use]
pub fn unreadable(row: &Row<'_>, column: usize, expected: &'static str) -> rusqlite::Error {
    let found = row
        .get_ref(column)
        .map_or(Type::Null, |value| value.data_type());
    rusqlite::Error::FromSqlConversionFailure(column, found, Box::new(Unreadable { expected }))
}

/// A time for a column.
#[must_use]
pub fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A time from a column.
///
/// # Errors
/// If it is no integer or lies outside of what [`Timestamp`] can hold.
pub fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, rusqlite::Error> {
    time_of(row, column, row.get(column)?)
}

/// A time that may be absent.
///
/// # Errors
/// As [`time`].
pub fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, rusqlite::Error> {
    let millis: Option<i64> = row.get(column)?;
    millis
        .map(|millis| time_of(row, column, millis))
        .transpose()
}

fn time_of(row: &Row<'_>, column: usize, millis: i64) -> Result<Timestamp, rusqlite::Error> {
    // `Timestamp::from_millisecond` refuses the milliseconds of the last second that there is.
    let nanos = i32::try_from(millis.rem_euclid(1_000) * 1_000_000).unwrap_or_default();
    Timestamp::new(millis.div_euclid(1_000), nanos).map_err(|_| unreadable(row, column, "a time"))
}

/// A UUID from a column.
///
/// # Errors
/// If it is not 16 bytes.
pub fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, rusqlite::Error> {
    row.get(column).map(Uuid::from_bytes)
}

/// A UUID that may be absent.
///
/// # Errors
/// As [`uuid()`].
pub fn optional_uuid(row: &Row<'_>, column: usize) -> Result<Option<Uuid>, rusqlite::Error> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(Uuid::from_bytes))
}

/// A value from its text.
///
/// # Errors
/// If the column is no text or the text is not that of a `T`.
pub fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse()
        .map_err(|_| unreadable(row, column, "a text of the column's type"))
}

/// A value from its text, which may be absent.
///
/// # Errors
/// As [`parsed`].
pub fn optional_parsed<T: FromStr>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, rusqlite::Error> {
    match row.get_ref(column)?.as_str_or_null()? {
        Some(_) => parsed(row, column).map(Some),
        None => Ok(None),
    }
}

/// A value from JSON.
///
/// # Errors
/// If the column is no text or the text is not the JSON of a `T`.
pub fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    // The error of serde_json quotes the text.
    serde_json::from_str(text).map_err(|_| unreadable(row, column, "JSON of the column's type"))
}

/// A value from JSON, which may be absent.
///
/// # Errors
/// As [`json`].
pub fn optional_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, rusqlite::Error> {
    match row.get_ref(column)?.as_str_or_null()? {
        Some(_) => json(row, column).map(Some),
        None => Ok(None),
    }
}

/// A value as JSON for a column.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, ToSql};

    use super::*;

    fn read<T>(
        value: impl ToSql,
        convert: impl FnOnce(&Row<'_>, usize) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        let connection = Connection::open_in_memory()?;
        connection.query_row("SELECT ?1", [value], |row| convert(row, 0))
    }

    #[test]
    fn the_first_and_the_last_time_that_there_are_can_be_read() {
        for at in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            let back = read(millis(at), time).unwrap();
            assert_eq!(back.as_millisecond(), at.as_millisecond());
        }
        assert!(read(i64::MAX, time).is_err());
        assert!(read(i64::MIN, time).is_err());
    }

    #[test]
    fn values_return_as_they_were() {
        let at: Timestamp = "2026-11-28T12:00:00.123Z".parse().unwrap();
        assert_eq!(read(millis(at), time).unwrap(), at);
        assert_eq!(read(millis(at), optional_time).unwrap(), Some(at));
        assert_eq!(read(None::<i64>, optional_time).unwrap(), None);
        let id = Uuid::from_u128(7);
        assert_eq!(read(id.into_bytes(), uuid).unwrap(), id);
        assert_eq!(read(None::<i64>, optional_uuid).unwrap(), None);
        assert_eq!(read("12", parsed::<u8>).unwrap(), 12);
        assert_eq!(read(None::<i64>, optional_parsed::<u8>).unwrap(), None);
        let list = vec!["a".to_owned(), "b".to_owned()];
        let text = to_json(&list).unwrap();
        assert_eq!(read(&text, json::<Vec<String>>).unwrap(), list);
        assert_eq!(read(&text, optional_json).unwrap(), Some(list));
        assert_eq!(read(None::<i64>, optional_json::<u8>).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_without_the_value() {
        let errors = [
            read(i64::MAX, time).map(drop).unwrap_err(),
            read("secret", parsed::<u8>).map(drop).unwrap_err(),
            read("\"secret\"", json::<u8>).map(drop).unwrap_err(),
            read("secret", time).map(drop).unwrap_err(),
            read([1_u8; 15], uuid).map(drop).unwrap_err(),
            read(7, json::<u8>).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(
                !format!("{error} {error:?}").contains("secret"),
                "{error:?}"
            );
        }
    }
}
