//! The logs of users.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    Cursor, DeliveryId, Epoch, InstallationId, Notification,
    contract::{Entry, Envelope, HistoryState, Page, StateChange},
};
use vestnik_store::LogSlice;

use super::{
    super::value::{json, millis, optional_json, optional_time, time, unreadable, uuid},
    meta, user,
};

/// What an entry tells.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Notification,
    Read,
}

/// Appends an entry and gives its number.
pub(crate) fn append(
    db: &Connection,
    user: i64,
    kind: Kind,
    delivery: DeliveryId,
    (installations, at): (Option<&str>, Timestamp),
) -> Result<u64, rusqlite::Error> {
    let seq = user::next_seq(db, user)?;
    let kind = match kind {
        Kind::Notification => "notification",
        Kind::Read => "read",
    };
    db.prepare_cached(
        "INSERT INTO log (user, seq, kind, delivery, installations, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((user, seq, kind, delivery.uuid().into_bytes(), installations, millis(at)))?;
    Ok(seq)
}

/// The installations that a delivery is limited to, as they stand in its entry.
pub(crate) fn limited_to(
    db: &Connection,
    delivery: DeliveryId,
) -> Result<Option<String>, rusqlite::Error> {
    let found: Option<Option<String>> = db
        .prepare_cached(
            "SELECT installations FROM log WHERE delivery = ?1 AND kind = 'notification'",
        )?
        .query_row([delivery.uuid().into_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// Reads on. Entries that are for other installations or have expired are passed over; the page's
/// cursor stands behind them.
pub(crate) fn read(db: &Connection, slice: &LogSlice) -> Result<Page, rusqlite::Error> {
    let epoch = meta::epoch(db)?;
    let Some((user, head)) = user::find(db, &slice.session.app, &slice.session.user)? else {
        return Ok(Page {
            entries: Vec::new(),
            cursor: Cursor::start(epoch),
            more: false,
        });
    };
    let known = |cursor: &Cursor| cursor.epoch == epoch && cursor.seq <= head;
    let after = slice.after.filter(known).map_or(0, |cursor| cursor.seq);
    let mut statement = db.prepare_cached(
        "SELECT l.seq, l.kind, l.delivery, l.installations, l.at, d.read_at, d.expires_at, n.content
         FROM log l JOIN delivery d ON d.id = l.delivery JOIN notification n ON n.id = d.notification
         WHERE l.user = ?1 AND l.seq > ?2 ORDER BY l.seq LIMIT ?3",
    )?;
    let mut rows = statement.query((user, after, slice.limit))?;
    let (mut entries, mut last, mut looked_at) = (Vec::new(), after, 0);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        looked_at += 1;
        entries.extend(entry(row, epoch, slice)?);
    }
    // Fewer than asked for: whatever is left up to the end was forgotten.
    if looked_at < slice.limit {
        last = head;
    }
    Ok(Page {
        entries,
        cursor: Cursor { epoch, seq: last },
        more: last < head,
    })
}

fn entry(row: &Row<'_>, epoch: Epoch, slice: &LogSlice) -> Result<Option<Entry>, rusqlite::Error> {
    let only: Option<BTreeSet<InstallationId>> = optional_json(row, 3)?;
    if only.is_some_and(|only| !only.contains(&slice.session.installation)) {
        return Ok(None);
    }
    let cursor = Cursor {
        epoch,
        seq: row.get(0)?,
    };
    let notification: Notification = json(row, 7)?;
    match row.get_ref(1)?.as_str()? {
        "notification" if row.get::<_, i64>(6)? <= millis(slice.now) => Ok(None),
        "notification" => Ok(Some(Entry::Notification(Box::new(Envelope {
            cursor,
            delivery_id: DeliveryId::from_uuid(uuid(row, 2)?),
            read_at: optional_time(row, 5)?,
            notification,
        })))),
        "read" => Ok(Some(Entry::State(StateChange {
            cursor,
            id: notification.id,
            state: HistoryState::Read,
            at: time(row, 4)?,
        }))),
        _ => Err(unreadable(1, "no kind of entry")),
    }
}
