//! How values of the domain stand in columns.

use jiff::Timestamp;
use rusqlite::{Row, types::Type};
use uuid::Uuid;
use vestnik_model::NotificationId;

use crate::history::{HistoryItem, HistoryState};

/// The columns of a [`HistoryItem`].
pub(super) const ITEM: &str = "content, received_at, read_at";

pub(super) fn unreadable(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.to_owned().into())
}

pub(super) fn time(millis: i64, column: usize) -> Result<Timestamp, rusqlite::Error> {
    Timestamp::from_millisecond(millis).map_err(|_| unreadable(column, "not a time"))
}

pub(super) fn id(row: &Row<'_>, column: usize) -> Result<NotificationId, rusqlite::Error> {
    row.get::<_, [u8; 16]>(column)
        .map(|bytes| NotificationId::from_uuid(Uuid::from_bytes(bytes)))
}

pub(super) fn bytes(id: NotificationId) -> [u8; 16] {
    id.uuid().into_bytes()
}

/// An item out of the columns [`ITEM`], from `first` on.
pub(super) fn item(row: &Row<'_>, first: usize) -> Result<HistoryItem, rusqlite::Error> {
    let content = row.get_ref(first)?.as_str()?;
    let notification =
        serde_json::from_str(content).map_err(|_| unreadable(first, "not a notification"))?;
    let read_at: Option<i64> = row.get(first + 2)?;
    let read_at = read_at.map(|at| time(at, first + 2)).transpose()?;
    Ok(HistoryItem {
        notification,
        state: if read_at.is_some() {
            HistoryState::Read
        } else {
            HistoryState::Delivered
        },
        received_at: time(row.get(first + 1)?, first + 1)?,
        read_at,
    })
}
