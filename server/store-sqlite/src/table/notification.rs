//! Notifications, and how many of their deliveries stand where.

use rusqlite::{Connection, OptionalExtension as _, Row};
use uuid::Uuid;
use vestnik_model::{
    AppId, Counts, DeliveryStatus, Notification, NotificationId, PublishAccepted,
    view::{List, NotificationView},
};
use vestnik_store::{IdempotencyRecord, NewNotification, PageQuery, WatchedState};

use super::super::value::{json, millis, to_json, uuid};

const COUNTS: &str = "pending, sent, delivered, read, undelivered, expired,
    EXISTS (SELECT 1 FROM recipient WHERE recipient.notification = notification.id)";

pub(crate) fn insert(db: &Connection, new: &NewNotification) -> Result<(), rusqlite::Error> {
    let (notification, publication) = (&new.notification, &new.publication);
    db.prepare_cached(
        "INSERT INTO notification
         (id, app, content, external_id, correlation_id, accepted_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        notification.id.uuid().into_bytes(),
        new.app.as_str(),
        to_json(notification)?,
        &publication.external_id,
        &publication.correlation_id,
        millis(notification.accepted_at),
        millis(notification.expires_at),
    ))
    .map(drop)
}

/// Moves one delivery from a counter to another; from none when it is new.
pub(crate) fn count(
    db: &Connection,
    id: NotificationId,
    from: Option<DeliveryStatus>,
    to: DeliveryStatus,
) -> Result<(), rusqlite::Error> {
    // Column names are our own words, never input.
    let sql = match from {
        Some(from) => format!(
            "UPDATE notification SET {from} = {from} - 1, {to} = {to} + 1 WHERE id = ?1",
            from = from.as_str(),
            to = to.as_str()
        ),
        None => format!(
            "UPDATE notification SET {to} = {to} + 1 WHERE id = ?1",
            to = to.as_str()
        ),
    };
    db.prepare_cached(&sql)?
        .execute([id.uuid().into_bytes()])
        .map(drop)
}

/// Status and counts; `None` when there is no such notification of the tenant.
pub(crate) fn state(
    db: &Connection,
    app: &AppId,
    id: NotificationId,
) -> Result<Option<WatchedState>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT {COUNTS} FROM notification WHERE id = ?1 AND app = ?2 AND NOT is_forgotten"
    ))?
    .query_row((id.uuid().into_bytes(), app.as_str()), |row| {
        watched(row, 0)
    })
    .optional()
}

fn watched(row: &Row<'_>, first: usize) -> Result<WatchedState, rusqlite::Error> {
    let counts = Counts {
        pending: row.get(first)?,
        sent: row.get(first + 1)?,
        delivered: row.get(first + 2)?,
        read: row.get(first + 3)?,
        undelivered: row.get(first + 4)?,
        expired: row.get(first + 5)?,
    };
    let expanding: bool = row.get(first + 6)?;
    Ok(WatchedState {
        status: counts.status(expanding),
        counts,
    })
}

pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    id: NotificationId,
) -> Result<Option<NotificationView>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT content, external_id, correlation_id, {COUNTS}
         FROM notification WHERE id = ?1 AND app = ?2 AND NOT is_forgotten"
    ))?
    .query_row((id.uuid().into_bytes(), app.as_str()), notification_view)
    .optional()
}

/// A page, newest first; ids sort by the time they were made.
pub(crate) fn list(
    db: &Connection,
    app: &AppId,
    page: &PageQuery,
) -> Result<List<NotificationView>, rusqlite::Error> {
    let before = page
        .after
        .as_deref()
        .and_then(|text| text.parse::<NotificationId>().ok());
    let before = before.map_or(Uuid::max(), NotificationId::uuid);
    let mut data: Vec<NotificationView> = db
        .prepare_cached(&format!(
            "SELECT content, external_id, correlation_id, {COUNTS}
             FROM notification WHERE app = ?1 AND id < ?2 AND NOT is_forgotten
             ORDER BY id DESC LIMIT ?3"
        ))?
        .query_map(
            (app.as_str(), before.into_bytes(), page.limit + 1),
            notification_view,
        )?
        .collect::<Result<_, _>>()?;
    let next_cursor = super::cut(&mut data, page.limit).map(|last| last.id.to_string());
    Ok(List { data, next_cursor })
}

fn notification_view(row: &Row<'_>) -> Result<NotificationView, rusqlite::Error> {
    let notification: Notification = json(row, 0)?;
    let WatchedState { status, counts } = watched(row, 3)?;
    Ok(NotificationView {
        id: notification.id,
        status,
        legacy_status: status.legacy_status().to_owned(),
        counts,
        accepted_at: notification.accepted_at,
        expires_at: notification.expires_at,
        notification: notification.into(),
        external_id: row.get(1)?,
        correlation_id: row.get(2)?,
    })
}

/// What an idempotency key stands for.
pub(crate) enum Remembered {
    /// The same request.
    Same(PublishAccepted),
    /// Another request.
    Other,
}

pub(crate) fn remembered(
    db: &Connection,
    app: &AppId,
    record: &IdempotencyRecord,
    now: i64,
) -> Result<Option<Remembered>, rusqlite::Error> {
    let found = db
        .prepare_cached(
            "SELECT body_hash, notification FROM idempotency
             WHERE app = ?1 AND key = ?2 AND expires_at > ?3",
        )?
        .query_row((app.as_str(), &record.key, now), |row| {
            Ok((
                row.get::<_, [u8; 32]>(0)?,
                NotificationId::from_uuid(uuid(row, 1)?),
            ))
        })
        .optional()?;
    let Some((body_hash, id)) = found else {
        return Ok(None);
    };
    if body_hash != record.body_hash {
        return Ok(Some(Remembered::Other));
    }
    let state = state(db, app, id)?;
    Ok(state.map(|state| {
        Remembered::Same(PublishAccepted {
            id,
            status: state.status,
            replayed: true,
        })
    }))
}

pub(crate) fn remember(
    db: &Connection,
    app: &AppId,
    record: &IdempotencyRecord,
    id: NotificationId,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO idempotency (app, key, body_hash, notification, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (app, key) DO UPDATE SET body_hash = excluded.body_hash,
             notification = excluded.notification, expires_at = excluded.expires_at",
    )?
    .execute((
        app.as_str(),
        &record.key,
        record.body_hash,
        id.uuid().into_bytes(),
        millis(record.expires),
    ))
    .map(drop)
}
