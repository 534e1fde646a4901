//! What an explanation is made of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, Flag, GatewayName, InstallationId, Open, UserId, publish::Schedule,
};
use vestnik_rules::{
    cascade::channel_of,
    erasure::is_meant,
    explain::{Address, DeliveryFindings, Device, Findings, NotShown, NotificationFindings, Try},
    gateway,
    hold::Block,
    log::epoch_of,
    release::holds,
    schedule::Hours,
};

use super::{
    attempt::of_delivery,
    collapse::gave_way,
    gateways,
    installations::addresses_of,
    release::known,
    row::{InstallationRow, NotificationKey, NotificationRow, UserKey},
    world::World,
};
use crate::ledger::FindingsQuery;

type Key = (NotificationKey, UserKey);

pub(super) fn findings(world: &World, asked: &FindingsQuery) -> Option<Findings> {
    let (notification, row) = world.notification(&asked.app, asked.notification)?;
    let user = world.user_key(&asked.app, &asked.user);
    let key = user.map(|user| (notification, user));
    let delivery = key.and_then(|key| Some((key, world.deliveries.get(&key)?)));
    let mut found = Findings {
        notification: of_notification(row, asked),
        delivery: None,
        devices: Vec::new(),
        mailbox: None,
        has_backend: has_backend(world, &asked.app),
        gateways: Vec::new(),
        tries: Vec::new(),
        not_shown: BTreeMap::new(),
        hours: Hours::Open,
    };
    let Some((key, delivery)) = delivery else {
        let name = (asked.app.clone(), asked.user.clone());
        let erased_at = world.erased.get(&name).copied();
        let is_erased = !is_meant(row.notification.accepted_at, erased_at);
        found.notification.is_erased = is_erased && row.plan.names_user(&asked.user);
        return Some(found);
    };
    found.delivery = Some(DeliveryFindings {
        state: delivery.state.clone(),
        course: delivery.course,
        addressed: delivery.addressed.clone(),
        gave_way: gave_way(world, key),
        is_deleted: is_deleted(world, key),
    });
    if let Some(expires_at) = delivery.expires_at {
        found.notification.expires_at = expires_at;
    }
    found.devices = devices_of(world, (&asked.app, &asked.user), asked.now)
        .map(|device| Device {
            has_it: has_it(world, key, (&asked.app, device.installation)),
            ..device
        })
        .collect();
    found.mailbox = mailbox(world, &asked.app, key.1);
    let gateways = gateway::gateways(&row.steps);
    let gateways =
        gateways.filter_map(|name| Some((name, at_gateway(world, (&asked.app, key.1), name)?)));
    found.gateways = gateways.collect();
    found.hours = known(world, key).map_or(Hours::Open, |known| {
        let of = (&row.mailing(), row.pace);
        holds(&delivery.state, of, &known.recipient(), asked.now)
    });
    found.tries = tries(world, key);
    found.not_shown = not_shown(world, key);
    Some(found)
}

fn of_notification(row: &NotificationRow, asked: &FindingsQuery) -> NotificationFindings {
    NotificationFindings {
        accepted_at: row.notification.accepted_at,
        opens_at: row.opens_at,
        expires_at: row.notification.expires_at,
        schedule: (row.schedule != Schedule::default()).then(|| (&row.schedule).into()),
        steps: row.steps.clone(),
        wanted: row.wanted.clone(),
        expansion: row.expansion(),
        is_cancelled: row.is_cancelled,
        is_recalled: row.is_recalled,
        is_excluded: row.plan.excludes(&asked.user),
        is_erased: false,
    }
}

/// The installations of a user with how each is reached; of a delivery that they may have nothing is known.
pub(super) fn devices_of<'a>(
    world: &'a World,
    (app, user): (&'a AppId, &UserId),
    now: Timestamp,
) -> impl Iterator<Item = Device> + 'a {
    let sessions = world.sessions_of(app, user).into_iter();
    sessions.map(move |(id, row)| device(world, app, (id, row), now))
}

fn device(
    world: &World,
    app: &AppId,
    (id, row): (InstallationId, &InstallationRow),
    now: Timestamp,
) -> Device {
    let state = row.state.as_ref();
    let block = state.and_then(|state| Block::of(state.permission.known()?));
    let present = world
        .presence
        .iter()
        .filter(|(key, row)| key.app == *app && key.installation == id && row.lease_until > now);
    Device {
        installation: id,
        build: row.build(),
        blocked: block.map(Block::reason),
        connected: present.map(|(_, row)| row.last_seen).max(),
        last_seen_at: row.last_seen,
        opened_at: row.opened_at,
        has_it: false,
        addresses: addresses(world, app, id),
    }
}

/// Whether the person deleted a delivery from their history.
pub(super) fn is_deleted(world: &World, key: Key) -> bool {
    let flag = world.flags.get(&(key.0, key.1, Flag::Deleted));
    flag.is_some_and(|row| row.state.value)
}

/// Whether an installation reported the delivery, or confirmed a place behind it.
pub(super) fn has_it(world: &World, key: Key, (app, id): (&AppId, InstallationId)) -> bool {
    let reported = of_delivery(world, key)
        .any(|((_, _, of), row)| of.installation() == Some(id) && row.delivered_at.is_some());
    let (user, delivery) = (world.users.get(&key.1), world.deliveries.get(&key));
    let epoch = user.map(|user| epoch_of(world.epoch, user.renewal));
    let row = world.installations.get(&(app.clone(), id));
    let has_reached = row.and_then(|row| row.confirmed).is_some_and(|place| {
        let seq = delivery.and_then(|row| row.seq);
        Some(place.epoch) == epoch && seq.is_some_and(|seq| place.seq >= seq)
    });
    reported || has_reached
}

/// The addresses at services that the server knows.
fn addresses(world: &World, app: &AppId, id: InstallationId) -> Vec<Address> {
    let known = addresses_of(world, app, id).filter_map(|(kind, row)| {
        let channel = Open::read(kind).known().and_then(channel_of)?;
        Some(Address {
            channel,
            died_at: row.died_at,
            has_provider: world.providers.contains_key(&(app.clone(), channel)),
        })
    });
    known.collect()
}

/// What installations said that did not show a delivery.
pub(super) fn not_shown(world: &World, key: Key) -> BTreeMap<InstallationId, NotShown> {
    let all = world.not_shown.iter();
    let of_it = all.filter(|((notification, user, _), _)| (*notification, *user) == key);
    of_it
        .map(|((_, _, by), (said, _))| (*by, said.clone()))
        .collect()
}

pub(super) fn mailbox(world: &World, app: &AppId, user: UserKey) -> Option<Address> {
    let email = world.emails.get(&user)?;
    Some(Address {
        channel: Channel::Email,
        died_at: email.died_at,
        has_provider: world.providers.contains_key(&(app.clone(), Channel::Email)),
    })
}

/// The number or chat of a user at a gateway.
pub(super) fn at_gateway(
    world: &World,
    (app, user): (&AppId, UserKey),
    gateway: GatewayName,
) -> Option<Address> {
    let traits = gateways::traits(world, app, gateway);
    let died_at = match traits {
        Some(traits) => gateways::known(world, (traits, user), gateway)?.died_at,
        None => None,
    };
    Some(Address {
        channel: Channel::Gateway(gateway),
        died_at,
        has_provider: traits.is_some(),
    })
}

/// Whether an App has an account for its own backend.
pub(super) fn has_backend(world: &World, app: &AppId) -> bool {
    let provider = (app.clone(), Channel::Webhook);
    world.providers.contains_key(&provider)
}

fn tries(world: &World, key: Key) -> Vec<Try> {
    let rows = of_delivery(world, key);
    rows.map(|((_, _, target), row)| Try {
        target: *target,
        attempt: row.attempt.clone(),
        provider: row.provider,
        passed_over: row.passed_over.clone(),
        started_at: row.started_at,
        tried_at: row.tried_at,
        arrived_at: row.arrived_at,
        delivered_at: row.delivered_at,
        read_at: row.read_at,
        returned_at: row.returned_at,
    })
    .collect()
}
