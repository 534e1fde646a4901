//! How values of the domain stand in columns.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Row, types::Type};
use uuid::Uuid;
use vestnik_model::{DeliveryState, DeliveryStatus, Engagement, InstallationId, Reason};

/// A time in a column.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A column that holds what no version ever wrote.
pub(super) fn unreadable(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.to_owned().into())
}

/// A time out of a column.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, rusqlite::Error> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|_| unreadable(column, "not a time"))
}

/// A time that may be absent.
pub(super) fn optional_time(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    row.get::<_, Option<i64>>(column)?
        .map(|at| Timestamp::from_millisecond(at).map_err(|_| unreadable(column, "not a time")))
        .transpose()
}

/// A UUID out of a column.
pub(super) fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, rusqlite::Error> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

/// A text out of a column that some type of the domain parses.
pub(super) fn parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, rusqlite::Error> {
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|_| unreadable(column, "not of its type"))
}

/// A JSON column.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<T, rusqlite::Error> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|_| unreadable(column, "not its JSON"))
}

/// A value as JSON for a column.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Installations in a column: none means that all are meant.
pub(super) fn installations_text(
    only: Option<&BTreeSet<InstallationId>>,
) -> Result<Option<String>, rusqlite::Error> {
    only.map(to_json).transpose()
}

/// The columns of a delivery's state, in this order: status, reason, late, engagement, `sent_at`,
/// `delivered_at`, `read_at`.
pub(super) fn delivery_state(
    row: &Row<'_>,
    first: usize,
) -> Result<DeliveryState, rusqlite::Error> {
    let status_text = row.get_ref(first)?.as_str()?;
    let status = DeliveryStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == status_text);
    let reason: Option<String> = row.get(first + 1)?;
    Ok(DeliveryState {
        status: status.ok_or_else(|| unreadable(first, "no status"))?,
        reason: reason.as_deref().and_then(Reason::from_code),
        late: row.get(first + 2)?,
        engagement: engagement(row.get_ref(first + 3)?.as_str()?),
        sent_at: optional_time(row, first + 4)?,
        delivered_at: optional_time(row, first + 5)?,
        read_at: optional_time(row, first + 6)?,
    })
}

fn engagement(words: &str) -> BTreeSet<Engagement> {
    words
        .split_whitespace()
        .filter_map(|word| match word {
            "displayed" => Some(Engagement::Displayed),
            "clicked" => Some(Engagement::Clicked),
            "dismissed" => Some(Engagement::Dismissed),
            _ => None,
        })
        .collect()
}

/// The set of engagements as words.
pub(super) fn engagement_words(set: &BTreeSet<Engagement>) -> String {
    let word = |engagement: &Engagement| match engagement {
        Engagement::Displayed => "displayed",
        Engagement::Clicked => "clicked",
        Engagement::Dismissed => "dismissed",
    };
    set.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A JSON column that may be absent.
pub(super) fn optional_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, rusqlite::Error> {
    row.get_ref(column)?
        .as_str_or_null()?
        .map(|text| serde_json::from_str(text).map_err(|_| unreadable(column, "not its JSON")))
        .transpose()
}
