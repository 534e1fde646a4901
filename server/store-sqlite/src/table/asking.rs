//! Asking anew: by whose clock deliveries go, or when their recipients want quiet, has changed, so that the times
//! at which those that wait are asked about are right no more.
//!
//! A row of work walks through what waits, of a user or of an App, and makes it due now; the release of each
//! notification then asks the schedule. Then it walks through what closed hours put off in the middle of a
//! cascade; the dispatch of each notification looks at that. A later change begins the walk anew.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, DeliveryStatus, UserId, open::Word as _};
use vestnik_rules::work::{self as rules, WorkKind};

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
    /// What closed hours put off, of a user, or of everybody.
    PUT_OFF_OF_USER = "SELECT user, notification, due_at FROM delivery INDEXED BY delivery_put_off
         WHERE user = ?1 AND is_put_off = 1 AND notification > ?2 ORDER BY notification LIMIT ?3";
    PUT_OFF = "SELECT user, notification, due_at FROM delivery INDEXED BY delivery_put_off
         WHERE is_put_off = 1 AND (user, notification) > (?1, ?2)
         ORDER BY user, notification LIMIT ?3";
    END = "DELETE FROM work WHERE kind = 'ask_anew' AND target = ?1 AND app = ?2";
}

/// What the position of a walk begins with that is at what closed hours put off.
const PUT_OFF_MARK: &str = "put_off ";
/// What stands for all users of an App.
const EVERYBODY: i64 = 0;

/// Where a walk goes on: behind this notification, or behind this user of it.
#[derive(Debug, Clone, Copy)]
struct Place {
    stage: Stage,
    notification: i64,
    user: i64,
}

/// What a walk goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// What waits for its time.
    Scheduled,
    /// What closed hours put off.
    PutOff,
}

impl Place {
    const START: Self = Self::start_of(Stage::Scheduled);

    const fn start_of(stage: Stage) -> Self {
        Self {
            stage,
            notification: i64::MIN,
            user: i64::MIN,
        }
    }

    fn read(position: Option<&str>) -> Self {
        let parsed = position.and_then(|position| {
            let (stage, position) = match position.strip_prefix(PUT_OFF_MARK) {
                Some(rest) => (Stage::PutOff, rest),
                None => (Stage::Scheduled, position),
            };
            let (notification, user) = position.split_once(' ')?;
            Some(Self {
                stage,
                notification: notification.parse().ok()?,
                user: user.parse().ok()?,
            })
        });
        parsed.unwrap_or(Self::START)
    }

    fn written(self) -> String {
        let mark = match self.stage {
            Stage::Scheduled => "",
            Stage::PutOff => PUT_OFF_MARK,
        };
        format!("{mark}{} {}", self.notification, self.user)
    }
}

/// What a part came to.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Where the next part goes on; absent at the end.
    pub(crate) position: Option<String>,
    /// The notifications of which deliveries are to be released now.
    pub(crate) due: Vec<Subject>,
    /// The notifications of which deliveries are to be looked at now.
    pub(crate) looked_at: Vec<Subject>,
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
    let is_any = !delivery::waiting_of(txn, head.row, now, 1)?.is_empty()
        || !put_off(txn, head.row, Place::start_of(Stage::PutOff), 1)?.is_empty();
    if !is_any {
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
    // What closed hours put off may be another App's: then the walk finds none.
    let is_any = next_of_app(txn, app, i64::MIN)?.is_some()
        || !put_off(txn, EVERYBODY, Place::start_of(Stage::PutOff), 1)?.is_empty();
    if !is_any {
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
    let stage = rules::Stage {
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
    let bounds = (rows.max(1), now);
    let mut asked = match place.stage {
        Stage::PutOff => return part_put_off(db, held, place, bounds),
        Stage::Scheduled if held.target == EVERYBODY => part_of_app(db, &held.app, place, bounds)?,
        Stage::Scheduled => part_of_user(db, held.target, place, bounds)?,
    };
    let next = || Place::start_of(Stage::PutOff).written();
    asked.position.get_or_insert_with(next);
    Ok(asked)
}

/// Makes the next deliveries due that closed hours put off.
fn part_put_off(
    db: &Connection,
    held: &Held,
    place: Place,
    (rows, now): (u32, Timestamp),
) -> Result<Asked, rusqlite::Error> {
    let found = put_off(db, held.target, place, rows)?;
    let mut asked = Asked::default();
    // Each notification is looked up once, and woken once.
    let mut subjects: BTreeMap<i64, Option<Subject>> = BTreeMap::new();
    let is_end = found.len() < rows as usize;
    for (key, due_at) in found {
        let Key { notification, user } = key;
        let place = Place {
            stage: Stage::PutOff,
            notification,
            user,
        };
        asked.position = (!is_end).then(|| place.written());
        if due_at.is_none_or(|at| at <= now) {
            continue;
        }
        if let Entry::Vacant(place) = subjects.entry(notification) {
            let of = notification::find_row(db, notification)?.map(|of| of.subject);
            place.insert(of.filter(|of| of.app == held.app));
        }
        if let Some(Some(_)) = subjects.get(&notification) {
            delivery::set_due(db, key, now)?;
        }
    }
    asked.looked_at = subjects.into_values().flatten().collect();
    Ok(asked)
}

/// The next deliveries that closed hours put off, of a user or of everybody, whatever their App.
fn put_off(
    db: &Connection,
    target: i64,
    place: Place,
    rows: u32,
) -> Result<Vec<(Key, Option<Timestamp>)>, rusqlite::Error> {
    let (statement, after) = if target == EVERYBODY {
        (PUT_OFF, place.user)
    } else {
        (PUT_OFF_OF_USER, target)
    };
    db.prepare_cached(statement)?
        .query_map((after, place.notification, rows), |row| {
            let key = Key {
                user: row.get(0)?,
                notification: row.get(1)?,
            };
            Ok((key, optional_time(row, 2)?))
        })?
        .collect()
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
        asked.position = (!is_end).then(|| {
            let place = Place {
                stage: Stage::Scheduled,
                notification,
                user,
            };
            place.written()
        });
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
                stage: Stage::Scheduled,
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
                stage: Stage::Scheduled,
                notification: notification.saturating_add(1),
                user: i64::MIN,
            }
        } else {
            Place {
                stage: Stage::Scheduled,
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
