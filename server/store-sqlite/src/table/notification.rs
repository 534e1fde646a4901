//! Notifications: what was accepted, and how far it is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use vestnik_model::{
    AppId, Counts, DeliveryId, Devices, Expansion, MinVersions, Notification, NotificationId,
    NotificationStatus, Open, Outcome, Warning,
    publish::{ErrorPolicy, Schedule, ScheduleView, Steps},
};
use vestnik_rules::{
    audience::{Plan, Position, expansion},
    device::Wanted,
    identity::notifications_of,
    settle::Outlook,
    work::Life,
};
use vestnik_store::effect::Told;

use super::{audience, change::Subject, cost, count};
use crate::{
    sql::statements,
    value::{
        json, millis, optional_json, optional_time, optional_word, parsed, time, to_json, uuid,
    },
};

macro_rules! found_columns {
    () => {
        "n.row, n.id, n.app, n.accepted_at, n.opens_at, n.expires_at, n.forget_at, s.version, s.position,
         s.is_cancelled, s.is_recalled, s.is_forgotten, s.work, s.settled_at, n.error_policy, n.collapse,
         s.paused_at"
    };
}

// Behind the macro, which it uses.
mod view;

#[cfg(test)]
pub(crate) use self::view::ALL as VIEWS;
pub(crate) use self::view::{page, view, with_counts};

statements! {
    INSERT = "INSERT INTO notification (id, app, content, bytes, external_id, correlation_id, plan,
             steps, devices, min_app_version, schedule, ttl, accepted_at, opens_at, expires_at, forget_at,
             collapse, error_policy)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    SETTLE = "UPDATE notification_state SET settled_at = ?2 WHERE notification = ?1 AND settled_at IS NULL";
    INSERT_STATE = "INSERT INTO notification_state (notification, version, position, work)
         VALUES (?1, 0, ?2, 0)";
    STEPS = "SELECT steps FROM notification WHERE row = ?1";
    WANTED = "SELECT devices, min_app_version FROM notification WHERE row = ?1";
    DISPATCH = "SELECT dispatch FROM notification_state WHERE notification = ?1";
    SET_DISPATCH = "UPDATE notification_state SET dispatch = ?2 WHERE notification = ?1";
    RELEASE = "SELECT release FROM notification_state WHERE notification = ?1";
    SET_RELEASE = "UPDATE notification_state SET release = ?2 WHERE notification = ?1";
    SET_WORK = "UPDATE notification_state SET work = ?2 WHERE notification = ?1";
    FIND = concat!("SELECT ", found_columns!(), "
         FROM notification n JOIN notification_state s ON s.notification = n.row
         WHERE n.id = ?1 AND n.app = ?2 AND NOT s.is_forgotten");
    FIND_ROW = concat!("SELECT ", found_columns!(), "
         FROM notification n JOIN notification_state s ON s.notification = n.row WHERE n.row = ?1");
    /// The plus keeps SQLite, which has no statistics, from reading all notifications of the App.
    IN_RANGE = concat!("SELECT ", found_columns!(), "
         FROM notification n JOIN notification_state s ON s.notification = n.row
         WHERE n.id BETWEEN ?1 AND ?2 AND +n.app = ?3 AND NOT s.is_forgotten");
    CONTENT = "SELECT content, bytes FROM notification WHERE row = ?1";
    PLAN = "SELECT plan FROM notification WHERE row = ?1";
    SET_POSITION = "UPDATE notification_state SET position = ?2 WHERE notification = ?1";
    CANCEL = "UPDATE notification_state SET is_cancelled = 1 WHERE notification = ?1";
    RECALL = "UPDATE notification_state SET is_cancelled = 1, is_recalled = 1 WHERE notification = ?1";
    SET_PAUSED = "UPDATE notification_state SET paused_at = ?2 WHERE notification = ?1";
    FORGET = "UPDATE notification_state SET is_forgotten = 1 WHERE notification = ?1";
    DELETE_COUNTS = "DELETE FROM notification_count WHERE notification = ?1";
    DELETE_STATE = "DELETE FROM notification_state WHERE notification = ?1";
    DELETE = "DELETE FROM notification WHERE row = ?1";
}

/// A notification to store.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) notification: &'a Notification,
    /// The size of its entry in bytes.
    pub(crate) bytes: usize,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) correlation_id: Option<&'a str>,
    pub(crate) collapse_key: Option<&'a str>,
    pub(crate) plan: &'a Plan,
    pub(crate) steps: &'a Steps,
    pub(crate) wanted: &'a Wanted,
    pub(crate) schedule: &'a Schedule,
    pub(crate) error_policy: ErrorPolicy,
    pub(crate) ttl: SignedDuration,
    pub(crate) opens_at: Timestamp,
    pub(crate) forget_at: Timestamp,
}

/// A notification and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) subject: Subject,
    pub(crate) accepted_at: Timestamp,
    /// From when on anybody may be notified.
    pub(crate) opens_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    forget_at: Timestamp,
    pub(crate) version: u64,
    /// Where its expansion goes on; absent when it has ended.
    pub(crate) position: Option<Position>,
    pub(crate) is_cancelled: bool,
    pub(crate) is_recalled: bool,
    pub(crate) is_forgotten: bool,
    /// The row of work of its life.
    pub(crate) work: i64,
    /// Since when nothing is waited for any more.
    settled_at: Option<Timestamp>,
    error_policy: ErrorPolicy,
    /// What it is about, if its sender said so.
    pub(crate) collapse_key: Option<String>,
    /// Since when its sender has it paused.
    pub(crate) paused_at: Option<Timestamp>,
}

impl Found {
    /// How far its audience was expanded.
    pub(crate) fn expansion(&self) -> Expansion {
        expansion(self.position, self.is_cancelled, self.is_scheduled())
    }

    fn is_scheduled(&self) -> bool {
        self.opens_at > self.accepted_at
    }

    /// What bounds its life.
    pub(crate) fn life(&self) -> Life {
        Life {
            opens_at: self.opens_at,
            expires_at: self.expires_at,
            keep: self.forget_at.duration_since(self.expires_at),
        }
    }

    /// What it depends on whether it is settled.
    pub(crate) fn outlook(&self, counts: Counts) -> Outlook {
        Outlook {
            counts,
            expansion: self.expansion(),
            expires_at: self.expires_at,
        }
    }

    /// Its status and what the sender should know.
    pub(crate) fn standing(&self, counts: Counts) -> (NotificationStatus, Vec<Open<Warning>>) {
        let is_empty = counts.total() == 0 && self.expansion() == Expansion::Done;
        let warnings = is_empty.then_some(Open::Known(Warning::AudienceEmpty));
        (
            counts.status(self.expansion(), self.error_policy),
            warnings.into_iter().collect(),
        )
    }
}

/// Stores a notification whose expansion has not begun, and gives its row.
pub(crate) fn insert(db: &Connection, new: &New<'_>) -> Result<i64, rusqlite::Error> {
    let New {
        app,
        notification,
        bytes,
        external_id,
        correlation_id,
        collapse_key,
        plan,
        steps,
        wanted,
        schedule,
        error_policy,
        ttl,
        opens_at,
        forget_at,
    } = new;
    db.prepare_cached(INSERT)?.execute(params![
        notification.id.uuid().into_bytes(),
        app.as_str(),
        to_json(notification)?,
        bytes,
        external_id,
        correlation_id,
        to_json(plan)?,
        steps.stored().as_ref().map(to_json).transpose()?,
        (wanted.devices != Devices::All).then_some(wanted.devices.as_str()),
        minimum_json(&wanted.minimum)?,
        schedule_json(schedule)?,
        ttl.as_secs(),
        millis(notification.accepted_at),
        millis(*opens_at),
        millis(notification.expires_at),
        millis(*forget_at),
        collapse_key,
        (*error_policy != ErrorPolicy::default()).then(|| error_policy.as_str()),
    ])?;
    let row = db.last_insert_rowid();
    db.prepare_cached(INSERT_STATE)?
        .execute((row, to_json(&Position::START)?))?;
    audience::plan(db, row, plan)?;
    Ok(row)
}

/// The cascade of a notification.
pub(crate) fn steps(db: &Connection, row: i64) -> Result<Steps, rusqlite::Error> {
    db.prepare_cached(STEPS)?.query_row([row], |row| {
        let stored = row.get_ref(0)?.as_str_or_null()?;
        // What another version wrote in a form of its own must not stop a delivery.
        let read = stored.and_then(|json| serde_json::from_str(json).ok());
        Ok(read.map_or_else(Steps::default, Steps::from_stored))
    })
}

/// Which of each person's devices a notification is for.
pub(crate) fn wanted(db: &Connection, row: i64) -> Result<Wanted, rusqlite::Error> {
    db.prepare_cached(WANTED)?.query_row([row], |row| {
        let devices: Option<Devices> = optional_word(row, 0)?;
        let minimum: Option<BTreeMap<String, String>> = optional_json(row, 1)?;
        Ok(Wanted {
            devices: devices.unwrap_or_default(),
            minimum: minimum.as_ref().map(MinVersions::read).unwrap_or_default(),
        })
    })
}

/// The oldest versions as they are stored: nothing if no platform has one.
fn minimum_json(minimum: &MinVersions) -> Result<Option<String>, rusqlite::Error> {
    (!minimum.is_empty()).then(|| to_json(minimum)).transpose()
}

/// The row of work that sends a notification's deliveries, while some wait.
pub(crate) fn dispatch(db: &Connection, row: i64) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(DISPATCH)?
        .query_row([row], |row| row.get(0))
        .optional()
        .map(Option::flatten)
}

/// Notes the row of work that sends a notification's deliveries.
pub(crate) fn set_dispatch(
    db: &Connection,
    row: i64,
    work: Option<i64>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_DISPATCH)?
        .execute((row, work))
        .map(drop)
}

/// The row of work that asks the schedule about a notification's deliveries, while some wait.
pub(crate) fn release(db: &Connection, row: i64) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(RELEASE)?
        .query_row([row], |row| row.get(0))
        .optional()
        .map(Option::flatten)
}

/// Notes the row of work that asks the schedule about a notification's deliveries.
pub(crate) fn set_release(
    db: &Connection,
    row: i64,
    work: Option<i64>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_RELEASE)?
        .execute((row, work))
        .map(drop)
}

/// Notes the row of work of a notification's life.
pub(crate) fn set_work(db: &Connection, row: i64, work: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_WORK)?.execute((row, work)).map(drop)
}

/// A notification of an App.
pub(crate) fn find(
    db: &Connection,
    app: &AppId,
    id: NotificationId,
) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((id.uuid().into_bytes(), app.as_str()), found)
        .optional()
}

/// A notification by its row, also one that is forgotten.
pub(crate) fn find_row(db: &Connection, row: i64) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(FIND_ROW)?
        .query_row([row], found)
        .optional()
}

/// The notifications of an App that a delivery can be of.
pub(crate) fn of_delivery(
    db: &Connection,
    app: &AppId,
    delivery: DeliveryId,
) -> Result<Vec<Found>, rusqlite::Error> {
    for range in notifications_of(delivery) {
        let found = in_range(db, app, range)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn in_range(
    db: &Connection,
    app: &AppId,
    range: [NotificationId; 2],
) -> Result<Vec<Found>, rusqlite::Error> {
    let [first, last] = range.map(NotificationId::uuid);
    db.prepare_cached(IN_RANGE)?
        .query_map((first.into_bytes(), last.into_bytes(), app.as_str()), found)?
        .collect()
}

fn found(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        subject: Subject {
            row: row.get(0)?,
            id: NotificationId::from_uuid(uuid(row, 1)?),
            app: parsed(row, 2)?,
        },
        accepted_at: time(row, 3)?,
        opens_at: time(row, 4)?,
        expires_at: time(row, 5)?,
        forget_at: time(row, 6)?,
        version: row.get(7)?,
        position: optional_json(row, 8)?,
        is_cancelled: row.get(9)?,
        is_recalled: row.get(10)?,
        is_forgotten: row.get(11)?,
        work: row.get(12)?,
        settled_at: optional_time(row, 13)?,
        error_policy: optional_word(row, 14)?.unwrap_or_default(),
        collapse_key: row.get(15)?,
        paused_at: optional_time(row, 16)?,
    })
}

/// How much of a notification reached its goal.
fn outcome(db: &Connection, found: &Found, counts: Counts) -> Result<Outcome, rusqlite::Error> {
    let goal = steps(db, found.subject.row)?.goal();
    Ok(counts.outcome(found.expansion(), goal))
}

/// Notes that nothing is waited for any more, and gives what the notification came to; none if that was noted
/// before.
pub(crate) fn settle(
    db: &Connection,
    found: &Found,
    now: Timestamp,
) -> Result<Option<Told>, rusqlite::Error> {
    let row = found.subject.row;
    if db.prepare_cached(SETTLE)?.execute((row, millis(now)))? == 0 {
        return Ok(None);
    }
    let counts = count::of(db, row)?;
    Ok(Some(Told::Settled {
        notification: found.subject.id,
        outcome: outcome(db, found, counts)?,
        counts,
    }))
}

/// A notification and the size of its entry in bytes.
pub(crate) fn content(db: &Connection, row: i64) -> Result<(Notification, usize), rusqlite::Error> {
    db.prepare_cached(CONTENT)?
        .query_row([row], |row| Ok((json(row, 0)?, row.get(1)?)))
}

/// A schedule as it is stored: nothing for one that says nothing.
pub(crate) fn schedule_json(schedule: &Schedule) -> Result<Option<String>, rusqlite::Error> {
    let is_set = *schedule != Schedule::default();
    is_set
        .then(|| to_json(&ScheduleView::from(schedule)))
        .transpose()
}

/// Whom a notification is for.
pub(crate) fn plan(db: &Connection, row: i64) -> Result<Plan, rusqlite::Error> {
    db.prepare_cached(PLAN)?
        .query_row([row], |row| json(row, 0))
}

/// Notes where the expansion goes on; absent when it has ended.
pub(crate) fn set_position(
    db: &Connection,
    row: i64,
    position: Option<Position>,
) -> Result<(), rusqlite::Error> {
    if position.is_none() {
        audience::unplan(db, row)?;
    }
    let position = position.map(|position| to_json(&position)).transpose()?;
    db.prepare_cached(SET_POSITION)?
        .execute((row, position))
        .map(drop)
}

/// Notes that a notification was cancelled, or recalled as well.
pub(crate) fn stop(db: &Connection, row: i64, is_recalled: bool) -> Result<(), rusqlite::Error> {
    audience::unplan(db, row)?;
    let statement = if is_recalled { RECALL } else { CANCEL };
    db.prepare_cached(statement)?.execute([row]).map(drop)
}

/// Notes since when a notification is paused, if it is.
pub(crate) fn set_paused(
    db: &Connection,
    row: i64,
    at: Option<Timestamp>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_PAUSED)?
        .execute((row, at.map(millis)))
        .map(drop)
}

/// Notes that a notification is being deleted: nobody sees it any more.
pub(crate) fn forget(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(FORGET)?.execute([row]).map(drop)
}

/// Deletes a notification that has no deliveries any more.
pub(crate) fn delete(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    audience::unplan(db, row)?;
    for statement in [DELETE_COUNTS, DELETE_STATE, DELETE] {
        db.prepare_cached(statement)?.execute([row])?;
    }
    cost::forget(db, row)
}
