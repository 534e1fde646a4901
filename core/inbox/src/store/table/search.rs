//! The index of words.

use rusqlite::Connection;
use vestnik_model::Notification;

use super::{
    notification::{item, item_columns},
    page::PageRow,
};
use crate::{
    HistoryItem,
    rule::word::{Wanted, terms},
    sql::statements,
};

/// How many letters of a beginning the index has by itself: the `prefix` of the table.
const INDEXED: usize = 3;
/// How many rows are looked at one by one.
const LOOKED_AT: u32 = 400;

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
///
/// The index gives the rows of a word, or of a beginning of two or three letters, newest first, so that a
/// search ends with its page. For a longer beginning it would first put together all rows of all words that
/// begin so. Therefore the newest rows of the beginning's first three letters are looked at one by one. If
/// that does not fill the page, few rows match, and the index puts those together quickly.
pub(in crate::store) fn search(
    db: &Connection,
    wanted: &Wanted,
    before: i64,
    limit: u32,
) -> Result<Vec<PageRow>, rusqlite::Error> {
    let first: String = wanted.last.chars().take(INDEXED).collect();
    if first == wanted.last {
        return rows(db, &expression(wanted, &first), before, limit);
    }
    let mut looked_at = looked_at(db, wanted, (&expression(wanted, &first), before), limit)?;
    let left = limit.saturating_sub(u32::try_from(looked_at.found.len()).unwrap_or(limit));
    if let Some(last) = looked_at.last.filter(|_| left > 0) {
        let expression = expression(wanted, &wanted.last);
        looked_at.found.extend(rows(db, &expression, last, left)?);
    }
    Ok(looked_at.found)
}

/// What looking at rows one by one has found.
struct LookedAt {
    found: Vec<PageRow>,
    /// The last one, if there are more behind it.
    last: Option<i64>,
}

fn looked_at(
    db: &Connection,
    wanted: &Wanted,
    (expression, before): (&str, i64),
    limit: u32,
) -> Result<LookedAt, rusqlite::Error> {
    let mut statement = db.prepare_cached(SEARCH)?;
    let mut rows = statement.query((expression, before, LOOKED_AT))?;
    let (mut found, mut last, mut count) = (Vec::new(), None, 0);
    while found.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let (number, item) = (row.get(0)?, item(row)?);
        if item.as_ref().is_none_or(|item| matches(wanted, item)) {
            found.push((number, item));
        }
        (last, count) = (Some(number), count + 1);
    }
    Ok(LookedAt {
        found,
        last: last.filter(|_| count == LOOKED_AT),
    })
}

fn matches(wanted: &Wanted, item: &HistoryItem) -> bool {
    let Notification { title, body, .. } = &item.notification;
    wanted.ends_in(&[title.as_str(), body.as_str()])
}

fn rows(
    db: &Connection,
    expression: &str,
    before: i64,
    limit: u32,
) -> Result<Vec<PageRow>, rusqlite::Error> {
    db.prepare_cached(SEARCH)?
        .query_map((expression, before, limit), |row| {
            Ok((row.get(0)?, item(row)?))
        })?
        .collect()
}

/// The expression of a search whose last word is in the text, or some word that begins with `begin`. Words
/// have letters and digits only, so quotes are all they need. One letter is no beginning that is worth
/// looking for.
fn expression(wanted: &Wanted, begin: &str) -> String {
    let Wanted {
        stems, last_stem, ..
    } = wanted;
    let mut expression: String = stems
        .iter()
        .map(|stem| format!("\"{stem}\" AND "))
        .collect();
    if begin.chars().nth(1).is_some() {
        expression.push_str(&format!("(\"{last_stem}\" OR \"{begin}\"*)"));
    } else {
        expression.push_str(&format!("\"{last_stem}\""));
    }
    expression
}

pub(in crate::store) fn delete_all(db: &Connection) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_ALL)?.execute([]).map(drop)
}
