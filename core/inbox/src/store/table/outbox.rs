//! Facts to be reported: stored first, reported second, deleted when the server answered.

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;
use vestnik_model::{Cursor, Fact, FactKind, NotificationId, Open};
use vestnik_sqlite::value::{millis, time, to_json};

use super::notification::{bytes, id};
use crate::{FactRow, Stamp, WaitingFact, rule::outbox::FULL_BATCH, sql::statements};

/// The most facts that were refused and are kept.
const PARKED: u32 = 256;

statements! {
    DELETE_ALL = "DELETE FROM outbox";
    /// The number in the id is how many facts there ever were.
    ADD = "INSERT INTO outbox (id, kind, notification, up_to, version, body, at, is_single, batch)
         VALUES (?1 || coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
    READY = "SELECT row, id, kind, notification, up_to, version, body, at, batch FROM outbox
         WHERE failed IS NULL AND next_at <= ?1 ORDER BY next_at, row LIMIT ?2";
    NEXT_AT = "SELECT next_at FROM outbox WHERE failed IS NULL ORDER BY next_at, row LIMIT 1";
    ATTEMPTS = "SELECT attempts FROM outbox WHERE row = ?1 AND failed IS NULL";
    DELETE = "DELETE FROM outbox WHERE row = ?1 AND failed IS NULL";
    PARK = "UPDATE outbox SET failed = ?2, attempts = attempts + 1 WHERE row = ?1 AND failed IS NULL";
    POSTPONE = "UPDATE outbox SET batch = ?2, next_at = ?3, attempts = attempts + 1
         WHERE row = ?1 AND failed IS NULL";
    BOUND_PARKED = "DELETE FROM outbox WHERE failed IS NOT NULL AND row <= (
             SELECT row FROM outbox WHERE failed IS NOT NULL ORDER BY row DESC LIMIT 1 OFFSET ?1)";
    PARKED_CODES = "SELECT kind, failed FROM outbox WHERE failed IS NOT NULL ORDER BY row DESC LIMIT ?1";
    /// The cursor proves the same as these do.
    DROP_DELIVERED = "DELETE FROM outbox WHERE row IN (
             SELECT row FROM outbox WHERE kind = 'delivered' AND failed IS NULL ORDER BY row LIMIT ?1)";
    DROP_SHOWS = "DELETE FROM outbox WHERE row IN (
             SELECT row FROM outbox WHERE kind IN ('displayed', 'not_shown') AND failed IS NULL
             ORDER BY row LIMIT ?1)";
    /// A pause that is longer than any comes from a clock that was put back.
    UNPAUSE = "UPDATE outbox SET next_at = 0 WHERE failed IS NULL AND next_at > ?1";
}

/// A fact to add.
#[derive(Debug, Default)]
pub(in crate::store) struct NewFact<'a> {
    pub(in crate::store) notification: Option<NotificationId>,
    pub(in crate::store) up_to: Option<&'a Cursor>,
    pub(in crate::store) version: Option<u64>,
    pub(in crate::store) body: Option<Value>,
}

/// Writes facts. Their ids are random bytes of the stamp and a number, which is another for each fact of
/// the history, so that two transactions of one stamp make no two facts of one id.
#[derive(Debug)]
pub(in crate::store) struct Facts {
    /// The random bytes.
    prefix: String,
    at: i64,
}

impl Facts {
    pub(in crate::store) fn new(stamp: Stamp) -> Self {
        Self {
            prefix: prefix(&stamp.random),
            at: millis(stamp.server_now()),
        }
    }

    /// Adds a receipt, unless the same one waits already.
    pub(in crate::store) fn receipt(
        &self,
        db: &Connection,
        kind: FactKind,
        notification: NotificationId,
    ) -> Result<bool, rusqlite::Error> {
        let fact = NewFact {
            notification: Some(notification),
            ..NewFact::default()
        };
        self.add(db, kind, &fact)
    }

    /// Adds a fact; gives whether it is new.
    pub(in crate::store) fn add(
        &self,
        db: &Connection,
        kind: FactKind,
        fact: &NewFact<'_>,
    ) -> Result<bool, rusqlite::Error> {
        let added = db.prepare_cached(ADD)?.execute((
            &self.prefix,
            kind.as_str(),
            fact.notification.map(bytes),
            fact.up_to.map(Cursor::as_str),
            fact.version.and_then(|version| i64::try_from(version).ok()),
            fact.body.as_ref().map(to_json).transpose()?,
            self.at,
            is_single(kind),
            FULL_BATCH,
        ))?;
        Ok(added > 0)
    }
}

/// Whether one waiting fact of a kind is enough for a notification.
const fn is_single(kind: FactKind) -> bool {
    match kind {
        FactKind::Delivered
        | FactKind::Displayed
        | FactKind::Read
        | FactKind::Clicked
        | FactKind::Dismissed
        | FactKind::NotShown => true,
        FactKind::Actioned | FactKind::ReadUpTo | FactKind::Flag | FactKind::Reply => false,
    }
}

fn prefix(random: &[u8; 32]) -> String {
    let mut prefix = String::with_capacity(33);
    for byte in &random[..16] {
        // Writing to a String never fails.
        let _written = write!(prefix, "{byte:02x}");
    }
    prefix.push('.');
    prefix
}

/// The facts that may go out now, with how many others each may, those with the longest wait first.
pub(in crate::store) fn ready(
    db: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(WaitingFact, u32)>, rusqlite::Error> {
    db.prepare_cached(READY)?
        .query_map((millis(now), limit), |row| {
            let waiting = WaitingFact {
                row: FactRow(row.get(0)?),
                fact: fact(row)?,
            };
            Ok((waiting, row.get(8)?))
        })?
        .collect()
}

/// A part that cannot be read is absent: the server refuses the fact then, and it is parked.
fn fact(row: &Row<'_>) -> Result<Fact, rusqlite::Error> {
    let notification = row.get_ref(3)?.as_blob_or_null()?.map(|_| id(row, 3));
    let version: Option<i64> = row.get(5)?;
    let body: Option<String> = row.get(6)?;
    Ok(Fact {
        id: row.get(1)?,
        kind: Open::read(row.get_ref(2)?.as_str()?),
        notification_id: notification.and_then(Result::ok).map(|id| id.to_string()),
        up_to: row.get(4)?,
        version: version.and_then(|version| u64::try_from(version).ok()),
        at: time(row, 7)?,
        body: body.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

/// When the next fact may go out.
pub(in crate::store) fn next_at(db: &Connection) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_AT)?
        .query_row([], |row| time(row, 0))
        .optional()
}

/// How often a report with a fact was refused; nothing if it does not wait any more.
pub(in crate::store) fn attempts(
    db: &Connection,
    row: FactRow,
) -> Result<Option<u32>, rusqlite::Error> {
    db.prepare_cached(ATTEMPTS)?
        .query_row([row.0], |row| row.get(0))
        .optional()
}

/// Deletes a fact that the server has; gives whether it was there.
pub(in crate::store) fn delete(db: &Connection, row: FactRow) -> Result<bool, rusqlite::Error> {
    let deleted = db.prepare_cached(DELETE)?.execute([row.0])?;
    Ok(deleted > 0)
}

/// Sets a fact aside that the server cannot take; gives whether it was there.
pub(in crate::store) fn park(
    db: &Connection,
    row: FactRow,
    code: &str,
) -> Result<bool, rusqlite::Error> {
    let parked = db.prepare_cached(PARK)?.execute((row.0, code))?;
    db.prepare_cached(BOUND_PARKED)?.execute([PARKED])?;
    Ok(parked > 0)
}

pub(in crate::store) fn postpone(
    db: &Connection,
    row: FactRow,
    batch: u32,
    next_at: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(POSTPONE)?
        .execute((row.0, batch, millis(next_at)))
        .map(drop)
}

/// Drops the oldest facts of delivery, then those of shows; gives how many.
pub(in crate::store) fn drop_oldest(db: &Connection, limit: u64) -> Result<usize, rusqlite::Error> {
    if limit == 0 {
        return Ok(0);
    }
    let delivered = db.prepare_cached(DROP_DELIVERED)?.execute([limit])?;
    let left = limit.saturating_sub(delivered as u64);
    let shows = db.prepare_cached(DROP_SHOWS)?.execute([left])?;
    Ok(delivered + shows)
}

/// Ends the pauses that last beyond a time.
pub(in crate::store) fn unpause(
    db: &Connection,
    beyond: Timestamp,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(UNPAUSE)?.execute([millis(beyond)])
}

/// The kinds of the newest facts that were set aside, with the codes of their refusal.
pub(in crate::store) fn parked(
    db: &Connection,
    limit: u32,
) -> Result<Vec<(String, String)>, rusqlite::Error> {
    db.prepare_cached(PARKED_CODES)?
        .query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
