//! Entries that this version cannot read: kept for a later version of the app, bounded in number.

use jiff::Timestamp;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use vestnik_model::{Entry, NotificationId, limits::ENTRY_BYTES};
use vestnik_sqlite::value::{millis, to_json};

use super::notification::bytes;
use crate::sql::statements;

/// How many are kept; the oldest go first.
const KEPT: u32 = 256;

statements! {
    DELETE_ALL = "DELETE FROM opaque";
    KEEP = "INSERT INTO opaque (digest, kind, notification, at, raw) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (digest) DO NOTHING";
    BOUND = "DELETE FROM opaque
         WHERE row <= (SELECT row FROM opaque ORDER BY row DESC LIMIT 1 OFFSET ?1)";
    CONCERNS = "SELECT 1 FROM opaque WHERE notification = ?1 LIMIT 1";
    READ = "SELECT row, raw FROM opaque WHERE row > ?1 ORDER BY row LIMIT ?2";
    DELETE = "DELETE FROM opaque WHERE row = ?1";
}

/// Keeps an entry as it came, once. One that is larger than the contract allows is dropped.
pub(in crate::store) fn keep(
    db: &Connection,
    entry: &Entry,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let raw = to_json(entry)?;
    if raw.len() > ENTRY_BYTES {
        tracing::warn!(bytes = raw.len(), "an unknown entry is too large to keep");
        return Ok(());
    }
    let digest: [u8; 32] = Sha256::digest(raw.as_bytes()).into();
    db.prepare_cached(KEEP)?.execute((
        digest,
        entry.kind(),
        entry.id().map(bytes),
        millis(now),
        raw,
    ))?;
    db.prepare_cached(BOUND)?.execute([KEPT]).map(drop)
}

/// Whether an entry about a notification is kept.
pub(in crate::store) fn concerns(
    db: &Connection,
    id: NotificationId,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(CONCERNS)?.exists([bytes(id)])
}

/// All entries, oldest first, with their rows; what is no JSON is left out.
pub(in crate::store) fn all(db: &Connection) -> Result<Vec<(i64, Entry)>, rusqlite::Error> {
    let mut read = db.prepare_cached(READ)?;
    let rows = read.query_map((0, KEPT), |row| {
        let raw = row.get_ref(1)?.as_str().unwrap_or_default();
        Ok((row.get(0)?, serde_json::from_str(raw)))
    })?;
    let mut entries = Vec::new();
    for row in rows {
        if let (number, Ok(entry)) = row? {
            entries.push((number, entry));
        }
    }
    Ok(entries)
}

pub(in crate::store) fn delete(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([row]).map(drop)
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
