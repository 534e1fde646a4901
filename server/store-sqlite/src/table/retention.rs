//! The end of a notification: its deliveries are deleted in parts, with everything that hangs on them.

use rusqlite::Connection;

use super::{log, notification};
use crate::sql::statements;

statements! {
    /// Only what leads to other rows: a row that cannot be read is deleted all the same.
    PART = "SELECT user, seq, read_seq, recall_seq FROM delivery WHERE notification = ?1
         ORDER BY user LIMIT ?2";
    FLAG_ENTRIES = "SELECT seq FROM flag WHERE user = ?1 AND notification = ?2 AND seq IS NOT NULL";
    DELETE_FLAGS = "DELETE FROM flag WHERE user = ?1 AND notification = ?2";
    DELETE_ATTEMPTS = "DELETE FROM attempt WHERE notification = ?1 AND user <= ?2";
    DELETE_FACTS = "DELETE FROM fact WHERE notification = ?1 AND user <= ?2";
    DELETE_WITHDRAWALS = "DELETE FROM withdrawal WHERE notification = ?1 AND user <= ?2";
    DELETE_DELIVERIES = "DELETE FROM delivery WHERE notification = ?1 AND user <= ?2";
}

/// Deletes the next deliveries of a notification, and the notification after the last. Tells whether
/// more are left.
pub(crate) fn delete_part(
    db: &Connection,
    notification: i64,
    rows: u32,
) -> Result<bool, rusqlite::Error> {
    notification::forget(db, notification)?;
    let part = db
        .prepare_cached(PART)?
        .query_map((notification, rows), |row| {
            Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]))
        })?
        .collect::<Result<Vec<(i64, [Option<u64>; 3])>, _>>()?;
    for (user, entries) in &part {
        for seq in entries.iter().flatten() {
            log::delete(db, *user, *seq)?;
        }
        delete_flags(db, *user, notification)?;
    }
    let is_end = part.len() < rows as usize;
    let last = part.last().map_or(i64::MAX, |(user, _)| *user);
    // Behind the last delivery nothing is left to keep.
    let last = if is_end { i64::MAX } else { last };
    for statement in [
        DELETE_ATTEMPTS,
        DELETE_FACTS,
        DELETE_WITHDRAWALS,
        DELETE_DELIVERIES,
    ] {
        db.prepare_cached(statement)?
            .execute((notification, last))?;
    }
    if is_end {
        notification::delete(db, notification)?;
    }
    Ok(!is_end)
}

/// Deletes the flags of a delivery and their entries.
pub(crate) fn delete_flags(
    db: &Connection,
    user: i64,
    notification: i64,
) -> Result<(), rusqlite::Error> {
    let entries = db
        .prepare_cached(FLAG_ENTRIES)?
        .query_map((user, notification), |row| row.get(0))?
        .collect::<Result<Vec<u64>, _>>()?;
    if entries.is_empty() {
        return Ok(());
    }
    for seq in entries {
        log::delete(db, user, seq)?;
    }
    db.prepare_cached(DELETE_FLAGS)?
        .execute((user, notification))
        .map(drop)
}
