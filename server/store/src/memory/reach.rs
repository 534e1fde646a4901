//! Whom an audience would reach now.

use vestnik_model::{AudienceId, UserId, preference::OptOuts};
use vestnik_rules::{
    audience::{Members, Naming, Plan, Position},
    consent::unwanted,
    device::Wanted,
    explain::Address,
    reach::{Reach, Recipients},
    schedule::{Attributes, Known},
};

use super::{
    audience_files::{named, only, unusable},
    contacts::{plan_of, with_contact},
    findings::{at_gateway, devices_of, has_backend, mailbox},
    gateways,
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
    let unusable = unusable(world, &asked.app, &plan);
    if !unusable.is_empty() {
        return ReachOutcome::UnusableAudiences(unusable);
    }
    let recipients = recipients(world, asked, &plan);
    let is_exact = recipients.is_exact(asked.limit);
    let (mut reach, wanted) = (Reach::default(), Wanted::of(&asked.audience));
    let backend = Address::backend(has_backend(world, &asked.app));
    let limit = asked.limit as usize;
    let unwilling = recipients.unwilling().take(limit);
    unwilling.for_each(|_| reach.add_opted_out());
    for (user, only) in recipients.iter().take(limit) {
        let (attributes, opt_outs) = said(world, asked, user);
        if unwanted(&opt_outs, asked.category.as_ref()).is_some() {
            reach.add_opted_out();
            continue;
        }
        let devices = devices_of(world, (&asked.app, user), asked.now);
        let meant =
            devices.filter(|device| only.is_none_or(|only| only.contains(&device.installation)));
        let mailbox = world
            .user_key(&asked.app, user)
            .and_then(|key| mailbox(world, &asked.app, key));
        let mut outside: Vec<_> = mailbox.into_iter().chain([backend]).collect();
        if let Some(key) = world.user_key(&asked.app, user) {
            let gateways = gateways::of_app(world, &asked.app).into_iter();
            outside.extend(gateways.filter_map(|name| at_gateway(world, (&asked.app, key), name)));
        }
        reach.add(&wanted, &meant.collect::<Vec<_>>(), &outside);
        let known = Known {
            installation: zone_seen_last(world, &asked.app, user),
            attributes,
            app_default: world.default_zones.get(&asked.app).cloned(),
            is_critical: asked.is_critical,
            opt_out: None,
        };
        reach.add_time(&asked.mailing(), &known.recipient(), asked.now);
    }
    ReachOutcome::Reach { reach, is_exact }
}

fn said(world: &World, asked: &ReachQuery, user: &UserId) -> (Attributes, OptOuts) {
    let key = world.user_key(&asked.app, user);
    let row = key.and_then(|key| world.users.get(&key));
    row.map(|row| (row.attributes.clone(), row.opt_outs.known.clone()))
        .unwrap_or_default()
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
            Members::Topic(ref name) => {
                let topic = world.topic_key(&asked.app, name);
                let members = world.subscriptions.keys();
                let members = members.filter(|(of, _)| Some(*of) == topic);
                for (_, key) in members {
                    let Some(user) = world.name_of(*key).cloned() else {
                        continue;
                    };
                    let row = world.users.get(key);
                    if row.is_some_and(|row| row.opt_outs.known.topics.contains(name)) {
                        recipients.add_unwilling(user);
                    } else {
                        recipients.add(user);
                    }
                }
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
            Members::Uploaded(id, naming) => {
                uploaded(world, (asked, plan), (id, naming), &mut recipients);
            }
        }
        position = source.position.end();
    }
    recipients
}

/// Those whom the lines of an uploaded audience name in one way, of as many lines as are read.
fn uploaded(
    world: &World,
    (asked, plan): (&ReachQuery, &Plan),
    (id, naming): (AudienceId, Naming),
    recipients: &mut Recipients<'_>,
) {
    let mut line = None;
    for (place, user) in named(world, &asked.app, (id, naming)) {
        if line.replace(place) != Some(place) && !recipients.may_read_line() {
            break;
        }
        let Some((key, user)) = user.and_then(|key| Some((key, world.name_of(key)?))) else {
            continue;
        };
        match naming {
            Naming::User | Naming::Contact => recipients.add(user.clone()),
            Naming::Installation => {
                for id in only(world, (&asked.app, plan), key) {
                    recipients.add_installation(user.clone(), id);
                }
            }
        }
    }
}
