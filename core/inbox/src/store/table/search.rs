//! The index of words.

use rusqlite::Connection;
use vestnik_model::Notification;

use super::{
    notification::{item, item_columns},
    page::PageRow,
};
use crate::{
    rule::word::{Wanted, terms},
    sql::statements,
};

statements! {
    DELETE_ALL = "INSERT INTO search (search) VALUES ('delete-all')";
    INSERT = "INSERT INTO search (rowid, words) VALUES (?1, ?2)";
    DELETE = "DELETE FROM search WHERE rowid = ?1";
    /// The index gives rows from the newest on, so the search ends with the page.
    SEARCH = concat!("SELECT ", item_columns!(), "
         FROM search JOIN notification ON row = search.rowid
         WHERE search MATCH ?1 AND search.rowid < ?2 AND is_deleted = 0
         ORDER BY search.rowid DESC LIMIT ?3");
}

pub(in crate::store) fn insert(
    db: &Connection,
    row: i64,
    notification: &Notification,
) -> Result<(), rusqlite::Error> {
    let terms = terms(&[notification.title.as_str(), notification.body.as_str()]);
    let terms: Vec<_> = terms.into_iter().collect();
    db.prepare_cached(INSERT)?
        .execute((row, terms.join(" ")))
        .map(drop)
}

pub(in crate::store) fn delete(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([row]).map(drop)
}

pub(in crate::store) fn replace(
    db: &Connection,
    row: i64,
    notification: &Notification,
) -> Result<(), rusqlite::Error> {
    delete(db, row)?;
    insert(db, row, notification)
}

/// Rows that match, newest first.
pub(in crate::store) fn search(
    db: &Connection,
    wanted: &Wanted,
    before: i64,
    limit: u32,
) -> Result<Vec<PageRow>, rusqlite::Error> {
    db.prepare_cached(SEARCH)?
        .query_map((expression(wanted), before, limit), |row| {
            Ok((row.get(0)?, item(row)?))
        })?
        .collect()
}

/// The expression of a search. Words have letters and digits only, so quotes are all they need. One
/// letter is no beginning that is worth looking for.
fn expression(wanted: &Wanted) -> String {
    let Wanted {
        stems,
        last,
        last_stem,
    } = wanted;
    let mut expression: String = stems
        .iter()
        .map(|stem| format!("\"{stem}\" AND "))
        .collect();
    if last.chars().nth(1).is_some() {
        expression.push_str(&format!("(\"{last_stem}\" OR \"{last}\"*)"));
    } else {
        expression.push_str(&format!("\"{last_stem}\""));
    }
    expression
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
