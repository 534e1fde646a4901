//! Places of the log that rows of the history stand for.

use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::Cursor;

use crate::sql::statements;

statements! {
    DELETE_ALL = "DELETE FROM boundary";
    LAST = "SELECT max(row) FROM boundary";
    ADD = "INSERT OR REPLACE INTO boundary (row, cursor) VALUES (?1, ?2)";
    UP_TO = "SELECT row, cursor FROM boundary WHERE row <= ?1 ORDER BY row DESC LIMIT 1";
    FORGET_FROM = "DELETE FROM boundary WHERE row >= ?1";
    FORGET_BELOW = "DELETE FROM boundary WHERE row < (SELECT min(row) FROM notification)";
}

/// How many rows lie between two, at least.
const APART: i64 = 100;

/// What has this row or a lower one is before this cursor; kept if the last one is far enough.
pub(in crate::store) fn reach(
    db: &Connection,
    row: i64,
    cursor: &Cursor,
) -> Result<(), rusqlite::Error> {
    let last: Option<i64> = db.prepare_cached(LAST)?.query_row([], |row| row.get(0))?;
    if last.is_some_and(|last| row.saturating_sub(last) < APART) {
        return Ok(());
    }
    db.prepare_cached(ADD)?
        .execute((row, cursor.as_str()))
        .map(drop)
}

/// The last one up to a row.
pub(in crate::store) fn up_to(
    db: &Connection,
    row: i64,
) -> Result<Option<(i64, Cursor)>, rusqlite::Error> {
    let found = db
        .prepare_cached(UP_TO)?
        .query_row([row], read)
        .optional()?;
    Ok(found.flatten())
}

fn read(row: &Row<'_>) -> Result<Option<(i64, Cursor)>, rusqlite::Error> {
    let cursor = row.get_ref(1)?.as_str()?.parse().ok();
    Ok(Some(row.get(0)?).zip(cursor))
}

/// What has this row is behind the cursors that are kept for it and for later ones.
pub(in crate::store) fn forget_from(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(FORGET_FROM)?.execute([row]).map(drop)
}

/// Forgets those of which no row is left.
pub(in crate::store) fn forget_below(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(FORGET_BELOW)?.execute([]).map(drop)
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
