//! Topics, subscriptions, users.

use jiff::Timestamp;
use vestnik_model::{
    AppId, GatewayName, TopicName, UserId,
    preference::StoredOptOuts,
    subscription::{Topic, TopicSettings},
};
use vestnik_rules::{
    schedule::Attributes,
    work::{Stage, WorkKind},
};

use super::{
    MemoryStore,
    audience_files::forget,
    reach,
    row::{Target, TopicKey, TopicRow, UserKey},
    sessions::end_sessions_of,
    txn::Txn,
    world::World,
};
use crate::{
    Answer, Audiences,
    audiences::{ReachOutcome, ReachQuery, SubscribeOutcome, Subscription},
};

impl Audiences for MemoryStore {
    fn put_topic(&self, app: AppId, name: TopicName, settings: TopicSettings) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let world = &mut txn.world;
            if let Some(row) = world
                .topic_key(&app, &name)
                .and_then(|key| world.topics.get_mut(&key))
            {
                row.settings = settings;
                return Ok(());
            }
            let key = world.next_key();
            let row = TopicRow {
                settings,
                subscribers: 0,
            };
            world.topics.insert(key, row);
            world.topic_names.insert((app, name), key);
            Ok(())
        })
    }

    fn topic(&self, app: AppId, name: TopicName) -> Answer<'_, Option<Topic>> {
        self.read(move |world| {
            let row = world.topics.get(&world.topic_key(&app, &name)?)?;
            Some(Topic {
                name,
                self_subscribe: row.settings.self_subscribe,
                subscribers: row.subscribers,
            })
        })
    }

    fn delete_topic(&self, app: AppId, name: TopicName, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Some(key) = txn.world.topic_names.remove(&(app.clone(), name)) else {
                return Ok(false);
            };
            let kind = WorkKind::DeleteTopic;
            txn.leave_work(&app, Target::Topic(key), Stage { kind, due: now });
            Ok(true)
        })
    }

    fn subscribe(&self, subscription: Subscription) -> Answer<'_, SubscribeOutcome> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            Ok(subscribe(&mut txn.world, &subscription))
        })
    }

    fn unsubscribe(&self, app: AppId, topic: TopicName, user: UserId) -> Answer<'_, bool> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let Some(topic) = txn.world.topic_key(&app, &topic) else {
                return Ok(false);
            };
            if let Some(user) = txn.world.user_key(&app, &user) {
                leave(&mut txn.world, topic, user);
            }
            Ok(true)
        })
    }

    fn erase_user(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| Ok(erase(txn, &app, &user, now)))
    }

    fn reach(&self, asked: ReachQuery) -> Answer<'_, ReachOutcome> {
        self.read(move |world| reach::of(world, &asked))
    }
}

fn subscribe(world: &mut World, subscription: &Subscription) -> SubscribeOutcome {
    let Subscription {
        app,
        topic,
        user,
        by_user,
        max_topics,
    } = subscription;
    let key = world.topic_key(app, topic);
    let Some((key, row)) = key.and_then(|key| Some((key, world.topics.get(&key)?))) else {
        return SubscribeOutcome::Unavailable;
    };
    if *by_user && !row.settings.self_subscribe {
        return SubscribeOutcome::Unavailable;
    }
    let user = world.ensure_user(app, user);
    if world.subscriptions.contains_key(&(key, user)) {
        return SubscribeOutcome::Subscribed;
    }
    let number = world.subscriptions.keys().filter(|(_, of)| *of == user);
    if *by_user && number.count() >= *max_topics as usize {
        return SubscribeOutcome::TooMany;
    }
    world.subscriptions.insert((key, user), ());
    count(world, key, 1);
    SubscribeOutcome::Subscribed
}

/// Takes a user out of a topic.
pub(super) fn leave(world: &mut World, topic: TopicKey, user: UserKey) {
    if world.subscriptions.remove(&(topic, user)).is_some() {
        count(world, topic, -1);
    }
}

fn count(world: &mut World, topic: TopicKey, change: i64) {
    if let Some(row) = world.topics.get_mut(&topic) {
        row.subscribers = row.subscribers.saturating_add_signed(change);
    }
}

/// The user's name is free at once, and their sessions end in the same transaction.
fn erase(txn: &mut Txn, app: &AppId, user: &UserId, now: Timestamp) -> bool {
    let name = (app.clone(), user.clone());
    let erased = txn.world.erased.entry(name.clone()).or_insert(now);
    *erased = now.max(*erased);
    if let Some(key) = txn.world.user_key(app, user) {
        forget(&mut txn.world, app, (key, user));
    }
    let had_session = end_sessions_of(txn, app, user, now) > 0;
    let Some(key) = txn.world.user_names.remove(&name) else {
        return had_session;
    };
    if let Some(row) = txn.world.users.get_mut(&key) {
        row.name = None;
        row.attributes = Attributes::default();
        row.opt_outs = StoredOptOuts::default();
    }
    txn.world.emails.remove(&key);
    txn.world.phones.remove(&key);
    let is_theirs = |(user, _): &(UserKey, GatewayName)| *user == key;
    txn.world.chats.retain(|at, _| !is_theirs(at));
    txn.world.chat_links.retain(|at, _| !is_theirs(at));
    let kind = WorkKind::EraseUser;
    txn.leave_work(app, Target::User(key), Stage { kind, due: now });
    true
}
