//! Withdrawals: notifications that are to be taken off the screens of devices that sleep.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{InstallationId, Reason, open::Word as _};
use vestnik_rules::{
    attempt::Attempt,
    decrypt::Seals,
    withdrawal::{FRESH, Trace, may_be_on},
};

use super::{attempt, delivery::Key};
use crate::{
    sql::statements,
    value::{millis, optional_time, optional_word, time, uuid, word},
};

macro_rules! columns {
    () => {
        "user, installation, seq, since, state, reason, tries, unproven, until"
    };
}

statements! {
    INSERT = "INSERT INTO withdrawal (notification, user, installation, seq, since, due_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6) ON CONFLICT (notification, user, installation) DO NOTHING";
    FIND = concat!("SELECT ", columns!(), " FROM withdrawal
         WHERE notification = ?1 AND user = ?2 AND installation = ?3");
    DUE = concat!("SELECT ", columns!(), " FROM withdrawal INDEXED BY withdrawal_due
         WHERE notification = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3");
    NEXT_DUE = "SELECT due_at FROM withdrawal INDEXED BY withdrawal_due
         WHERE notification = ?1 ORDER BY due_at LIMIT 1";
    PUT = "UPDATE withdrawal SET due_at = ?4, state = ?5, reason = ?6, tries = ?7, unproven = ?8, until = ?9
         WHERE notification = ?1 AND user = ?2 AND installation = ?3";
    END_LEASES = "UPDATE withdrawal SET until = ?1, due_at = ?1 WHERE state = 'sending' AND until > ?1
         RETURNING notification";
    BRING_FORWARD = "UPDATE withdrawal SET due_at = ?4
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND due_at > ?4";
    DELETE = "DELETE FROM withdrawal WHERE notification = ?1 AND user = ?2 AND installation = ?3";
}

/// A withdrawal as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The row of its user.
    pub(crate) user: i64,
    pub(crate) installation: InstallationId,
    /// The place of the entry of the log that says the same, and when that was written.
    pub(crate) seq: u64,
    pub(crate) since: Timestamp,
    /// How far its tries are.
    pub(crate) attempt: Attempt,
}

/// What an attempt has left behind.
pub(crate) fn trace(found: &attempt::Found) -> Trace<'_> {
    Trace {
        channel: found.target.channel(),
        attempt: &found.attempt,
        delivered_at: found.delivered_at,
        read_at: found.read_at,
    }
}

/// Begins a withdrawal at each installation on whose screen a delivery can be. `seq` is the place of the entry
/// of the log that says the same.
pub(crate) fn begin(
    db: &Connection,
    key: Key,
    (seq, now): (u64, Timestamp),
    attempts: &[attempt::Found],
) -> Result<(), rusqlite::Error> {
    // The attempts at an installation are beside each other.
    for of_one in attempts.chunk_by(|a, b| a.target.installation() == b.target.installation()) {
        let traces: Vec<_> = of_one.iter().map(trace).collect();
        let installation = of_one.first().and_then(|found| found.target.installation());
        if let Some(installation) = installation.filter(|_| may_be_on(&traces)) {
            db.prepare_cached(INSERT)?.execute((
                key.notification,
                key.user,
                installation.uuid().into_bytes(),
                seq,
                millis(now),
                FRESH.state.as_str(),
            ))?;
        }
    }
    Ok(())
}

/// The withdrawal of a delivery at an installation, if there is one.
pub(crate) fn find(
    db: &Connection,
    key: Key,
    installation: InstallationId,
) -> Result<Option<Found>, rusqlite::Error> {
    let installation = installation.uuid().into_bytes();
    db.prepare_cached(FIND)?
        .query_row((key.notification, key.user, installation), found)
        .optional()
}

/// The withdrawals of a notification that are due, the earliest first.
pub(crate) fn due(
    db: &Connection,
    notification: i64,
    now: Timestamp,
    rows: u32,
) -> Result<Vec<Found>, rusqlite::Error> {
    db.prepare_cached(DUE)?
        .query_map((notification, millis(now), rows), found)?
        .collect()
}

/// When the next withdrawal of a notification is due.
pub(crate) fn next_due(
    db: &Connection,
    notification: i64,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_DUE)?
        .query_row([notification], |row| time(row, 0))
        .optional()
}

/// Writes how far a withdrawal is, and when it is looked at again.
pub(crate) fn put(
    db: &Connection,
    (key, installation): (Key, InstallationId),
    attempt: &Attempt,
    due_at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Attempt {
        state,
        reason,
        tries,
        unproven,
        // A repetition takes the place of the one before.
        unanswered: _,
        undecrypted: _,
        seals: _,
        until,
    } = attempt;
    db.prepare_cached(PUT)?
        .execute((
            key.notification,
            key.user,
            installation.uuid().into_bytes(),
            millis(due_at),
            state.as_str(),
            reason.map(Reason::as_str),
            tries,
            unproven,
            until.map(millis),
        ))
        .map(drop)
}

/// Ends the lease of every push that is on its way: what it withdraws is looked at now. Gives the notifications.
pub(crate) fn end_leases(db: &Connection, now: Timestamp) -> Result<Vec<i64>, rusqlite::Error> {
    db.prepare_cached(END_LEASES)?
        .query_map([millis(now)], |row| row.get(0))?
        .collect()
}

/// Has a withdrawal looked at now that waits for something, if there is one.
pub(crate) fn bring_forward(
    db: &Connection,
    (key, installation): (Key, &[u8]),
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(BRING_FORWARD)?
        .execute((key.notification, key.user, installation, millis(now)))
        .map(drop)
}

/// Ends a withdrawal.
pub(crate) fn delete(
    db: &Connection,
    key: Key,
    installation: InstallationId,
) -> Result<(), rusqlite::Error> {
    let installation = installation.uuid().into_bytes();
    db.prepare_cached(DELETE)?
        .execute((key.notification, key.user, installation))
        .map(drop)
}

fn found(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        user: row.get(0)?,
        installation: InstallationId::from_uuid(uuid(row, 1)?),
        seq: row.get(2)?,
        since: time(row, 3)?,
        attempt: Attempt {
            state: word(row, 4)?,
            reason: optional_word(row, 5)?,
            tries: row.get(6)?,
            unproven: row.get(7)?,
            unanswered: 0,
            undecrypted: 0,
            seals: Seals::NONE,
            until: optional_time(row, 8)?,
        },
    })
}
