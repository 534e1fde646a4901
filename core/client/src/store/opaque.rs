//! Entries that this version cannot read: kept for a later version of the app, bounded in number.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{Entry, limits::ENTRY_BYTES};

use super::value::bytes;

/// How many are kept; the oldest go first.
const KEPT: u32 = 256;

/// Keeps an entry as it came, once. One that is larger than the contract allows is dropped.
pub(super) fn keep(db: &Connection, entry: &Entry, now: Timestamp) -> Result<(), rusqlite::Error> {
    let raw = serde_json::to_string(entry)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    if raw.len() > ENTRY_BYTES {
        tracing::warn!(bytes = raw.len(), "an unknown entry is too large to keep");
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO opaque_entry (kind, notification, raw, at) SELECT ?1, ?2, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM opaque_entry WHERE raw = ?3)",
    )?
    .execute((
        entry.kind(),
        entry.id().map(bytes),
        &raw,
        now.as_millisecond(),
    ))?;
    db.prepare_cached(
        "DELETE FROM opaque_entry WHERE row <= (
             SELECT row FROM opaque_entry ORDER BY row DESC LIMIT 1 OFFSET ?1
         )",
    )?
    .execute([KEPT])
    .map(drop)
}
