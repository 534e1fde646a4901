//! Topics, subscriptions, users.

use jiff::Timestamp;
use vestnik_model::{
    AppId, TopicName, UserId,
    subscription::{Topic, TopicSettings},
};
use vestnik_rules::{
    contact::ContactKey,
    work::{Stage, WorkKind},
};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Audiences,
    audiences::{ReachOutcome, ReachQuery, SubscribeOutcome, Subscription},
};

use super::sessions::end_sessions_of;
use crate::{
    SqliteStore,
    store::Class,
    table::{Txn, audience_line, erased_user, erasure, event, reach, topic, user, work},
};

impl Audiences for SqliteStore {
    fn put_topic(&self, app: AppId, name: TopicName, settings: TopicSettings) -> Answer<'_, ()> {
        self.write(Priority::Normal, move |txn| {
            topic::put(txn, &app, &name, settings)
        })
    }

    fn topic(&self, app: AppId, name: TopicName) -> Answer<'_, Option<Topic>> {
        self.read(Class::List, move |db| {
            let found = topic::find(db, &app, &name)?;
            Ok(found.map(|found| found.view(name)))
        })
    }

    fn delete_topic(&self, app: AppId, name: TopicName, now: Timestamp) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let Some(found) = topic::find(txn, &app, &name)? else {
                return Ok(false);
            };
            topic::unname(txn, found.row)?;
            leave_work(txn, &app, WorkKind::DeleteTopic, found.row, now)?;
            Ok(true)
        })
    }

    fn subscribe(&self, subscription: Subscription) -> Answer<'_, SubscribeOutcome> {
        self.write(Priority::Normal, move |txn| subscribe(txn, &subscription))
    }

    fn unsubscribe(&self, app: AppId, topic: TopicName, user: UserId) -> Answer<'_, bool> {
        self.write(Priority::Normal, move |txn| {
            let Some(found) = topic::find(txn, &app, &topic)? else {
                return Ok(false);
            };
            if let Some(head) = user::find(txn, &app, &user)? {
                topic::unsubscribe(txn, found.row, head.row)?;
            }
            Ok(true)
        })
    }

    fn reach(&self, asked: ReachQuery) -> Answer<'_, ReachOutcome> {
        let (key, unreadable) = (self.contact_key(), self.unreadable());
        self.read(Class::List, move |db| {
            reach::of(db, &asked, &key, &unreadable)
        })
    }

    fn erase_user(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, bool> {
        let key = self.contact_key();
        self.write(Priority::Normal, move |txn| {
            erase(txn, (&app, &user), &key, now)
        })
    }
}

fn subscribe(
    txn: &mut Txn<'_>,
    subscription: &Subscription,
) -> Result<SubscribeOutcome, rusqlite::Error> {
    let Subscription {
        app,
        topic,
        user,
        by_user,
        max_topics,
    } = subscription;
    let found = topic::find(txn, app, topic)?;
    let Some(found) = found.filter(|found| found.is_open || !by_user) else {
        return Ok(SubscribeOutcome::Unavailable);
    };
    let head = user::ensure(txn, app, user)?;
    if *by_user && !topic::is_subscribed(txn, found.row, head.row)? {
        let number = topic::number_of(txn, head.row, *max_topics)?;
        if number >= *max_topics {
            return Ok(SubscribeOutcome::TooMany);
        }
    }
    topic::subscribe(txn, found.row, head.row)?;
    Ok(SubscribeOutcome::Subscribed)
}

/// The user's name is free at once, and their sessions end in the same transaction. A name that is not known
/// may be listed by an audience that waits.
fn erase(
    txn: &mut Txn<'_>,
    (app, user): (&AppId, &UserId),
    key: &ContactKey,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    erased_user::put(txn, (app, user), key, now)?;
    audience_line::forget_installations(txn, (app, user))?;
    let had_session = end_sessions_of(txn, app, user, now)? > 0;
    let Some(head) = user::find(txn, app, user)? else {
        return Ok(had_session);
    };
    erasure::forget_name(txn, head.row)?;
    leave_work(txn, app, WorkKind::EraseUser, head.row, now)?;
    Ok(true)
}

fn leave_work(
    txn: &mut Txn<'_>,
    app: &AppId,
    kind: WorkKind,
    target: i64,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let stage = Stage { kind, due: now };
    work::insert(txn, app, target, stage, None)?;
    event::work_due(txn, app, stage, now)
}
