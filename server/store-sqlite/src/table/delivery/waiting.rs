//! Deliveries that wait for their own time.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{DeliveryState, Open};
use vestnik_rules::{delivery::is_timed, device::Addressed};

use super::{Key, ids_json};
use crate::{
    sql::statements,
    value::{millis, optional_time, time},
};

statements! {
    /// The time has come of a delivery that was made before.
    RELEASE = "UPDATE delivery SET seq = ?3, status = ?4, reason = ?5, began_at = ?6, due_at = ?6,
             release_at = iif(?9, ?7, NULL), expires_at = ?7, only = ?8,
             among = ?10
         WHERE notification = ?1 AND user = ?2";
    SET_RELEASE = "UPDATE delivery SET release_at = ?3 WHERE notification = ?1 AND user = ?2";
    /// Users about whose deliveries the schedule is asked, the earliest first.
    RELEASABLE = "SELECT user FROM delivery INDEXED BY delivery_release
         WHERE notification = ?1 AND release_at <= ?2 AND status = 'scheduled'
         ORDER BY release_at LIMIT ?3";
    /// Users whose deliveries expire by themselves, the earliest first.
    EXPIRING = "SELECT user FROM delivery INDEXED BY delivery_expiry
         WHERE notification = ?1 AND release_at <= ?2 AND status <> 'scheduled'
         ORDER BY release_at LIMIT ?3";
    NEXT_RELEASE = "SELECT release_at FROM delivery INDEXED BY delivery_release
         WHERE notification = ?1 AND release_at IS NOT NULL AND status = 'scheduled'
         ORDER BY release_at LIMIT 1";
    NEXT_EXPIRY = "SELECT release_at FROM delivery INDEXED BY delivery_expiry
         WHERE notification = ?1 AND release_at IS NOT NULL AND status <> 'scheduled'
         ORDER BY release_at LIMIT 1";
    OWN_EXPIRY = "SELECT expires_at FROM delivery WHERE notification = ?1 AND user = ?2";
    /// Notifications of which a delivery to a user waits for its own time.
    WAITING_OF = "SELECT notification FROM delivery INDEXED BY delivery_unlogged
         WHERE user = ?1 AND seq IS NULL AND release_at > ?2 LIMIT ?3";
    UNLOGGED = "SELECT notification FROM delivery INDEXED BY delivery_unlogged
         WHERE user = ?1 AND seq IS NULL LIMIT ?2";
}

/// The end of a delivery's time in no log.
#[derive(Debug)]
pub(crate) struct Released<'a> {
    /// Its place in the user's log.
    pub(crate) seq: u64,
    pub(crate) state: &'a DeliveryState,
    /// When it is looked at by a dispatch, if it is.
    pub(crate) due_at: Option<Timestamp>,
    /// When it expires, if that is before its notification does.
    pub(crate) expires_at: Option<Timestamp>,
    /// The installations that it is for.
    pub(crate) addressed: &'a Addressed,
}

/// Writes that the time of a delivery has come.
pub(crate) fn release(
    db: &Connection,
    key: Key,
    released: &Released<'_>,
) -> Result<(), rusqlite::Error> {
    let Released {
        seq,
        state,
        due_at,
        expires_at,
        addressed,
    } = released;
    db.prepare_cached(RELEASE)?
        .execute((
            key.notification,
            key.user,
            seq,
            state.status.as_str(),
            state.reason.as_ref().map(Open::as_str),
            due_at.map(millis),
            expires_at.map(millis),
            ids_json(addressed.only.as_ref())?,
            is_timed(state),
            ids_json(addressed.among.as_ref())?,
        ))
        .map(drop)
}

/// Writes when the schedule is asked about a delivery again.
pub(crate) fn set_release(
    db: &Connection,
    key: Key,
    at: Option<Timestamp>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_RELEASE)?
        .execute((key.notification, key.user, at.map(millis)))
        .map(drop)
}

/// The users about whose deliveries of a notification the schedule is asked now.
pub(crate) fn releasable(
    db: &Connection,
    notification: i64,
    now: Timestamp,
    rows: u32,
) -> Result<Vec<i64>, rusqlite::Error> {
    db.prepare_cached(RELEASABLE)?
        .query_map((notification, millis(now), rows), |row| row.get(0))?
        .collect()
}

/// The users whose deliveries of a notification expire by themselves now.
pub(crate) fn expiring(
    db: &Connection,
    notification: i64,
    now: Timestamp,
    rows: u32,
) -> Result<Vec<i64>, rusqlite::Error> {
    db.prepare_cached(EXPIRING)?
        .query_map((notification, millis(now), rows), |row| row.get(0))?
        .collect()
}

/// When a delivery of a notification expires by itself next.
pub(crate) fn next_expiry(
    db: &Connection,
    notification: i64,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_EXPIRY)?
        .query_row([notification], |row| time(row, 0))
        .optional()
}

/// When the schedule is asked about a delivery of a notification next.
pub(crate) fn next_release(
    db: &Connection,
    notification: i64,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_RELEASE)?
        .query_row([notification], |row| time(row, 0))
        .optional()
}

/// When a delivery expires, if that is before its notification does.
pub(crate) fn own_expiry(db: &Connection, key: Key) -> Result<Option<Timestamp>, rusqlite::Error> {
    let found = db
        .prepare_cached(OWN_EXPIRY)?
        .query_row((key.notification, key.user), |row| optional_time(row, 0));
    found.optional().map(Option::flatten)
}

/// Notifications of which a user has a delivery that is to be asked about later than at a time.
pub(crate) fn waiting_of(
    db: &Connection,
    user: i64,
    now: Timestamp,
    rows: u32,
) -> Result<Vec<i64>, rusqlite::Error> {
    db.prepare_cached(WAITING_OF)?
        .query_map((user, millis(now), rows), |row| row.get(0))?
        .collect()
}

/// Notifications of which a user has a delivery that is in no log.
pub(crate) fn unlogged(db: &Connection, user: i64, rows: u32) -> Result<Vec<i64>, rusqlite::Error> {
    db.prepare_cached(UNLOGGED)?
        .query_map((user, rows), |row| row.get(0))?
        .collect()
}
