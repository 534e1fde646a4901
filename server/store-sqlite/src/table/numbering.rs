//! Numbers of events across lives of the database.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_sqlite::value::{millis, time};

use crate::sql::statements;

statements! {
    LAST = "SELECT number, at FROM event ORDER BY number DESC LIMIT 1";
    SKIP = "INSERT INTO event (number, app, at, kind)
        SELECT (coalesce(max(number), 0) / ?1 + 1) * ?1, '', ?2, 'life' FROM event";
}

/// How far a new life moves the numbers on: beyond all that one life gives, and small enough that
/// thousands of lives stay below 2^53, which JavaScript can count to.
const STEP: i64 = 1 << 40;

/// Begins a new stretch of numbers. Watchers and webhooks of the life before may hold numbers that were
/// given in the future that was lost; they go on behind them.
pub(crate) fn skip_ahead(db: &Connection, now: Timestamp) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SKIP)?
        .execute((STEP, millis(now)))
        .map(drop)
}

/// The last event and when it was committed.
pub(crate) fn last(db: &Connection) -> Result<Option<(u64, Timestamp)>, rusqlite::Error> {
    db.prepare_cached(LAST)?
        .query_row([], |row| Ok((row.get(0)?, time(row, 1)?)))
        .optional()
}
