//! Accepting, cancelling and recalling notifications.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, NotificationId, PublishAccepted, TopicName};
use vestnik_rules::{
    audience::{FIRST_PART, Plan, Position},
    idempotency::{Verdict, verdict},
    work::{Stage, WorkKind, first_stage, kept_until, Life},
};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Publishing,
    publishing::{NewNotification, PublishOutcome},
};

use crate::{
    SqliteStore,
    table::{
        Txn,
        change::{Changes, Subject},
        event, expansion,
        expiry::{self, Pass},
        idempotency, notification, recall, topic, work,
    },
    value::Unreadable,
};

/// The most deliveries that cancelling or recalling changes in the transaction that is waited for; the
/// rest is work.
const FIRST_ROWS: u32 = 500;

impl Publishing for SqliteStore {
    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome> {
        self.write(Priority::Normal, move |txn| publish(txn, &new))
    }

    fn cancel(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        let unreadable = self.unreadable();
        self.write(Priority::Normal, move |txn| {
            stop(txn, &Stop { app: &app, id, seed: None, now, unreadable: &unreadable })
        })
    }

    fn recall(&self, recalled: Recalled) -> Answer<'_, bool> {
        let unreadable = self.unreadable();
        self.write(Priority::Normal, move |txn| {
            let Recalled { app, id, seed, now } = &recalled;
            stop(txn, &Stop { app, id: *id, seed: Some(seed), now: *now, unreadable: &unreadable })
        })
    }
}

fn publish(txn: &mut Txn<'_>, new: &NewNotification) -> Result<PublishOutcome, rusqlite::Error> {
    let now = new.notification.accepted_at;
    if let Some(record) = &new.idempotency {
        let found = idempotency::find(txn, &new.app, &record.key)?;
        match verdict(found.as_ref(), &record.body_hash, now) {
            Verdict::New => {}
            Verdict::Replay(accepted) => return Ok(PublishOutcome::Replayed(accepted)),
            Verdict::Mismatch => return Ok(PublishOutcome::Mismatch),
        }
    }
    let plan = Plan::from(&new.publication.audience);
    let unknown = unknown_topics(txn, &new.app, &plan)?;
    if !unknown.is_empty() {
        return Ok(PublishOutcome::UnknownTopics(unknown));
    }
    let accepted = accept(txn, new, &plan)?;
    if let Some(record) = &new.idempotency {
        idempotency::put(txn, &new.app, record, &accepted)?;
    }
    Ok(PublishOutcome::Accepted(accepted))
}

fn unknown_topics(
    db: &Connection,
    app: &AppId,
    plan: &Plan,
) -> Result<Vec<TopicName>, rusqlite::Error> {
    let mut unknown = Vec::new();
    for name in plan.topics() {
        if topic::find(db, app, &name)?.is_none() {
            unknown.push(name);
        }
    }
    Ok(unknown)
}

/// Stores a notification, expands a small audience, and leaves the rest of its life as work.
fn accept(
    txn: &mut Txn<'_>,
    new: &NewNotification,
    plan: &Plan,
) -> Result<PublishAccepted, rusqlite::Error> {
    let db = txn.connection();
    let (app, accepted_at) = (&new.app, new.notification.accepted_at);
    let life = Life {
        accepted_at,
        expires_at: new.notification.expires_at,
        keep: new.keep,
    };
    let subject = insert(db, new, plan, &life)?;
    let mut changes = Changes::default();
    let mut users = Vec::new();
    if plan.is_first_part() {
        let part = expansion::Part {
            subject: &subject,
            plan,
            position: Position::START,
            rows: u32::try_from(FIRST_PART).unwrap_or(u32::MAX).saturating_add(1),
            seed: &new.seed,
            now: accepted_at,
        };
        let expanded = expansion::expand(db, &part, &mut changes)?;
        notification::set_position(db, subject.row, expanded.position)?;
        users = expanded.users;
    }
    let stage = first_stage(&life, plan.is_first_part());
    let work = work::insert(db, app, subject.row, stage, None)?;
    notification::set_work(db, subject.row, work)?;
    changes.touched(&subject);
    changes.write(txn, accepted_at)?;
    event::log_grew(txn, app, users, accepted_at)?;
    event::work_due(txn, app, (stage.kind, stage.due), accepted_at)?;
    answer(db, &subject)
}

fn insert(
    db: &Connection,
    new: &NewNotification,
    plan: &Plan,
    life: &Life,
) -> Result<Subject, rusqlite::Error> {
    let NewNotification {
        app,
        publication,
        notification,
        entry_bytes,
        idempotency: _,
        keep: _,
        seed: _,
    } = new;
    let row = notification::insert(
        db,
        &notification::New {
            app,
            notification,
            bytes: *entry_bytes,
            external_id: publication.external_id.as_deref(),
            correlation_id: publication.correlation_id.as_deref(),
            plan,
            forget_at: kept_until(life.expires_at, life.keep),
        },
    )?;
    Ok(Subject {
        row,
        id: notification.id,
        app: app.clone(),
    })
}

fn answer(db: &Connection, subject: &Subject) -> Result<PublishAccepted, rusqlite::Error> {
    let found = notification::find_row(db, subject.row)?
        .ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let (status, warnings) = found.standing(notification::counts(db, subject.row)?);
    Ok(PublishAccepted {
        id: subject.id,
        status,
        replayed: false,
        warnings,
    })
}

/// What is to be stopped.
struct Stop<'a> {
    app: &'a AppId,
    id: NotificationId,
    /// For a recall: the tags of log entries are derived from it.
    seed: Option<&'a [u8; 32]>,
    now: Timestamp,
    unreadable: &'a Unreadable,
}

/// Stops a notification and does the first part of what follows; the rest is work.
fn stop(txn: &mut Txn<'_>, stop: &Stop<'_>) -> Result<bool, rusqlite::Error> {
    let db = txn.connection();
    let Some(mut found) = notification::find(db, stop.app, stop.id)? else {
        return Ok(false);
    };
    let is_done = match stop.seed {
        Some(_) => found.is_recalled,
        None => found.is_cancelled,
    };
    if is_done {
        return Ok(true);
    }
    notification::stop(db, found.subject.row, stop.seed.is_some())?;
    found.is_cancelled = true;
    let pass = Pass {
        found: &found,
        after: i64::MIN,
        rows: FIRST_ROWS,
        now: stop.now,
        unreadable: stop.unreadable,
    };
    let mut changes = Changes::default();
    changes.touched(&found.subject);
    let (rest, users) = match stop.seed {
        Some(seed) => {
            let recalled = recall::recall(db, &pass, seed, &mut changes)?;
            (recalled.after, recalled.users)
        }
        None => (expiry::end(db, &pass, &mut changes)?, Vec::new()),
    };
    changes.write(txn, stop.now)?;
    event::log_grew(txn, stop.app, users, stop.now)?;
    if let Some(after) = rest {
        leave_rest(txn, stop, &found, after)?;
    }
    Ok(true)
}

/// A recall has a row of its own; the rest of a cancellation is done by the row of the notification's
/// life, which stands at its expiry or is on its way there.
fn leave_rest(
    txn: &mut Txn<'_>,
    stop: &Stop<'_>,
    found: &notification::Found,
    after: i64,
) -> Result<(), rusqlite::Error> {
    let kind = match stop.seed {
        Some(_) => WorkKind::Recall,
        None => WorkKind::Expire,
    };
    let stage = Stage {
        kind,
        due: stop.now,
    };
    let position = after.to_string();
    match stop.seed {
        Some(_) => {
            work::insert(txn, stop.app, found.subject.row, stage, Some(&position))?;
        }
        None => work::set(txn, found.work, stage, Some(&position))?,
    }
    event::work_due(txn, stop.app, (kind, stop.now), stop.now)
}
