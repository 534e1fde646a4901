//! Rows of the event table that are kept no longer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{super::app, last};
use crate::{sql::statements, value::millis};

statements! {
    OLDEST = "SELECT number, at, app, kind <> 'revoked' FROM event ORDER BY number LIMIT ?1";
    DELETE_TO = "DELETE FROM event WHERE number <= ?1";
}

/// A row that is old enough to be looked at.
struct Old {
    number: u64,
    at: i64,
    app: String,
    is_told: bool,
}

/// Deletes rows older than a time, at most `rows`, but never the last row of all, and notes how far each
/// App's are gone. Tells whether more are left.
pub(crate) fn sweep(
    db: &Connection,
    before: Timestamp,
    rows: u32,
) -> Result<bool, rusqlite::Error> {
    let mut old = oldest(db, rows)?;
    let last = last(db)?;
    let kept = |row: &Old| row.at >= millis(before) || row.number >= last;
    old.truncate(old.iter().position(kept).unwrap_or(old.len()));
    let Some(to) = old.last().map(|row| row.number) else {
        return Ok(false);
    };
    let told = old.iter().filter(|row| row.is_told);
    let swept: BTreeMap<_, _> = told.map(|row| (row.app.as_str(), row.number)).collect();
    for (app, number) in swept {
        app::set_swept(db, app, number)?;
    }
    db.prepare_cached(DELETE_TO)?.execute([to])?;
    Ok(old.len() == rows as usize)
}

fn oldest(db: &Connection, rows: u32) -> Result<Vec<Old>, rusqlite::Error> {
    db.prepare_cached(OLDEST)?
        .query_map([rows], |row| {
            Ok(Old {
                number: row.get(0)?,
                at: row.get(1)?,
                app: row.get(2)?,
                is_told: row.get(3)?,
            })
        })?
        .collect()
}
