//! The shows of notifications.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::NotificationId;
use vestnik_sqlite::value::{millis, time};

use super::notification::{bytes, id, item, item_columns};
use crate::{HistoryItem, rule::show::Attempted, sql::statements};

statements! {
    NEXT_AT = "SELECT show_at FROM notification WHERE show = 'due' ORDER BY show_at, row LIMIT 1";
    /// The content that is read is no part of the index: one row is looked up.
    NEXT_DUE = concat!("SELECT ", item_columns!(), ", show_attempts, show_again, expires_at, id
         FROM notification WHERE show = 'due' AND show_at <= ?1 ORDER BY show_at, row LIMIT 1");
    TAKE = "UPDATE notification SET show = 'taken', show_attempts = show_attempts + 1, taken_by = ?2
         WHERE row = ?1";
    TICKET = "SELECT row, show_attempts, received_at, expires_at, is_read, is_deleted, revision
         FROM notification WHERE id = ?1 AND show = 'taken'";
    HOLDER = "SELECT taken_by FROM notification WHERE row = ?1";
    TAKEN = "SELECT row, show_attempts, received_at, expires_at, is_read, is_deleted, revision, id
         FROM notification WHERE show = 'taken' AND taken_by IS NOT ?1 ORDER BY row";
    LENT = "SELECT id FROM notification WHERE show = 'taken' AND taken_by = ?1 ORDER BY row";
    SHOWN = "UPDATE notification SET show = 'shown', show_reason = NULL, taken_by = NULL WHERE row = ?1";
    SUPPRESS = "UPDATE notification SET show = 'suppressed', show_reason = ?2, taken_by = NULL
         WHERE row = ?1";
    DUE = "UPDATE notification SET show = 'due', show_at = ?2, show_reason = ?3,
             show_again = max(show_again, ?4), taken_by = NULL
         WHERE row = ?1";
    /// A ticket that nobody used does not count as an attempt.
    RETURN = "UPDATE notification SET show = 'due', show_at = 0,
             show_attempts = max(show_attempts - 1, 0), taken_by = NULL
         WHERE row = ?1";
    DRAWN = "UPDATE notification SET show = 'shown', show_reason = NULL, taken_by = NULL
         WHERE id = ?1 AND show IN ('due', 'taken')";
    /// What was drawn is not what there is to draw now.
    REDRAW = "UPDATE notification SET show = 'due', show_at = ?2, show_attempts = 0, show_again = 1,
             show_reason = NULL, taken_by = NULL
         WHERE row = ?1";
    /// The same, unless it was said before, or the app draws the new content already.
    DRAWN_BEFORE = "UPDATE notification SET show = 'due', show_at = 0, show_attempts = 0, show_again = 1,
             show_reason = NULL, taken_by = NULL
         WHERE id = ?1 AND (show = 'due' AND show_again = 0 OR show = 'taken' AND taken_by = ?2)";
    SUPPRESS_DUE = "UPDATE notification SET show = 'suppressed', show_reason = ?1 WHERE show = 'due'";
    SUPPRESS_TAKEN = "UPDATE notification SET show = 'suppressed', show_reason = ?1, taken_by = NULL
         WHERE show = 'taken'";
    /// A pause that is longer than any comes from a clock that was put back.
    UNPAUSE = "UPDATE notification SET show_at = 0 WHERE show = 'due' AND show_at > ?1";
    RESUME = "UPDATE notification SET show_at = 0, show_reason = NULL
         WHERE show = 'due' AND show_at > 0 AND show_reason = ?1";
    LEND = "UPDATE notification SET show = 'taken', show_attempts = show_attempts + 1, taken_by = ?2
         WHERE id = ?1 AND show = 'due'";
    LEND_FIRST = "UPDATE notification SET show = 'taken', show_attempts = show_attempts + 1, taken_by = ?2
         WHERE id = ?1 AND show = 'due' AND show_again = 0";
}

/// A show that is due.
#[derive(Debug)]
pub(in crate::store) struct Due {
    pub(in crate::store) row: i64,
    pub(in crate::store) id: NotificationId,
    /// Nothing if this version cannot read the content.
    pub(in crate::store) item: Option<HistoryItem>,
    pub(in crate::store) attempts: u32,
    pub(in crate::store) again: bool,
    pub(in crate::store) expires_at: Timestamp,
}

/// A ticket that is out.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Ticket {
    pub(in crate::store) row: i64,
    pub(in crate::store) revision: u32,
    pub(in crate::store) attempted: Attempted,
}

/// When the next show is due.
pub(in crate::store) fn next_at(db: &Connection) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_AT)?
        .query_row([], |row| time(row, 0))
        .optional()
}

pub(in crate::store) fn next_due(
    db: &Connection,
    now: Timestamp,
) -> Result<Option<Due>, rusqlite::Error> {
    db.prepare_cached(NEXT_DUE)?
        .query_row([millis(now)], |row| {
            Ok(Due {
                row: row.get(0)?,
                item: item(row)?,
                attempts: row.get(8)?,
                again: row.get(9)?,
                expires_at: time(row, 10)?,
                id: id(row, 11)?,
            })
        })
        .optional()
}

pub(in crate::store) fn take(db: &Connection, row: i64, by: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(TAKE)?.execute((row, by)).map(drop)
}

/// The ticket of a notification, if it is out.
pub(in crate::store) fn ticket(
    db: &Connection,
    id: NotificationId,
) -> Result<Option<Ticket>, rusqlite::Error> {
    db.prepare_cached(TICKET)?
        .query_row([bytes(id)], read_ticket)
        .optional()
}

/// Who has the ticket of a row.
pub(in crate::store) fn holder(db: &Connection, row: i64) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(HOLDER)?
        .query_row([row], |row| row.get(0))
}

/// The tickets that are out at others than one process.
pub(in crate::store) fn taken_by_others(
    db: &Connection,
    process: i64,
) -> Result<Vec<(NotificationId, Ticket)>, rusqlite::Error> {
    db.prepare_cached(TAKEN)?
        .query_map([process], |row| Ok((id(row, 7)?, read_ticket(row)?)))?
        .collect()
}

/// The notifications whose tickets somebody has.
pub(in crate::store) fn lent(
    db: &Connection,
    to: i64,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    db.prepare_cached(LENT)?
        .query_map([to], |row| id(row, 0))?
        .collect()
}

fn read_ticket(row: &Row<'_>) -> Result<Ticket, rusqlite::Error> {
    Ok(Ticket {
        row: row.get(0)?,
        revision: row.get(6)?,
        attempted: Attempted {
            attempts: row.get(1)?,
            received_at: time(row, 2)?,
            expires_at: time(row, 3)?,
            is_read: row.get(4)?,
            is_deleted: row.get(5)?,
        },
    })
}

pub(in crate::store) fn shown(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SHOWN)?.execute([row]).map(drop)
}

pub(in crate::store) fn suppress(
    db: &Connection,
    row: i64,
    reason: &str,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SUPPRESS)?
        .execute((row, reason))
        .map(drop)
}

/// A show that is due again.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Again<'a> {
    pub(in crate::store) at: Timestamp,
    /// Why the last attempt failed.
    pub(in crate::store) failed: Option<&'a str>,
    /// It may be on the screen.
    pub(in crate::store) perhaps_drawn: bool,
}

pub(in crate::store) fn due(
    db: &Connection,
    row: i64,
    again: Again<'_>,
) -> Result<(), rusqlite::Error> {
    let Again {
        at,
        failed,
        perhaps_drawn,
    } = again;
    db.prepare_cached(DUE)?
        .execute((row, millis(at), failed, perhaps_drawn))
        .map(drop)
}

/// Takes a ticket back that nobody used.
pub(in crate::store) fn give_back(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(RETURN)?.execute([row]).map(drop)
}

/// Ends the pauses that last beyond a time; gives how many.
pub(in crate::store) fn unpause(
    db: &Connection,
    beyond: Timestamp,
) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(UNPAUSE)?.execute([millis(beyond)])
}

/// Ends the pauses of what is due again for a reason.
pub(in crate::store) fn resume(db: &Connection, reason: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(RESUME)?.execute([reason]).map(drop)
}

/// An extension has drawn it; gives whether that was not known.
pub(in crate::store) fn drawn(
    db: &Connection,
    id: NotificationId,
) -> Result<bool, rusqlite::Error> {
    let changed = db.prepare_cached(DRAWN)?.execute([bytes(id)])?;
    Ok(changed > 0)
}

/// Gives the ticket of a show that is due to an extension.
pub(in crate::store) fn lend(
    db: &Connection,
    id: NotificationId,
    to: i64,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(LEND)?.execute((bytes(id), to)).map(drop)
}

/// The same, of a show that does not say yet that it may be on the screen.
pub(in crate::store) fn lend_first(
    db: &Connection,
    id: NotificationId,
    to: i64,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(LEND_FIRST)?
        .execute((bytes(id), to))
        .map(drop)
}

/// What was drawn is not what there is to draw now: it is due, and is no further attempt.
pub(in crate::store) fn redraw(
    db: &Connection,
    row: i64,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(REDRAW)?
        .execute((row, millis(at)))
        .map(drop)
}

/// `by` has drawn an older revision; gives whether that was not known.
pub(in crate::store) fn drawn_before(
    db: &Connection,
    id: NotificationId,
    by: i64,
) -> Result<bool, rusqlite::Error> {
    let changed = db.prepare_cached(DRAWN_BEFORE)?.execute((bytes(id), by))?;
    Ok(changed > 0)
}

/// Suppresses whatever is due or being drawn.
pub(in crate::store) fn suppress_all(db: &Connection, reason: &str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SUPPRESS_DUE)?.execute([reason])?;
    db.prepare_cached(SUPPRESS_TAKEN)?
        .execute([reason])
        .map(drop)
}
