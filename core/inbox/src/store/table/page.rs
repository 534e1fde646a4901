//! Pages of the history, cut by place.
//!
//! A statement is put together of fixed parts, one for each filter, and binds its values by name. The
//! index that it walks is the one whose condition the filters imply; the test of plans looks at every
//! combination.

use rusqlite::{Connection, ToSql, named_params};
use vestnik_sqlite::value::millis;

use super::notification::{item, item_columns};
use crate::{Filter, HistoryItem, Shelf};

/// In which direction rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Direction {
    /// Rows below a row, newest first.
    Older,
    /// Rows above a row, oldest first.
    Newer,
}

/// A row of a page: its number, and the item if this version can read it.
pub(in crate::store) type PageRow = (i64, Option<HistoryItem>);

/// Rows of the history beyond a row, in the order of the direction.
pub(in crate::store) fn rows(
    db: &Connection,
    direction: Direction,
    from: i64,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<PageRow>, rusqlite::Error> {
    let mut statement = db.prepare_cached(&statement(direction, filter))?;
    let (category, since) = (
        filter.category.as_ref().map(|name| name.as_str()),
        filter.since.map(millis),
    );
    let mut values: Vec<(&str, &dyn ToSql)> =
        named_params! {":from": from, ":limit": limit}.to_vec();
    if category.is_some() {
        values.push((":category", &category));
    }
    if since.is_some() {
        values.push((":since", &since));
    }
    statement
        .query_map(values.as_slice(), |row| Ok((row.get(0)?, item(row)?)))?
        .collect()
}

pub(in crate::store) fn statement(direction: Direction, filter: &Filter) -> String {
    let walks_others =
        filter.category.is_some() && (filter.unread_only || filter.shelf == Shelf::Archive);
    let (beyond, order) = match (direction, walks_others) {
        (Direction::Older, false) => ("row < :from", "DESC"),
        (Direction::Older, true) => (OLDER_IN_CATEGORY, "DESC"),
        (Direction::Newer, false) => ("row > :from", "ASC"),
        (Direction::Newer, true) => (NEWER_IN_CATEGORY, "ASC"),
    };
    let shelf = match filter.shelf {
        Shelf::Inbox => "AND is_archived = 0",
        Shelf::Archive => "AND is_archived = 1",
        Shelf::All => "",
    };
    let unread = if filter.unread_only {
        "AND is_read = 0"
    } else {
        ""
    };
    let category = filter
        .category
        .as_ref()
        .map_or("", |_| "AND category = :category");
    // Of what is unread or archived there is less than of a category.
    let index = if filter.unread_only {
        "INDEXED BY notification_unread"
    } else if filter.shelf == Shelf::Archive {
        "INDEXED BY notification_archived"
    } else {
        ""
    };
    let since = filter.since.map_or("", |_| SINCE);
    format!(
        "SELECT {} FROM notification {index}
         WHERE {beyond} AND is_deleted = 0 {shelf} {unread} {category} {since}
         ORDER BY row {order} LIMIT :limit",
        item_columns!()
    )
}

/// An index of what is unread or archived is walked through all categories: only where the wanted one has
/// rows. Of a category without rows the bounds are NULL, and nothing is walked.
const OLDER_IN_CATEGORY: &str =
    "row < min(:from, 1 + (SELECT max(row) FROM notification WHERE category = :category))
         AND row >= (SELECT min(row) FROM notification WHERE category = :category)";
const NEWER_IN_CATEGORY: &str =
    "row > max(:from, (SELECT min(row) FROM notification WHERE category = :category) - 1)
         AND row <= (SELECT max(row) FROM notification WHERE category = :category)";

/// Rows come nearly in the order of their times; a clock that went back makes an exception. If few rows are
/// of that time or later, the first of them is where to stop. If there are many, the page is full before.
const SINCE: &str = "AND received_at >= :since
         AND row >= (SELECT iif(count(*) < 5000, coalesce(min(row), 9223372036854775807), 0) FROM
             (SELECT row FROM notification WHERE received_at >= :since LIMIT 5000))";
