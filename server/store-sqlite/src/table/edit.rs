//! Changing a notification that is scheduled.

use jiff::SignedDuration;
use rusqlite::Connection;
use vestnik_model::publish::ScheduleView;
use vestnik_rules::{edit::Planned, work::kept_until};

use super::notification::{Found, schedule_json};
use crate::{
    sql::statements,
    value::{json, millis, optional_json, to_json},
};

statements! {
    PLANNED = "SELECT content, schedule, ttl FROM notification WHERE row = ?1";
    REPLAN = "UPDATE notification SET content = ?2, bytes = ?3, schedule = ?4, ttl = ?5, opens_at = ?6,
             expires_at = ?7, forget_at = ?8
         WHERE row = ?1";
}

/// What can be changed about a notification; absent if its schedule is another version's.
pub(crate) fn planned(db: &Connection, found: &Found) -> Result<Option<Planned>, rusqlite::Error> {
    let row = found.subject.row;
    db.prepare_cached(PLANNED)?.query_row([row], |row| {
        let schedule: Option<ScheduleView> = optional_json(row, 1)?;
        let schedule = schedule.unwrap_or_default().schedule();
        let (notification, ttl) = (json(row, 0)?, SignedDuration::from_secs(row.get(2)?));
        Ok(schedule.map(|schedule| Planned {
            notification,
            schedule,
            ttl,
            opens_at: found.opens_at,
        }))
    })
}

/// Stores what a sender changed, with the size of its entry.
pub(crate) fn replan(
    db: &Connection,
    found: &Found,
    planned: &Planned,
    bytes: usize,
) -> Result<(), rusqlite::Error> {
    let Planned {
        notification,
        schedule,
        ttl,
        opens_at,
    } = planned;
    let expires_at = notification.expires_at;
    db.prepare_cached(REPLAN)?
        .execute((
            found.subject.row,
            to_json(notification)?,
            bytes,
            schedule_json(schedule)?,
            ttl.as_secs(),
            millis(*opens_at),
            millis(expires_at),
            millis(kept_until(expires_at, found.life().keep)),
        ))
        .map(drop)
}
