//! Whom an audience would reach now.

use vestnik_model::UserId;
use vestnik_rules::{
    audience::{Members, Plan, Position},
    reach::{Reach, Recipients},
    schedule::{Attributes, Known},
};

use super::{
    contacts::{plan_of, with_contact},
    findings::{devices_of, mailbox},
    release::zone_seen_last,
    world::World,
};
use crate::audiences::{ReachOutcome, ReachQuery};

pub(super) fn of(world: &World, asked: &ReachQuery) -> ReachOutcome {
    let plan = plan_of(&asked.app, &asked.audience);
    let topics = plan.topics();
    let unknown: Vec<_> = topics
        .filter(|name| world.topic_key(&asked.app, name).is_none())
        .collect();
    if !unknown.is_empty() {
        return ReachOutcome::UnknownTopics(unknown);
    }
    let recipients = recipients(world, asked, &plan);
    let is_exact = recipients.count() <= asked.limit as usize;
    let mut reach = Reach::default();
    for (user, only) in recipients.iter().take(asked.limit as usize) {
        let devices = devices_of(world, (&asked.app, user), asked.now);
        let meant =
            devices.filter(|device| only.is_none_or(|only| only.contains(&device.installation)));
        let mailbox = world
            .user_key(&asked.app, user)
            .and_then(|key| mailbox(world, &asked.app, key));
        reach.add(
            asked.audience.devices(),
            &meant.collect::<Vec<_>>(),
            mailbox.as_ref(),
        );
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

fn recipients<'a>(world: &World, asked: &ReachQuery, plan: &'a Plan) -> Recipients<'a> {
    let mut recipients = Recipients::of(plan);
    let mut position = Position::START;
    while let Some(source) = plan.source(position) {
        match source.members {
            Members::Users(listed) => {
                let users = listed.into_iter().map(|listed| listed.user);
                users.for_each(|user| recipients.add(user));
            }
            Members::Topic(name) => {
                let topic = world.topic_key(&asked.app, &name);
                let members = world.subscriptions.keys();
                let members = members.filter(|(of, _)| Some(*of) == topic);
                let users = members.filter_map(|(_, user)| world.name_of(*user).cloned());
                users.for_each(|user| recipients.add(user));
            }
            Members::Contacts(hashes) => {
                let users = with_contact(world, &asked.app, &hashes).into_iter();
                let users = users.filter_map(|user| world.name_of(user).cloned());
                users.for_each(|user| recipients.add(user));
            }
            Members::Installations(ids) => {
                for id in ids {
                    let row = world.installations.get(&(asked.app.clone(), id));
                    if let Some(user) = row.and_then(|row| row.user.clone()) {
                        recipients.add_installation(user, id);
                    }
                }
            }
        }
        position = source.position.end();
    }
    recipients
}
