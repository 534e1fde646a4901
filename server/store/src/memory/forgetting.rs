//! The end of notifications, topics and users: what is theirs is deleted in parts.

use vestnik_rules::delivery::Slot;

use super::{
    audiences::leave,
    row::{Content, NotificationKey, Target, TopicKey, UserKey},
    txn::{Txn, corrupt},
    world::World,
};
use crate::StoreError;

/// Deletes the next deliveries of a notification, and the notification after the last. Tells whether
/// more are left.
pub(super) fn forget_notification(world: &mut World, key: NotificationKey, rows: usize) -> bool {
    if let Some(row) = world.notifications.get_mut(&key) {
        row.is_forgotten = true;
    }
    let deliveries = world.deliveries_after(key, None);
    let users: Vec<_> = deliveries.map(|(user, _)| user).take(rows).collect();
    for user in &users {
        delete_delivery(world, (key, *user));
    }
    let is_more = users.len() == rows;
    if !is_more && let Some(row) = world.notifications.remove(&key) {
        world.notification_ids.remove(&row.notification.id);
    }
    is_more
}

/// Deletes a delivery with everything that hangs on it.
fn delete_delivery(world: &mut World, key: (NotificationKey, UserKey)) {
    let (notification, user) = key;
    if let Some(row) = world.deliveries.remove(&key) {
        world.delivery_ids.remove(&row.id);
    }
    world
        .logs
        .retain(|(of, _), row| *of != user || row.notification != notification);
    world.attempts.retain(|(of, to, _), _| (*of, *to) != key);
    world.withdrawals.retain(|(of, to, _), _| (*of, *to) != key);
    world.flags.retain(|(of, to, _), _| (*of, *to) != key);
    world.not_shown.retain(|(of, to, _), _| (*of, *to) != key);
    world
        .facts
        .retain(|(of, _, _), about| *of != user || *about != Some(notification));
}

/// Deletes the next subscriptions of a topic, and the topic after the last. Tells whether more are
/// left.
pub(super) fn delete_topic(world: &mut World, topic: TopicKey, rows: usize) -> bool {
    let range = (topic, UserKey::MIN)..=(topic, UserKey::MAX);
    let users = world
        .subscriptions
        .range(range)
        .map(|((_, user), ())| *user);
    let users: Vec<_> = users.take(rows).collect();
    for user in &users {
        leave(world, topic, *user);
    }
    let is_more = users.len() == rows;
    if !is_more {
        world.topics.remove(&topic);
    }
    is_more
}

/// Deletes the next part of what is a user's, and the user after the last. Tells whether more is left.
pub(super) fn erase_user(txn: &mut Txn, user: UserKey, rows: usize) -> Result<bool, StoreError> {
    let topics = txn.world.subscriptions.keys();
    let topics = topics
        .filter(|(_, of)| *of == user)
        .map(|(topic, _)| *topic);
    let topics: Vec<_> = topics.take(rows).collect();
    for topic in &topics {
        leave(&mut txn.world, *topic, user);
    }
    if topics.len() == rows {
        return Ok(true);
    }
    let uploads = txn.world.upload_users.keys();
    let uploads = uploads.filter(|(_, of)| *of == user);
    let uploads: Vec<_> = uploads.take(rows).copied().collect();
    for at in &uploads {
        txn.world.upload_users.remove(at);
    }
    if uploads.len() == rows {
        return Ok(true);
    }
    let entries = txn.world.logs.range((user, 0)..=(user, u64::MAX));
    let arrivals = entries.filter(|(_, row)| row.content == Content::Arrival);
    let notifications: Vec<_> = arrivals
        .map(|(_, row)| row.notification)
        .take(rows)
        .collect();
    for notification in &notifications {
        uncount(txn, (*notification, user))?;
        delete_delivery(&mut txn.world, (*notification, user));
    }
    if notifications.len() == rows {
        return Ok(true);
    }
    let unlogged = txn.world.deliveries.iter();
    let unlogged = unlogged.filter(|((_, of), row)| *of == user && row.seq.is_none());
    let unlogged: Vec<_> = unlogged.map(|(key, _)| *key).take(rows).collect();
    for key in &unlogged {
        uncount(txn, *key)?;
        delete_delivery(&mut txn.world, *key);
    }
    if unlogged.len() == rows {
        return Ok(true);
    }
    let world = &mut txn.world;
    world.logs.retain(|(of, _), _| *of != user);
    world.facts.retain(|(of, _, _), _| *of != user);
    world.work.retain(|_, row| match row.target {
        Target::Mark(of, _) => of != user,
        Target::Store
        | Target::Notification(_)
        | Target::Topic(_)
        | Target::Upload(_)
        | Target::User(_)
        | Target::Provider(_)
        | Target::Asked(_)
        | Target::Webhook(_) => true,
    });
    world.users.remove(&user);
    Ok(false)
}

/// Takes a delivery out of the counters of its notification.
fn uncount(txn: &mut Txn, key: (NotificationKey, UserKey)) -> Result<(), StoreError> {
    let Some(delivery) = txn.world.deliveries.get(&key) else {
        return Ok(());
    };
    let slot = Slot::of(&delivery.state);
    if let Some(row) = txn.world.notifications.get_mut(&key.0) {
        let own = slot.channel;
        let own = own.and_then(|channel| row.counts_by_channel.get_mut(&channel));
        for counts in [Some(&mut row.counts), own].into_iter().flatten() {
            let left = slot.taken_from(*counts);
            *counts = left.ok_or_else(|| corrupt("a counter would fall below zero"))?;
        }
    }
    txn.touched(key.0);
    Ok(())
}
