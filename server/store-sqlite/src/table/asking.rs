//! Asking anew: by whose clock deliveries go, or when their recipients want quiet, has changed, so that the times
//! at which those that wait are asked about are right no more.
//!
//! A row of work walks through what waits, of a user or of an App, and makes it due now; the release of each
//! notification then asks the schedule. A later change begins the walk anew.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, DeliveryStatus, UserId, open::Word as _};
use vestnik_rules::work::{Stage, WorkKind};

use super::{
    Txn,
    change::Subject,
    delivery::{self, Key},
    event, notification, user,
    work::{self, Held},
};
use crate::{sql::statements, value::optional_time};

statements! {
    OF_USER = "SELECT notification, release_at FROM delivery INDEXED BY delivery_unlogged
         WHERE user = ?1 AND seq IS NULL AND notification > ?2 ORDER BY notification LIMIT ?3";
    /// The next notification of an App of which deliveries may wait.
    NEXT_OF_APP = "SELECT s.notification FROM notification_state s INDEXED BY notification_releasing
             CROSS JOIN notification n ON n.row = s.notification
         WHERE s.release IS NOT NULL AND s.notification >= ?1 AND n.app = ?2
         ORDER BY s.notification LIMIT 1";
    OF_NOTIFICATION = "SELECT user, release_at, status FROM delivery
         WHERE notification = ?1 AND user > ?2 ORDER BY user LIMIT ?3";
    END = "DELETE FROM work WHERE kind = 'ask_anew' AND target = ?1 AND app = ?2";
}

/// What stands for all users of an App.
const EVERYBODY: i64 = 0;

/// Where a walk goes on: behind this notification, or behind this user of it.
#[derive(Debug, Clone, Copy)]
struct Place {
    notification: i64,
    user: i64,
}

impl Place {
    const START: Self = Self {
        notification: i64::MIN,
        user: i64::MIN,
    };

    fn read(position: Option<&str>) -> Self {
        let parsed = position.and_then(|position| {
            let (notification, user) = position.split_once(' ')?;
            Some(Self {
                notification: notification.parse().ok()?,
                user: user.parse().ok()?,
            })
        });
        parsed.unwrap_or(Self::START)
    }

    fn written(self) -> String {
        format!("{} {}", self.notification, self.user)
    }
}

/// What a part came to.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Where the next part goes on; absent at the end.
    pub(crate) position: Option<String>,
    /// The notifications of which deliveries are due now.
    pub(crate) due: Vec<Subject>,
}

/// Begins to ask anew about what waits for a user.
pub(crate) fn of_user(
    txn: &mut Txn<'_>,
    app: &AppId,
    user: &UserId,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Some(head) = user::find(txn, app, user)? else {
        return Ok(());
    };
    if delivery::waiting_of(txn, head.row, now, 1)?.is_empty() {
        return Ok(());
    }
    begin(txn, app, head.row, now)
}

/// Begins to ask anew about what waits for anybody of an App.
pub(crate) fn of_app(
    txn: &mut Txn<'_>,
    app: &AppId,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    if next_of_app(txn, app, i64::MIN)?.is_none() {
        return Ok(());
    }
    begin(txn, app, EVERYBODY, now)
}

fn begin(
    txn: &mut Txn<'_>,
    app: &AppId,
    target: i64,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    // A walk that is under way may have passed what is wrong now.
    txn.prepare_cached(END)?.execute((target, app.as_str()))?;
    let stage = Stage {
        kind: WorkKind::AskAnew,
        due: now,
    };
    work::insert(txn, app, target, stage, None)?;
    event::work_due(txn, app, stage, now)
}

/// Does a part of a walk.
pub(crate) fn part(
    db: &Connection,
    held: &Held,
    rows: u32,
    now: Timestamp,
) -> Result<Asked, rusqlite::Error> {
    let place = Place::read(held.position.as_deref());
    if held.target == EVERYBODY {
        part_of_app(db, &held.app, place, (rows.max(1), now))
    } else {
        part_of_user(db, held.target, place, (rows.max(1), now))
    }
}

fn part_of_user(
    db: &Connection,
    user: i64,
    place: Place,
    (rows, now): (u32, Timestamp),
) -> Result<Asked, rusqlite::Error> {
    let found = db
        .prepare_cached(OF_USER)?
        .query_map((user, place.notification, rows), |row| {
            Ok((row.get(0)?, optional_time(row, 1)?))
        })?
        .collect::<Result<Vec<(i64, _)>, _>>()?;
    let mut asked = Asked::default();
    let is_end = found.len() < rows as usize;
    for (notification, release_at) in found {
        asked.position = (!is_end).then(|| Place { notification, user }.written());
        if release_at.is_some_and(|at| at > now) {
            delivery::set_release(db, Key { notification, user }, Some(now))?;
            let found = notification::find_row(db, notification)?;
            asked.due.extend(found.map(|found| found.subject));
        }
    }
    Ok(asked)
}

fn part_of_app(
    db: &Connection,
    app: &AppId,
    mut place: Place,
    (rows, now): (u32, Timestamp),
) -> Result<Asked, rusqlite::Error> {
    let mut asked = Asked::default();
    let mut left = rows;
    while let Some(notification) = next_of_app(db, app, place.notification)? {
        if left == 0 {
            let next = Place {
                notification,
                user: if notification == place.notification {
                    place.user
                } else {
                    i64::MIN
                },
            };
            asked.position = Some(next.written());
            break;
        }
        let after = if notification == place.notification {
            place.user
        } else {
            i64::MIN
        };
        let (last, count) = ask_users(db, (notification, after), (left, now), &mut asked)?;
        place = if count < left {
            Place {
                notification: notification.saturating_add(1),
                user: i64::MIN,
            }
        } else {
            Place {
                notification,
                user: last,
            }
        };
        // A notification of which nothing waits costs something, too.
        left -= count.clamp(1, left);
    }
    Ok(asked)
}

/// Makes the next deliveries of a notification due that wait. Gives the last user who was looked at, and how many
/// were.
fn ask_users(
    db: &Connection,
    (notification, after): (i64, i64),
    (rows, now): (u32, Timestamp),
    asked: &mut Asked,
) -> Result<(i64, u32), rusqlite::Error> {
    let found = db
        .prepare_cached(OF_NOTIFICATION)?
        .query_map((notification, after, rows), |row| {
            let status = DeliveryStatus::from_word(row.get_ref(2)?.as_str()?);
            Ok((row.get(0)?, optional_time(row, 1)?, status))
        })?
        .collect::<Result<Vec<(i64, _, _)>, _>>()?;
    let mut is_any = false;
    for (user, release_at, status) in &found {
        let waits = *status == Some(DeliveryStatus::Scheduled);
        if waits && release_at.is_some_and(|at| at > now) {
            let user = *user;
            delivery::set_release(db, Key { notification, user }, Some(now))?;
            is_any = true;
        }
    }
    if is_any && let Some(found) = notification::find_row(db, notification)? {
        asked.due.push(found.subject);
    }
    let last = found.last().map_or(after, |(user, ..)| *user);
    Ok((last, u32::try_from(found.len()).unwrap_or(rows)))
}

fn next_of_app(db: &Connection, app: &AppId, from: i64) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(NEXT_OF_APP)?
        .query_row((from, app.as_str()), |row| row.get(0))
        .optional()
}
