//! Entries of the log, on their way into the history.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    Cursor, NotificationId, ReceiptKind,
    contract::{Entry, Envelope, HistoryState, StateChange},
};

use super::{
    meta, outbox,
    types::{Applied, ShowItem},
    value::{ITEM, bytes, id, item, unreadable},
};

/// Stores entries, the place behind them and the receipts they call for. Doing it again changes
/// nothing.
pub(super) fn apply(
    db: &Connection,
    entries: &[Entry],
    cursor: Cursor,
    now: Timestamp,
) -> Result<Applied, rusqlite::Error> {
    let mut applied = Applied::default();
    for entry in entries {
        match entry {
            Entry::Notification(envelope) => {
                if insert(db, envelope, now)? {
                    applied.inserted.push(envelope.notification.id);
                }
            }
            Entry::State(StateChange {
                id,
                state: HistoryState::Read,
                at,
                ..
            }) => {
                if read_elsewhere(db, *id, *at)? {
                    applied.read_elsewhere.push(*id);
                }
            }
            Entry::State(StateChange {
                state: HistoryState::Delivered,
                ..
            }) => {}
        }
    }
    meta::write(db, meta::CURSOR, &cursor.to_string())?;
    Ok(applied)
}

fn insert(db: &Connection, envelope: &Envelope, now: Timestamp) -> Result<bool, rusqlite::Error> {
    let notification = &envelope.notification;
    let content = serde_json::to_string(notification)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let is_due = envelope.read_at.is_none() && notification.expires_at > now;
    let inserted = db
        .prepare_cached(
            "INSERT INTO history (id, content, received_at, read_at, expires_at, show)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM seen WHERE id = ?1)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute((
            bytes(notification.id),
            content,
            now.as_millisecond(),
            envelope.read_at.map(Timestamp::as_millisecond),
            notification.expires_at.as_millisecond(),
            if is_due { "due" } else { "never" },
        ))?;
    if inserted == 0 {
        return Ok(false);
    }
    meta::add_unread(db, i64::from(envelope.read_at.is_none()))?;
    outbox::insert(db, notification.id, ReceiptKind::Delivered, now)?;
    Ok(true)
}

fn read_elsewhere(
    db: &Connection,
    id: NotificationId,
    at: Timestamp,
) -> Result<bool, rusqlite::Error> {
    let read = db
        .prepare_cached(
            "UPDATE history SET read_at = ?2, show = 'never' WHERE id = ?1 AND read_at IS NULL",
        )?
        .execute((bytes(id), at.as_millisecond()))?;
    meta::add_unread(db, if read > 0 { -1 } else { 0 })?;
    Ok(read > 0)
}

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
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let shown = db
        .prepare_cached("UPDATE history SET show = 'shown' WHERE id = ?1 AND show = 'showing'")?
        .execute([bytes(id)])?;
    if shown > 0 {
        outbox::insert(db, id, ReceiptKind::Displayed, now)?;
    }
    Ok(())
}

/// Marks as read and gives those that were not.
pub(super) fn mark_read(
    db: &Connection,
    ids: &[NotificationId],
    clicked: bool,
    now: Timestamp,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    let mut changed = Vec::new();
    for id in ids {
        let was_unread: Option<bool> = db
            .prepare_cached("SELECT read_at IS NULL FROM history WHERE id = ?1")?
            .query_row([bytes(*id)], |row| row.get(0))
            .optional()?;
        let Some(was_unread) = was_unread else {
            continue;
        };
        if clicked {
            outbox::insert(db, *id, ReceiptKind::Clicked, now)?;
        }
        if was_unread {
            db.prepare_cached(
                "UPDATE history SET read_at = ?2,
                     show = CASE show WHEN 'due' THEN 'never' ELSE show END WHERE id = ?1",
            )?
            .execute((bytes(*id), now.as_millisecond()))?;
            outbox::insert(db, *id, ReceiptKind::Read, now)?;
            meta::add_unread(db, -1)?;
            changed.push(*id);
        }
    }
    Ok(changed)
}

pub(super) fn mark_all_read(
    db: &Connection,
    now: Timestamp,
) -> Result<Vec<NotificationId>, rusqlite::Error> {
    let unread: Vec<NotificationId> = db
        .prepare_cached("SELECT id FROM history WHERE read_at IS NULL ORDER BY row")?
        .query_map([], |row| id(row, 0))?
        .collect::<Result<_, _>>()?;
    mark_read(db, &unread, false, now)
}

/// The person put it away.
pub(super) fn dismiss(
    db: &Connection,
    id: NotificationId,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let known = db
        .prepare_cached(
            "UPDATE history SET show = CASE show WHEN 'never' THEN show ELSE 'shown' END WHERE id = ?1",
        )?
        .execute([bytes(id)])?;
    if known > 0 {
        outbox::insert(db, id, ReceiptKind::Dismissed, now)?;
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
        .prepare_cached("SELECT count(*) FROM history WHERE row <= ?1 AND read_at IS NULL")?
        .query_row([last], |row| row.get(0))?;
    meta::add_unread(db, -unread)?;
    let deleted = db
        .prepare_cached("DELETE FROM history WHERE row <= ?1")?
        .execute([last])?;
    Ok(deleted as u64)
}

/// The place in the log.
pub(super) fn cursor(db: &Connection) -> Result<Option<Cursor>, rusqlite::Error> {
    meta::read(db, meta::CURSOR)?
        .map(|text| text.parse().map_err(|_| unreadable(0, "not a cursor")))
        .transpose()
}
