//! The history as the shell and the person change it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{Cursor, FactKind, NotificationId};

use super::{
    meta,
    outbox::{Facts, Stamp},
    types::ShowItem,
    value::{ITEM, bytes, id, item, unreadable},
};

/// Takes notifications to show. They are marked before they are handed out, so that a program that
/// ends in between knows that they may be on the screen.
pub(super) fn take_shows(
    db: &Connection,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<ShowItem>, rusqlite::Error> {
    db.prepare_cached("UPDATE history SET show = 'never' WHERE show = 'due' AND expires_at <= ?1")?
        .execute([now.as_millisecond()])?;
    let due: Vec<(i64, ShowItem)> = db
        .prepare_cached(&format!(
            "SELECT row, again, {ITEM} FROM history WHERE show = 'due' ORDER BY row LIMIT ?1"
        ))?
        .query_map([limit], |row| {
            Ok((
                row.get(0)?,
                ShowItem {
                    again: row.get(1)?,
                    item: item(row, 2)?,
                },
            ))
        })?
        .collect::<Result<_, _>>()?;
    let mut mark = db.prepare_cached("UPDATE history SET show = 'showing' WHERE row = ?1")?;
    for (row, _) in &due {
        mark.execute([row])?;
    }
    Ok(due.into_iter().map(|(_, show)| show).collect())
}

/// What was handed to the shell by a program that has ended is handed out again, and says so.
pub(super) fn reshow_interrupted(db: &Connection) -> Result<u64, rusqlite::Error> {
    let again = db
        .prepare_cached("UPDATE history SET show = 'due', again = 1 WHERE show = 'showing'")?
        .execute([])?;
    Ok(again as u64)
}

/// The shell drew it.
pub(super) fn mark_shown(
    db: &Connection,
    id: NotificationId,
    stamp: Stamp,
) -> Result<(), rusqlite::Error> {
    let shown = db
        .prepare_cached("UPDATE history SET show = 'shown' WHERE id = ?1 AND show = 'showing'")?
        .execute([bytes(id)])?;
    if shown > 0 {
        Facts::new(stamp).add(db, id, FactKind::Displayed)?;
    }
    Ok(())
}

/// Marks as read and gives those that were not.
pub(super) fn mark_read(
    db: &Connection,
    ids: &[NotificationId],
    clicked: bool,
    stamp: Stamp,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    let mut changed = Vec::new();
    let mut facts = Facts::new(stamp);
    for id in ids {
        let was_unread: Option<bool> = db
            .prepare_cached("SELECT read_at IS NULL FROM history WHERE id = ?1 AND deleted = 0")?
            .query_row([bytes(*id)], |row| row.get(0))
            .optional()?;
        let Some(was_unread) = was_unread else {
            continue;
        };
        if clicked {
            facts.add(db, *id, FactKind::Clicked)?;
        }
        if was_unread {
            db.prepare_cached(
                "UPDATE history SET read_at = ?2,
                     show = CASE show WHEN 'due' THEN 'never' ELSE show END WHERE id = ?1",
            )?
            .execute((bytes(*id), stamp.now.as_millisecond()))?;
            facts.add(db, *id, FactKind::Read)?;
            meta::add_unread(db, -1)?;
            changed.push(*id);
        }
    }
    Ok(changed)
}

pub(super) fn mark_all_read(
    db: &Connection,
    stamp: Stamp,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    let unread: Vec<NotificationId> = db
        .prepare_cached(
            "SELECT id FROM history WHERE read_at IS NULL AND deleted = 0 ORDER BY row",
        )?
        .query_map([], |row| id(row, 0))?
        .collect::<Result<_, _>>()?;
    mark_read(db, &unread, false, stamp)
}

/// The person put it away.
pub(super) fn dismiss(
    db: &Connection,
    id: NotificationId,
    stamp: Stamp,
) -> Result<(), rusqlite::Error> {
    let known = db
        .prepare_cached(
            "UPDATE history SET show = CASE show WHEN 'never' THEN show ELSE 'shown' END WHERE id = ?1",
        )?
        .execute([bytes(id)])?;
    if known > 0 {
        Facts::new(stamp).add(db, id, FactKind::Dismissed)?;
    }
    Ok(())
}

/// Keeps the newest; ids of the others are remembered for a while, so that none is shown again.
pub(super) fn prune(
    db: &Connection,
    keep_rows: u32,
    seen_until: Timestamp,
    now: Timestamp,
) -> Result<u64, rusqlite::Error> {
    let last: Option<i64> = db
        .prepare_cached("SELECT row FROM history ORDER BY row DESC LIMIT 1 OFFSET ?1")?
        .query_row([keep_rows], |row| row.get(0))
        .optional()?;
    db.prepare_cached("DELETE FROM seen WHERE at < ?1")?
        .execute([seen_until.as_millisecond()])?;
    let Some(last) = last else { return Ok(0) };
    db.prepare_cached(
        "INSERT INTO seen (id, at) SELECT id, ?2 FROM history WHERE row <= ?1
         ON CONFLICT (id) DO NOTHING",
    )?
    .execute((last, now.as_millisecond()))?;
    let unread: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM history WHERE row <= ?1 AND read_at IS NULL AND deleted = 0",
        )?
        .query_row([last], |row| row.get(0))?;
    meta::add_unread(db, -unread)?;
    let deleted = db
        .prepare_cached("DELETE FROM history WHERE row <= ?1")?
        .execute([last])?;
    Ok(deleted as u64)
}

/// The cursor in the log.
pub(super) fn cursor(db: &Connection) -> Result<Option<Cursor>, rusqlite::Error> {
    meta::read(db, meta::CURSOR)?
        .map(|text| text.parse().map_err(|_| unreadable(0, "not a cursor")))
        .transpose()
}
