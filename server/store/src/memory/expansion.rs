//! Expansion: from the plan of an audience to a delivery and an entry of the log for each user.

use std::{collections::BTreeSet, convert::Infallible};

use jiff::Timestamp;
use vestnik_model::{AppId, AudienceId, InstallationId, TopicName, UserId};
use vestnik_rules::{
    audience::{Candidate, ListedUser, Members, Naming, Plan, Position, Source, admit},
    cascade::Course,
    collapse::TOO_LATE,
    consent::{Passage, Ways, passage},
    delivery::{Move, is_timed},
    device,
    erasure::is_meant,
    hold::OptOut,
    identity::delivery_id,
    release::make,
    schedule::Turn,
};

use super::{
    audience_files::{named, naming, only},
    collapse::{gave_way, take_place},
    contacts::{contacts_of, with_contact},
    dispatch::wake,
    logs::{Append, append},
    release,
    row::{Content, DeliveryRow, NotificationKey, UserKey},
    txn::{Txn, corrupt},
    world::World,
};
use crate::StoreError;

/// A part of an expansion, which begins where the last one ended.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) notification: NotificationKey,
    /// The most members of sources that it walks.
    pub(super) rows: usize,
    pub(super) seed: &'a [u8; 32],
    pub(super) now: Timestamp,
}

/// A member of a source.
#[derive(Debug)]
struct Walked {
    /// The position behind the member.
    position: Position,
    /// Absent of a listed user who was erased since.
    user: Option<UserKey>,
    only: Option<Vec<InstallationId>>,
}

/// Expands a part and notes where the next one begins.
pub(super) fn expand(txn: &mut Txn, part: &Part<'_>) -> Result<(), StoreError> {
    let row = txn.world.notifications.get(&part.notification);
    let row = row.ok_or_else(|| corrupt("a notification is gone"))?;
    let (app, plan) = (row.app.clone(), row.plan.clone());
    let accepted_at = row.notification.accepted_at;
    let mut next = row.position;
    let mut left = part.rows.max(1);
    while let Some(source) = next.and_then(|position| plan.source(position)) {
        let mut position = source.position;
        if left == 0 {
            next = Some(position);
            break;
        }
        let walked = walk(&mut txn.world, (&app, &plan, accepted_at), &source, left);
        let is_end = walked.len() < left;
        left -= walked.len().min(left);
        for member in walked {
            position = member.position;
            if let Some(user) = member.user {
                deliver(txn, part, (&plan, &source), (user, member.only))?;
            }
        }
        next = Some(if is_end { position.end() } else { position });
    }
    next = next.filter(|position| plan.source(*position).is_some());
    if let Some(row) = txn.world.notifications.get_mut(&part.notification) {
        row.position = next;
    }
    txn.touched(part.notification);
    wake(txn, part.notification);
    release::wake(txn, part.notification);
    Ok(())
}

/// The next members of a source.
fn walk(
    world: &mut World,
    (app, plan, accepted_at): (&AppId, &Plan, Timestamp),
    source: &Source,
    limit: usize,
) -> Vec<Walked> {
    let after = source.position.after;
    let is_next = |key: i64| after.is_none_or(|after| key > after);
    let past = |key: i64| source.position.past(key);
    match &source.members {
        Members::Users(listed) => listed
            .iter()
            .take(limit)
            .map(|ListedUser { key, user }| Walked {
                position: past(*key),
                user: {
                    let erased_at = world.erased.get(&(app.clone(), user.clone()));
                    is_meant(accepted_at, erased_at.copied()).then(|| world.ensure_user(app, user))
                },
                only: None,
            })
            .collect(),
        Members::Topic(name) => subscribers(world, app, name)
            .into_iter()
            .filter(|user| is_next(*user))
            .take(limit)
            .map(|user| Walked {
                position: past(user),
                user: Some(user),
                only: None,
            })
            .collect(),
        Members::Contacts(hashes) => with_contact(world, app, hashes)
            .into_iter()
            .filter(|user| is_next(*user))
            .take(limit)
            .map(|user| Walked {
                position: past(user),
                user: Some(user),
                only: None,
            })
            .collect(),
        Members::Installations(ids) => owners(world, app, ids)
            .into_iter()
            .filter(|user| is_next(*user))
            .take(limit)
            .map(|user| Walked {
                position: past(user),
                user: Some(user),
                only: Some(only(world, (app, plan), user)),
            })
            .collect(),
        Members::Uploaded(id, naming) => {
            uploaded(world, (app, plan), (*id, *naming), source.position)
                .take(limit)
                .collect()
        }
    }
}

/// The subscribers of a topic in the order of their keys. A topic that was deleted since has nobody in
/// it, and a user who is being erased is in none.
fn subscribers(world: &World, app: &AppId, name: &TopicName) -> Vec<UserKey> {
    let Some(topic) = world.topic_key(app, name) else {
        return Vec::new();
    };
    let range = (topic, UserKey::MIN)..=(topic, UserKey::MAX);
    let users = world
        .subscriptions
        .range(range)
        .map(|((_, user), ())| *user);
    users
        .filter(|user| world.name_of(*user).is_some())
        .collect()
}

/// Those whom an uploaded audience names in one way and who have not been walked.
fn uploaded<'a>(
    world: &'a World,
    (app, plan): (&'a AppId, &'a Plan),
    source: (AudienceId, Naming),
    position: Position,
) -> impl Iterator<Item = Walked> + 'a {
    let (_, naming) = source;
    let named = named(world, app, source).into_iter();
    let left = named.filter(move |(key, user)| match user {
        Some(user) => position.is_before(*key, *user),
        None => position.after.is_none_or(|after| *key > after),
    });
    left.map(move |(key, user)| Walked {
        position: match user {
            Some(user) if naming == Naming::Contact => position.within(key, user),
            Some(_) | None => position.past(key),
        },
        user,
        only: user
            .filter(|_| naming == Naming::Installation)
            .map(|user| only(world, (app, plan), user)),
    })
}

/// The owners of listed installations. Unknown installations are nobody's.
fn owners(world: &World, app: &AppId, ids: &[InstallationId]) -> BTreeSet<UserKey> {
    let owners = ids.iter().filter_map(|id| {
        let row = world.installations.get(&(app.clone(), *id));
        row.and_then(|row| world.user_key(app, row.user.as_ref()?))
    });
    owners.collect()
}

/// What a source of an audience is to a user whom it names.
fn passage_of(
    world: &World,
    (app, user): (&AppId, UserKey),
    (plan, source): (&Plan, &Source),
) -> Passage {
    let Some(row) = world.users.get(&user) else {
        return Passage::Open;
    };
    let ways = ways(world, (app, plan), (user, row.name.as_ref()));
    passage(plan, source, &row.opt_outs.known, &ways)
}

/// What may name a user.
fn ways(
    world: &World,
    (app, plan): (&AppId, &Plan),
    (user, name): (UserKey, Option<&UserId>),
) -> Ways {
    let topics = world.subscriptions.keys().filter(|(_, of)| *of == user);
    let names = topics.filter_map(|(topic, _)| {
        let mut named = world.topic_names.iter();
        named.find_map(|((_, name), key)| (key == topic).then(|| name.clone()))
    });
    Ways {
        topics: names.collect(),
        contacts: contacts_of(world, app, user),
        installations: name.map_or_else(Vec::new, |name| {
            world.sessions_of(app, name).into_keys().collect()
        }),
        audiences: naming(world, (app, plan), user),
    }
}

/// Makes the delivery and the entry of a user, unless they have one or are excluded.
fn deliver(
    txn: &mut Txn,
    part: &Part<'_>,
    (plan, source): (&Plan, &Source),
    (walked, only): (UserKey, Option<Vec<InstallationId>>),
) -> Result<(), StoreError> {
    let key = (part.notification, walked);
    let Some(user) = txn.world.name_of(walked).cloned() else {
        return Ok(());
    };
    let row = txn.world.notifications.get(&part.notification);
    let row = row.ok_or_else(|| corrupt("a notification is gone"))?;
    let (app, id) = (row.app.clone(), row.notification.id);
    let is_routed = txn.world.is_routed(row);
    let candidates = || Ok::<_, Infallible>(txn.world.candidates(&app, &user));
    let Ok(addressed) = device::address(&row.wanted, only, candidates);
    let candidate = Candidate {
        user: &user,
        addressed,
        has_installation: is_routed || !txn.world.sessions_of(&app, &user).is_empty(),
    };
    let Some(member) = admit(plan, candidate, part.now) else {
        return Ok(());
    };
    if txn.world.deliveries.contains_key(&key) {
        return Ok(());
    }
    let turn = match passage_of(&txn.world, (&app, walked), (plan, source)) {
        Passage::Open if gave_way(&txn.world, key) => TOO_LATE,
        Passage::Open => {
            let takes_place = is_timed(&member.state);
            let turn = release::turn_of(&mut txn.world, key, takes_place, part.now);
            turn.ok_or_else(|| corrupt("a notification is gone"))?
        }
        Passage::Elsewhere => return Ok(()),
        Passage::Refused => Turn::Over(OptOut::Topic.reason()),
    };
    let made = make(member, turn, part.now);
    let append_to = made.is_due.then(|| Append {
        user: walked,
        notification: part.notification,
        only: made.member.addressed.only.clone(),
        content: Content::Arrival,
        at: part.now,
        seed: part.seed,
    });
    let seq = append_to.map(|new| append(txn, new));
    let moved = Move::made(&made.member.state);
    let delivery = DeliveryRow {
        id: delivery_id(id, &user),
        seq,
        addressed: made.member.addressed,
        state: made.member.state,
        course: (is_routed && made.is_due).then(|| Course::new(part.now)),
        release_at: made.release_at,
        expires_at: made.expires_at,
        saved: None,
    };
    txn.world.delivery_ids.insert(delivery.id, key);
    txn.world.deliveries.insert(key, delivery);
    txn.moved_in_part(part.notification, Some(moved));
    if made.is_due {
        take_place(txn, key, (part.seed, part.now));
    }
    Ok(())
}
