//! Entries of the log, on their way into the history.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    Arrival, Cursor, Entry, FactKind, Flag, NotificationId, Open, Recall, StateChange,
};

use super::{
    meta, opaque,
    outbox::{Facts, Stamp},
    types::Applied,
    value::bytes,
};

/// Stores entries, the cursor behind them and the facts they call for. Doing it again changes
/// nothing.
pub(super) fn apply(
    db: &Connection,
    entries: &[Entry],
    cursor: &Cursor,
    stamp: Stamp,
) -> Result<Applied, rusqlite::Error> {
    let mut applied = Applied::default();
    let mut facts = Facts::new(stamp);
    for entry in entries {
        match entry {
            Entry::Notification(arrival) => {
                if insert(db, arrival, &mut facts)? {
                    applied.inserted.push(arrival.notification.id);
                }
            }
            Entry::Recall(Recall { id, .. }) => {
                if recall(db, *id, stamp.now)? {
                    applied.withdrawn.push(*id);
                }
            }
            Entry::State(change) => match change.flag {
                Open::Known(flag) => set_flag(db, change, flag, &mut applied)?,
                Open::Unknown(_) => opaque::keep(db, entry, stamp.now)?,
            },
            Entry::Unknown(_) => opaque::keep(db, entry, stamp.now)?,
        }
    }
    meta::write(db, meta::CURSOR, cursor.as_str())?;
    Ok(applied)
}

fn insert(db: &Connection, arrival: &Arrival, facts: &mut Facts) -> Result<bool, rusqlite::Error> {
    let notification = &arrival.notification;
    let content = serde_json::to_string(notification)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let is_due = arrival.read_at.is_none() && notification.expires_at > facts.now();
    let inserted = db
        .prepare_cached(
            "INSERT INTO history (id, content, received_at, read_at, expires_at, show)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM seen WHERE id = ?1)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute((
            bytes(notification.id),
            content,
            facts.now().as_millisecond(),
            arrival.read_at.map(Timestamp::as_millisecond),
            notification.expires_at.as_millisecond(),
            if is_due { "due" } else { "never" },
        ))?;
    if inserted == 0 {
        return Ok(false);
    }
    meta::add_unread(db, i64::from(arrival.read_at.is_none()))?;
    facts.add(db, notification.id, FactKind::Delivered)?;
    Ok(true)
}

/// A recalled notification leaves the history, and is not shown if it comes later. Gives whether it
/// was there.
fn recall(db: &Connection, id: NotificationId, now: Timestamp) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO seen (id, at) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
    )?
    .execute((bytes(id), now.as_millisecond()))?;
    let was_unread: Option<bool> = db
        .prepare_cached(
            "DELETE FROM history WHERE id = ?1 RETURNING read_at IS NULL AND deleted = 0",
        )?
        .query_row([bytes(id)], |row| row.get(0))
        .optional()?;
    meta::add_unread(db, -i64::from(was_unread == Some(true)))?;
    Ok(was_unread.is_some())
}

fn set_flag(
    db: &Connection,
    change: &StateChange,
    flag: Flag,
    applied: &mut Applied,
) -> Result<(), rusqlite::Error> {
    let id = change.id;
    match flag {
        Flag::Read => {
            if change.value && read_elsewhere(db, id, change.at)? {
                applied.withdrawn.push(id);
            }
        }
        Flag::Archived => {
            if archive(db, change)? {
                applied.changed.push(id);
            }
        }
        Flag::Deleted if delete(db, change)? => {
            if change.value {
                applied.withdrawn.push(id);
            } else {
                applied.changed.push(id);
            }
        }
        Flag::Deleted => {}
    }
    Ok(())
}

fn read_elsewhere(
    db: &Connection,
    id: NotificationId,
    at: Timestamp,
) -> Result<bool, rusqlite::Error> {
    let was_visible: Option<bool> = db
        .prepare_cached(
            "UPDATE history SET read_at = ?2, show = 'never' WHERE id = ?1 AND read_at IS NULL
             RETURNING deleted = 0",
        )?
        .query_row((bytes(id), at.as_millisecond()), |row| row.get(0))
        .optional()?;
    meta::add_unread(db, -i64::from(was_visible == Some(true)))?;
    Ok(was_visible.is_some())
}

fn archive(db: &Connection, change: &StateChange) -> Result<bool, rusqlite::Error> {
    let archived = db
        .prepare_cached(
            "UPDATE history SET archived = ?2, archived_version = ?3
             WHERE id = ?1 AND archived_version < ?3",
        )?
        .execute((bytes(change.id), change.value, version(change)))?;
    Ok(archived > 0)
}

/// Hides a notification, or takes that back; gives whether something changed.
fn delete(db: &Connection, change: &StateChange) -> Result<bool, rusqlite::Error> {
    let before: Option<(bool, bool)> = db
        .prepare_cached(
            "SELECT deleted, read_at IS NULL FROM history WHERE id = ?1 AND deleted_version < ?2",
        )?
        .query_row((bytes(change.id), version(change)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((was_deleted, is_unread)) = before else {
        return Ok(false);
    };
    db.prepare_cached(
        "UPDATE history SET deleted = ?2, deleted_version = ?3,
             show = CASE WHEN ?2 THEN 'never' ELSE show END WHERE id = ?1",
    )?
    .execute((bytes(change.id), change.value, version(change)))?;
    if is_unread {
        meta::add_unread(db, i64::from(was_deleted) - i64::from(change.value))?;
    }
    Ok(was_deleted != change.value)
}

/// A version as SQLite keeps it; the contract's versions are below 2^53.
fn version(change: &StateChange) -> i64 {
    i64::try_from(change.version).unwrap_or(i64::MAX)
}
