//! The history, read.

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::NotificationId;

use super::value::{ITEM, bytes, item};
use crate::history::{HistoryCursor, HistoryItem, HistoryPage, HistoryQuery, MAX_PAGE};

/// A page, newest first, cut by place and not by count, so that what comes meanwhile moves nothing.
pub(super) fn history(
    db: &Connection,
    query: HistoryQuery,
) -> Result<HistoryPage, rusqlite::Error> {
    let limit = query.limit.clamp(1, MAX_PAGE);
    let before = query.before.map_or(i64::MAX, |cursor| cursor.0);
    let unread = if query.unread_only {
        "AND read_at IS NULL"
    } else {
        ""
    };
    let mut rows: Vec<(i64, HistoryItem)> = db
        .prepare_cached(&format!(
            "SELECT row, {ITEM} FROM history
             WHERE row < ?1 AND deleted = 0 {unread} ORDER BY row DESC LIMIT ?2"
        ))?
        .query_map((before, limit + 1), |row| Ok((row.get(0)?, item(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|(row, _)| HistoryCursor(*row));
    Ok(HistoryPage {
        items: rows.into_iter().map(|(_, item)| item).collect(),
        next,
    })
}

pub(super) fn get(
    db: &Connection,
    id: NotificationId,
) -> Result<Option<HistoryItem>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT {ITEM} FROM history WHERE id = ?1 AND deleted = 0"
    ))?
    .query_row([bytes(id)], |row| item(row, 0))
    .optional()
}
