//! What senders see of notifications.

use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, Notification, NotificationId, publish::ScheduleView, view::NotificationView,
};

use super::{Found, cost, count, found, outcome};
use crate::{
    sql::statements,
    value::{Read, json, optional_json},
};

macro_rules! view_columns {
    () => {
        concat!(
            found_columns!(),
            ", n.content, n.external_id, n.correlation_id, n.schedule"
        )
    };
}

statements! {
    VIEW = concat!("SELECT ", view_columns!(), "
         FROM notification n JOIN notification_state s ON s.notification = n.row
         WHERE n.id = ?1 AND n.app = ?2 AND NOT s.is_forgotten");
    LIST = concat!("SELECT ", view_columns!(), "
         FROM notification n CROSS JOIN notification_state s ON s.notification = n.row
         WHERE n.app = ?1 AND n.row < ?2 AND NOT s.is_forgotten ORDER BY n.row DESC LIMIT ?3");
}

/// What a sender sees of a notification; its counts are added by [`with_counts`].
pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    id: NotificationId,
) -> Result<Option<NotificationView>, rusqlite::Error> {
    let shown = db
        .prepare_cached(VIEW)?
        .query_row((id.uuid().into_bytes(), app.as_str()), shown)
        .optional()?;
    shown.map(|shown| with_counts(db, shown)).transpose()
}

/// A notification without its counts.
pub(crate) struct Shown {
    found: Found,
    content: Notification,
    external_id: Option<String>,
    correlation_id: Option<String>,
    schedule: Option<ScheduleView>,
}

fn shown(row: &Row<'_>) -> Result<Shown, rusqlite::Error> {
    Ok(Shown {
        found: found(row)?,
        content: json(row, 17)?,
        external_id: row.get(18)?,
        correlation_id: row.get(19)?,
        schedule: optional_json(row, 20)?,
    })
}

/// Adds the counts and what follows from them.
pub(crate) fn with_counts(
    db: &Connection,
    shown: Shown,
) -> Result<NotificationView, rusqlite::Error> {
    let Shown {
        found,
        content,
        external_id,
        correlation_id,
        schedule,
    } = shown;
    let counts = count::of(db, found.subject.row)?;
    let counts_by_channel = count::by_channel(db, found.subject.row)?;
    let (cost, saved) = cost::of_notification(db, found.subject.row)?;
    let (status, warnings) = found.standing(counts);
    let outcome = outcome(db, &found, counts)?;
    Ok(NotificationView {
        id: found.subject.id,
        status,
        is_recalled: found.is_recalled,
        legacy_status: status.legacy_status().to_owned(),
        outcome: Some(outcome.into()),
        settled_at: found.settled_at,
        paused_at: found.paused_at,
        schedule,
        opens_at: found.is_scheduled().then_some(found.opens_at),
        counts,
        counts_by_channel,
        cost,
        saved,
        warnings,
        notification: content.into(),
        external_id,
        correlation_id,
        collapse_key: found.collapse_key,
        accepted_at: found.accepted_at,
        expires_at: found.expires_at,
    })
}

/// A page of an App's notifications, newest first: each as it could be read.
pub(crate) fn page(
    db: &Connection,
    app: &AppId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<(u64, Read<Shown>)>, rusqlite::Error> {
    let before = before.unwrap_or(i64::MAX.unsigned_abs());
    db.prepare_cached(LIST)?
        .query_map((app.as_str(), before, limit), |row| {
            Ok((row.get(0)?, shown(row)))
        })?
        .collect()
}
