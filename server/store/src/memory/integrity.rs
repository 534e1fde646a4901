//! What must hold between the maps.

use std::collections::BTreeMap;

use vestnik_model::{Channel, Counts, DeliveryStatus};
use vestnik_rules::{delivery::Slot, work::WorkKind};

use super::{
    row::{Content, Target},
    world::World,
};

/// What is wrong; nothing, when it is empty.
pub(super) fn faults(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for check in [
        counters,
        subscribers,
        logs,
        waiting,
        sessions,
        lives,
        webhooks,
        uploads,
    ] {
        check(world, &mut faults);
    }
    faults
}

/// Each counter is what a recount gives.
fn counters(world: &World, faults: &mut Vec<String>) {
    let shown = world
        .notifications
        .iter()
        .filter(|(_, row)| !row.is_forgotten);
    for (key, row) in shown {
        let mut recount = Counts::default();
        let mut by_channel = BTreeMap::<Channel, Counts>::new();
        for (_, delivery) in world.deliveries_after(*key, None) {
            let slot = Slot::of(&delivery.state);
            for count in slot.counts() {
                *recount.number(count) += 1;
                if let Some(channel) = slot.channel {
                    *by_channel.entry(channel).or_default().number(count) += 1;
                }
            }
        }
        let mut kept = row.counts_by_channel.clone();
        kept.retain(|_, counts| *counts != Counts::default());
        if recount != row.counts || by_channel != kept {
            let id = row.notification.id;
            faults.push(format!("the counters of {id} are not those of a recount"));
        }
    }
}

fn subscribers(world: &World, faults: &mut Vec<String>) {
    for (key, row) in world.topics.iter() {
        let subscriptions = world.subscriptions.keys().filter(|(topic, _)| topic == key);
        if subscriptions.count() as u64 != row.subscribers {
            faults.push("a topic's number of subscribers is not that of a recount".to_owned());
        }
    }
}

/// Each line is of an audience, which has counted it.
fn uploads(world: &World, faults: &mut Vec<String>) {
    let users = world.upload_users.keys().map(|(key, _)| *key);
    let lines = world.upload_lines.keys().map(|(key, _)| *key);
    let mut counted = BTreeMap::<_, u64>::new();
    for key in users.chain(lines) {
        *counted.entry(key).or_default() += 1;
    }
    for (key, count) in counted {
        let row = world.uploads.get(&key);
        if row.is_none_or(|row| row.good < count) {
            faults.push("lines are of no uploaded audience, or were not counted".to_owned());
        }
    }
    if world
        .upload_users
        .keys()
        .any(|(_, user)| !world.users.contains_key(user))
    {
        faults.push("a line of an uploaded audience names a user who is gone".to_owned());
    }
}

/// Each delivery has its entry, each entry its delivery, and no log goes on behind its head.
fn logs(world: &World, faults: &mut Vec<String>) {
    for ((notification, user), row) in world.deliveries.iter() {
        let Some(seq) = row.seq else { continue };
        let entry = world.logs.get(&(*user, seq));
        let is_there = entry.is_some_and(|entry| {
            entry.notification == *notification && entry.content == Content::Arrival
        });
        if !is_there {
            faults.push(format!("the delivery {} has no entry in the log", row.id));
        }
    }
    for ((user, seq), row) in world.logs.iter() {
        if !world.deliveries.contains_key(&(row.notification, *user)) {
            faults.push("an entry of a log has no delivery".to_owned());
        }
        if world.users.get(user).is_none_or(|user| user.seq < *seq) {
            faults.push("a log goes on behind its head".to_owned());
        }
    }
}

/// Each delivery that is in no log waits for its time or has ended, and work is due when it may come.
fn waiting(world: &World, faults: &mut Vec<String>) {
    for ((notification, user), row) in world.deliveries.iter() {
        let is_scheduled = row.state.status == DeliveryStatus::Scheduled;
        let is_open = row.state.status.rank().is_some() && !is_scheduled;
        if (is_scheduled && row.seq.is_some()) || (is_open && row.seq.is_none()) {
            faults.push(format!(
                "{} is in a log before its time, or not after it",
                row.id
            ));
        }
        let of = world.notifications.get(notification);
        let of = of.filter(|of| !of.is_forgotten && world.name_of(*user).is_some());
        let Some(of) = of.filter(|_| is_scheduled || row.release_at.is_some()) else {
            continue;
        };
        let work = of.release.and_then(|work| world.work.get(&work));
        let is_its = work.is_some_and(|work| {
            work.kind == WorkKind::Release && work.target == Target::Notification(*notification)
        });
        if row.release_at.is_none() || !is_its {
            faults.push(format!("{} waits for its time without work", row.id));
        }
    }
}

/// Each family of refresh tokens and each connection is of a present session.
fn sessions(world: &World, faults: &mut Vec<String>) {
    for row in world.families.values() {
        let installation = world
            .installations
            .get(&(row.app.clone(), row.installation));
        let is_present = installation
            .is_some_and(|of| of.user.is_some() && of.generation == row.family.generation);
        if !is_present {
            faults.push("a family of refresh tokens has no session".to_owned());
        }
    }
    for key in world.presence.keys() {
        let installation = world
            .installations
            .get(&(key.app.clone(), key.installation));
        if installation.is_none_or(|row| row.user.is_none()) {
            faults.push("a connection has no session".to_owned());
        }
    }
}

/// Each notification has the row of work of its life.
fn lives(world: &World, faults: &mut Vec<String>) {
    for row in world.notifications.values() {
        let kind = world.work.get(&row.work).map(|work| work.kind);
        let is_life = matches!(
            kind,
            Some(WorkKind::Expand | WorkKind::Expire | WorkKind::Settle | WorkKind::Retain)
        );
        if !is_life {
            faults.push(format!("{} has no row of work", row.notification.id));
        }
    }
}

/// A webhook that is enabled has a row of work, another one has none.
fn webhooks(world: &World, faults: &mut Vec<String>) {
    for ((app, id), row) in world.webhooks.iter() {
        let work = row.work.and_then(|work| world.work.get(&work));
        let is_its = work.map(|work| {
            work.kind == WorkKind::Webhook
                && work.app == *app
                && work.target == Target::Webhook(*id)
        });
        let is_enabled = row.webhook.state.disabled.is_none();
        if is_its != is_enabled.then_some(true) {
            faults.push(format!("{id} has not the row of work that it should"));
        }
    }
    let rows = world.work.values();
    let rows = rows.filter(|row| row.kind == WorkKind::Webhook).count();
    let enabled = world.webhooks.values().filter(|row| row.work.is_some());
    if rows != enabled.count() {
        faults.push("there is work of webhooks that are not there".to_owned());
    }
}
