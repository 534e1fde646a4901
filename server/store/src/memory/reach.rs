//! Whom an audience would reach now.

use std::collections::BTreeSet;

use vestnik_model::UserId;
use vestnik_rules::{
    audience::{Members, Plan, Position},
    reach::Reach,
    schedule::{Attributes, Known},
};

use super::{findings::devices_of, release::zone_seen_last, world::World};
use crate::audiences::{ReachOutcome, ReachQuery};

pub(super) fn of(world: &World, asked: &ReachQuery) -> ReachOutcome {
    let topics = asked.plan.topics();
    let unknown: Vec<_> = topics
        .filter(|name| world.topic_key(&asked.app, name).is_none())
        .collect();
    if !unknown.is_empty() {
        return ReachOutcome::UnknownTopics(unknown);
    }
    let users = users(world, asked);
    let is_exact = users.len() <= asked.limit as usize;
    let mut reach = Reach::default();
    for user in users.iter().take(asked.limit as usize) {
        let devices = devices_of(world, (&asked.app, user), asked.now);
        reach.add(asked.devices, &devices.collect::<Vec<_>>());
        let known = Known {
            installation: zone_seen_last(world, &asked.app, user),
            attributes: attributes(world, asked, user),
            app_default: world.default_zones.get(&asked.app).cloned(),
            is_critical: asked.is_critical,
        };
        reach.add_time(&asked.mailing(), &known.recipient(), asked.now);
    }
    ReachOutcome::Reach { reach, is_exact }
}

fn attributes(world: &World, asked: &ReachQuery, user: &UserId) -> Attributes {
    let key = world.user_key(&asked.app, user);
    let row = key.and_then(|key| world.users.get(&key));
    row.map(|row| row.attributes.clone()).unwrap_or_default()
}

/// The recipients.
fn users(world: &World, asked: &ReachQuery) -> BTreeSet<UserId> {
    let mut users = BTreeSet::new();
    let mut position = Position::START;
    while let Some(source) = asked.plan.source(position) {
        match source.members {
            Members::Users(listed) => users.extend(listed.into_iter().map(|listed| listed.user)),
            Members::Topic(name) => {
                let topic = world.topic_key(&asked.app, &name);
                let members = world.subscriptions.keys();
                let members = members.filter(|(of, _)| Some(*of) == topic);
                users.extend(members.filter_map(|(_, user)| world.name_of(*user).cloned()));
            }
            Members::Installations(ids) => users.extend(ids.into_iter().filter_map(|id| {
                let row = world.installations.get(&(asked.app.clone(), id))?;
                row.user.clone()
            })),
        }
        position = source.position.end();
    }
    without_excluded(users, &asked.plan)
}

fn without_excluded(mut users: BTreeSet<UserId>, plan: &Plan) -> BTreeSet<UserId> {
    users.retain(|user| !plan.excludes(user));
    users
}
