//! Accepting, cancelling and recalling notifications.

mod editing;

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{
    AppId, Arrival, Entry, Notification, NotificationId, Publication, PublishAccepted, TopicName,
    wire_size,
};
use vestnik_rules::{
    audience::{FIRST_PART, Plan, Position},
    cascade,
    contact::ContactKey,
    device::Wanted,
    idempotency::{Verdict, verdict},
    identity::delivery_id_of,
    retry::{FIRST_PART as FIRST_LOOKS, Prospect, admit},
    schedule::span,
    work::{Life, Stage, WorkKind, first_stage, kept_until},
};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Publishing,
    effect::Arrived,
    publishing::{
        Edit, EditOutcome, IdempotencyRecord, NewNotification, Pause, PublishOutcome, Retry,
        RetryOutcome,
    },
};

use crate::{
    SqliteStore,
    table::{
        Txn, audience,
        change::{Changes, Subject},
        count, dispatch, event, expansion,
        expiry::{self, Pass},
        idempotency, notification, provider, release, retry, topic, work,
    },
    value::Unreadable,
};

/// The most deliveries that cancelling or recalling changes in the transaction that is waited for; the
/// rest is work.
const FIRST_ROWS: u32 = 500;

impl Publishing for SqliteStore {
    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome> {
        let (bytes, unreadable) = (entry_bytes(new.notification.clone()), self.unreadable());
        let key = self.contact_key();
        self.write(Priority::Normal, move |txn| {
            let asked = Asked {
                new: &new,
                bytes,
                key: &key,
                unreadable: &unreadable,
            };
            publish(txn, &asked)
        })
    }

    fn recognise(
        &self,
        app: AppId,
        record: IdempotencyRecord,
        now: Timestamp,
    ) -> Answer<'_, Verdict> {
        let key = self.contact_key();
        // In its turn behind publications that are on their way: a snapshot would not have those.
        self.write(Priority::Normal, move |txn| {
            let found = idempotency::find(txn, &app, &record.key)?;
            Ok(verdict(
                found.as_ref(),
                &key.request(&record.body_hash),
                now,
            ))
        })
    }

    fn edit(&self, edit: Edit) -> Answer<'_, EditOutcome> {
        self.write(Priority::Normal, move |txn| editing::change(txn, &edit))
    }

    fn pause(&self, asked: Pause) -> Answer<'_, EditOutcome> {
        self.write(Priority::Normal, move |txn| editing::pause(txn, &asked))
    }

    fn cancel(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        let unreadable = self.unreadable();
        self.write(Priority::Normal, move |txn| {
            let (app, unreadable) = (&app, &unreadable);
            let is_recall = false;
            stop(
                txn,
                &Stop {
                    app,
                    id,
                    is_recall,
                    now,
                    unreadable,
                },
            )
        })
    }

    fn recall(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        let unreadable = self.unreadable();
        self.write(Priority::Normal, move |txn| {
            let (app, unreadable) = (&app, &unreadable);
            let is_recall = true;
            stop(
                txn,
                &Stop {
                    app,
                    id,
                    is_recall,
                    now,
                    unreadable,
                },
            )
        })
    }

    fn retry(&self, asked: Retry) -> Answer<'_, RetryOutcome> {
        let unreadable = self.unreadable();
        self.write(Priority::Normal, move |txn| retry(txn, &asked, &unreadable))
    }
}

/// Tries anew what was lost: the first part at once, the rest as work.
fn retry(
    txn: &mut Txn<'_>,
    asked: &Retry,
    unreadable: &Unreadable,
) -> Result<RetryOutcome, rusqlite::Error> {
    let Retry { app, id, now } = asked;
    let db = txn.connection();
    let Some(found) = notification::find(db, app, *id)? else {
        return Ok(RetryOutcome::Unknown);
    };
    let row = found.subject.row;
    let prospect = Prospect {
        counts: count::of(db, row)?,
        expires_at: found.expires_at,
        is_cancelled: found.is_cancelled,
    };
    if let Err(obstacle) = admit(&prospect, *now) {
        return Ok(RetryOutcome::Refused(obstacle));
    }
    if work::is_under_way(db, WorkKind::Retry, app, row)? {
        return Ok(RetryOutcome::of(0, false));
    }
    let pass = Pass {
        found: &found,
        after: i64::MIN,
        rows: FIRST_LOOKS,
        now: *now,
        unreadable,
    };
    let mut changes = Changes::default();
    let is_routed = is_routed(db, app, row)?;
    let retried = retry::retry(db, &pass, is_routed, &mut changes)?;
    changes.write(txn, *now)?;
    dispatch::wake(txn, &found.subject, *now)?;
    release::wake(txn, &found.subject, *now)?;
    if let Some(after) = retried.after {
        let stage = Stage {
            kind: WorkKind::Retry,
            due: *now,
        };
        work::insert(txn, app, row, stage, Some(&after.to_string()))?;
        event::work_due(txn, app, stage, *now)?;
    }
    Ok(RetryOutcome::of(retried.count, retried.after.is_none()))
}

/// The size of the entry that the notification becomes in a log, the larger of its two encodings.
fn entry_bytes(notification: Notification) -> usize {
    let arrival = Arrival {
        id: notification.id,
        at: notification.accepted_at,
        delivery_id: delivery_id_of(notification.id, 0),
        read_at: Some(notification.accepted_at),
        notification,
    };
    // What cannot be written is refused when it is stored.
    wire_size::of(&Entry::Notification(Box::new(arrival))).unwrap_or_default()
}

/// A notification to accept, with the size of its entry.
struct Asked<'a> {
    new: &'a NewNotification,
    bytes: usize,
    key: &'a ContactKey,
    unreadable: &'a Unreadable,
}

fn publish(txn: &mut Txn<'_>, asked: &Asked<'_>) -> Result<PublishOutcome, rusqlite::Error> {
    let new = asked.new;
    let now = new.notification.accepted_at;
    let idempotency = new.idempotency.as_ref().map(|record| IdempotencyRecord {
        body_hash: asked.key.request(&record.body_hash),
        ..record.clone()
    });
    if let Some(record) = &idempotency {
        let found = idempotency::find(txn, &new.app, &record.key)?;
        match verdict(found.as_ref(), &record.body_hash, now) {
            Verdict::New => {}
            Verdict::Replay(accepted) => return Ok(PublishOutcome::Replayed(accepted)),
            Verdict::Mismatch => return Ok(PublishOutcome::Mismatch),
        }
    }
    let plan = Plan::of(&new.app, &new.publication.audience, asked.key);
    let unknown = unknown_topics(txn, &new.app, &plan)?;
    if !unknown.is_empty() {
        return Ok(PublishOutcome::UnknownTopics(unknown));
    }
    let unusable = audience::unusable(txn, &new.app, &plan)?;
    if !unusable.is_empty() {
        return Ok(PublishOutcome::UnusableAudiences(unusable));
    }
    let accepted = accept(txn, asked, &plan)?;
    if let Some(record) = &idempotency {
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
    asked: &Asked<'_>,
    plan: &Plan,
) -> Result<PublishAccepted, rusqlite::Error> {
    let (db, new) = (txn.connection(), asked.new);
    let (app, accepted_at) = (&new.app, new.notification.accepted_at);
    let opens_at = opens_at(new);
    let begins = plan.is_first_part() && opens_at <= accepted_at;
    let life = Life {
        opens_at,
        expires_at: new.notification.expires_at,
        keep: new.keep,
    };
    let subject = insert(db, new, asked.bytes, plan)?;
    let mut changes = Changes::default();
    let (mut users, mut gave_way) = (Vec::new(), Vec::new());
    let mut is_expanded = false;
    if begins {
        let part = expansion::Part {
            subject: &subject,
            plan,
            accepted_at,
            key: asked.key,
            position: Position::START,
            rows: u32::try_from(FIRST_PART)
                .unwrap_or(u32::MAX)
                .saturating_add(1),
            seed: &new.seed,
            now: accepted_at,
            is_routed: is_routed(db, app, subject.row)?,
            wanted: Wanted::of(&new.publication.audience),
            arrived: Some(Arc::new(Arrived {
                at: accepted_at,
                bytes: asked.bytes,
                notification: new.notification.clone(),
            })),
            collapse_key: new.publication.collapse_key.as_deref(),
            unreadable: asked.unreadable,
        };
        let expanded = expansion::expand(db, &part, &mut changes)?;
        notification::set_position(db, subject.row, expanded.position)?;
        is_expanded = expanded.position.is_none();
        (users, gave_way) = (expanded.users, expanded.gave_way);
    }
    let stage = first_stage(&life, is_expanded);
    let work = work::insert(db, app, subject.row, stage, None)?;
    notification::set_work(db, subject.row, work)?;
    changes.touched(&subject);
    changes.write(txn, accepted_at)?;
    for subject in gave_way.iter().chain([&subject]) {
        dispatch::wake(txn, subject, accepted_at)?;
    }
    release::wake(txn, &subject, accepted_at)?;
    event::log_grew(txn, app, users, accepted_at)?;
    event::work_due(txn, app, stage, accepted_at)?;
    answer(db, &subject)
}

/// Whether the deliveries of an App's notification are looked at by a dispatch.
pub(crate) fn is_routed(db: &Connection, app: &AppId, row: i64) -> Result<bool, rusqlite::Error> {
    let steps = notification::steps(db, row)?;
    let wanted = notification::wanted(db, row)?;
    let has_provider = provider::has_any(db, app)?;
    Ok(cascade::is_routed(&steps, &wanted, has_provider))
}

/// From when on anybody may be notified.
fn opens_at(new: &NewNotification) -> Timestamp {
    let Publication { schedule, ttl, .. } = &new.publication;
    span(schedule, new.notification.accepted_at, *ttl).starts_at
}

fn insert(
    db: &Connection,
    new: &NewNotification,
    bytes: usize,
    plan: &Plan,
) -> Result<Subject, rusqlite::Error> {
    let NewNotification {
        app,
        publication,
        notification,
        idempotency: _,
        keep,
        seed: _,
    } = new;
    let row = notification::insert(
        db,
        &notification::New {
            app,
            notification,
            bytes,
            external_id: publication.external_id.as_deref(),
            correlation_id: publication.correlation_id.as_deref(),
            collapse_key: publication.collapse_key.as_deref(),
            plan,
            steps: &publication.steps,
            wanted: &Wanted::of(&publication.audience),
            schedule: &publication.schedule,
            error_policy: publication.error_policy,
            ttl: publication.ttl,
            opens_at: opens_at(new),
            forget_at: kept_until(notification.expires_at, *keep),
        },
    )?;
    Ok(Subject {
        row,
        id: notification.id,
        app: app.clone(),
    })
}

fn answer(db: &Connection, subject: &Subject) -> Result<PublishAccepted, rusqlite::Error> {
    let found =
        notification::find_row(db, subject.row)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let (status, warnings) = found.standing(count::of(db, subject.row)?);
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
    is_recall: bool,
    now: Timestamp,
    unreadable: &'a Unreadable,
}

/// Stops a notification: what waits is cancelled, the first part of it at once. The rest, and the
/// entries of a recall, are work.
fn stop(txn: &mut Txn<'_>, stop: &Stop<'_>) -> Result<bool, rusqlite::Error> {
    let db = txn.connection();
    let Some(found) = notification::find(db, stop.app, stop.id)? else {
        return Ok(false);
    };
    let is_done = found.is_recalled || (found.is_cancelled && !stop.is_recall);
    if is_done {
        return Ok(true);
    }
    notification::stop(db, found.subject.row, stop.is_recall)?;
    let pass = Pass {
        found: &found,
        after: i64::MIN,
        rows: FIRST_ROWS,
        now: stop.now,
        unreadable: stop.unreadable,
    };
    let mut changes = Changes::default();
    changes.touched(&found.subject);
    // What has expired is left to the row of the notification's life, which is due.
    let rest = if pass.is_expired() {
        None
    } else {
        expiry::end(db, &pass, &mut changes)?
    };
    changes.write(txn, stop.now)?;
    event::stopped(txn, stop.app, found.subject.id, stop.now)?;
    if let Some(after) = rest {
        // The row of the notification's life stands at its expiry or is on its way there.
        let stage = Stage {
            kind: WorkKind::Expire,
            due: stop.now,
        };
        work::set(txn, found.work, stage, Some(&pass.position(after)))?;
        event::work_due(txn, stop.app, stage, stop.now)?;
    }
    if stop.is_recall {
        let stage = Stage {
            kind: WorkKind::Recall,
            due: stop.now,
        };
        work::insert(txn, stop.app, found.subject.row, stage, None)?;
        event::work_due(txn, stop.app, stage, stop.now)?;
    }
    Ok(true)
}
