//! Erasures, by the keyed hash of the name: what was accepted before one and waits lists the name in vain.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, UserId};
use vestnik_rules::{
    contact::ContactKey,
    erasure::{forget_before, is_meant},
};

use crate::{
    sql::statements,
    value::{millis, optional_time, time},
};

statements! {
    PUT = "INSERT INTO erased_user (app, hash, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (app, hash) DO UPDATE SET at = max(at, excluded.at)";
    GET = "SELECT at FROM erased_user WHERE app = ?1 AND hash = ?2";
    LAST = "SELECT max(at) FROM erased_user WHERE app = ?1";
    /// The oldest notification whose audience is still to be expanded: rows are given in the order of acceptance.
    OLDEST_PLANNED = "SELECT n.accepted_at FROM notification_state s INDEXED BY notification_planned
             CROSS JOIN notification n ON n.row = s.notification
         WHERE s.position IS NOT NULL AND s.is_cancelled = 0 ORDER BY s.notification LIMIT 1";
    SWEEP = "DELETE FROM erased_user WHERE (app, hash) IN
         (SELECT app, hash FROM erased_user WHERE at < ?1 ORDER BY at LIMIT ?2)";
}

/// Remembers an erasure.
pub(crate) fn put(
    db: &Connection,
    (app, user): (&AppId, &UserId),
    key: &ContactKey,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    put_hash(db, app.as_str(), &key.user(app, user), millis(now))
}

/// Remembers an erasure of a name with this hash, at a time in milliseconds.
pub(crate) fn put_hash(
    db: &Connection,
    app: &str,
    hash: &[u8],
    at: i64,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(PUT)?.execute((app, hash, at)).map(drop)
}

/// Who of an App was erased since something was accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) accepted_at: Timestamp,
    pub(crate) key: &'a ContactKey,
}

impl Since<'_> {
    /// Whether anybody was: otherwise no name needs to be asked about.
    pub(crate) fn has_any(&self, db: &Connection) -> Result<bool, rusqlite::Error> {
        let last = db
            .prepare_cached(LAST)?
            .query_row([self.app.as_str()], |row| optional_time(row, 0))?;
        Ok(!is_meant(self.accepted_at, last))
    }

    /// Whether a user of this name was.
    pub(crate) fn has(&self, db: &Connection, user: &UserId) -> Result<bool, rusqlite::Error> {
        let erased_at = db
            .prepare_cached(GET)?
            .query_row((self.app.as_str(), self.key.user(self.app, user)), |row| {
                time(row, 0)
            })
            .optional()?;
        Ok(!is_meant(self.accepted_at, erased_at))
    }
}

/// Forgets erasures that no audience waits for, at most `rows`; tells how many.
pub(crate) fn sweep(db: &Connection, now: Timestamp, rows: u32) -> Result<usize, rusqlite::Error> {
    let oldest = db
        .prepare_cached(OLDEST_PLANNED)?
        .query_row([], |row| time(row, 0))
        .optional()?;
    db.prepare_cached(SWEEP)?
        .execute((millis(forget_before(oldest, now)), rows))
}
