//! Notifications that are not in the history and must not be shown (again).

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::NotificationId;
use vestnik_sqlite::value::millis;

use super::notification::bytes;
use crate::{rule::admission::Have, sql::statements};

/// How many are kept.
const KEPT: u32 = 100_000;

statements! {
    FIND = "SELECT state FROM known WHERE id = ?1";
    KEEP = "INSERT INTO known (id, state, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, at = excluded.at";
    LAST = "SELECT max(id) FROM known";
    FORGET = "DELETE FROM known WHERE id = ?1";
    SETTLE_TIMES = "UPDATE known SET at = ?1 WHERE at > ?1";
    FORGET_OLD = "DELETE FROM known WHERE at < ?1";
    /// So many of one moment came by a wipe, which bounds them.
    BOUND = "DELETE FROM known WHERE at < (SELECT at FROM known ORDER BY at DESC LIMIT 1 OFFSET ?1)";
    /// At a wipe. What was never tried to be shown is not among them: it may come back with a show.
    SETTLE_HISTORY = "INSERT INTO known (id, state, at)
         SELECT id, 'settled', ?1 FROM
             (SELECT id FROM notification WHERE show <> 'due' OR is_deleted = 1 ORDER BY row DESC LIMIT ?2)
         WHERE true
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, at = excluded.at";
    /// At a wipe: what was pruned comes back quietly with the rest of the history.
    SETTLE_PRUNED = "UPDATE known SET state = 'settled' WHERE state = 'pruned'";
}

/// Whether none is known.
pub(in crate::store) fn is_empty(db: &Connection) -> Result<bool, rusqlite::Error> {
    let last: Option<Vec<u8>> = db.prepare_cached(LAST)?.query_row([], |row| row.get(0))?;
    Ok(last.is_none())
}

/// Why a notification is not in the history and must not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum State {
    Recalled,
    Pruned,
    /// Its show was settled before it came.
    Settled,
}

impl State {
    pub(in crate::store) const fn as_str(self) -> &'static str {
        match self {
            Self::Recalled => "recalled",
            Self::Pruned => "pruned",
            Self::Settled => "settled",
        }
    }
}

/// What is known of a notification that has no row. A word of another version is the strongest.
pub(in crate::store) fn find(db: &Connection, id: NotificationId) -> Result<Have, rusqlite::Error> {
    let state: Option<String> = db
        .prepare_cached(FIND)?
        .query_row([bytes(id)], |row| row.get(0))
        .optional()?;
    Ok(match state.as_deref() {
        None => Have::Nothing,
        Some("pruned") => Have::Pruned,
        Some("settled") => Have::Settled,
        Some(_) => Have::Recalled,
    })
}

pub(in crate::store) fn keep(
    db: &Connection,
    id: NotificationId,
    state: State,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(KEEP)?
        .execute((bytes(id), state.as_str(), millis(now)))
        .map(drop)
}

/// The notification has a row again.
pub(in crate::store) fn forget(db: &Connection, id: NotificationId) -> Result<(), rusqlite::Error> {
    db.prepare_cached(FORGET)?.execute([bytes(id)]).map(drop)
}

/// Nothing became known later than now: the time was not certain then.
pub(in crate::store) fn settle_times(
    db: &Connection,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SETTLE_TIMES)?
        .execute([millis(now)])
        .map(drop)
}

pub(in crate::store) fn forget_before(
    db: &Connection,
    before: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(FORGET_OLD)?
        .execute([millis(before)])
        .map(drop)
}

/// Forgets the oldest beyond a number.
pub(in crate::store) fn bound(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(BOUND)?.execute([KEPT - 1]).map(drop)
}

/// Remembers the history that is about to be wiped.
pub(in crate::store) fn settle_history(
    db: &Connection,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SETTLE_HISTORY)?
        .execute((millis(now), KEPT))?;
    db.prepare_cached(SETTLE_PRUNED)?.execute([]).map(drop)
}
