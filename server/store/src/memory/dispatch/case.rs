//! What a look at a delivery depends on, loaded from the maps.

use jiff::Timestamp;
use vestnik_model::{AppId, Channel, GatewayName, InstallationId, Open, publish::Steps};
use vestnik_rules::{
    cascade::{Address, Device, Target, channel_of, preferred},
    gateway::{self, looked_at},
    hold::Block,
};

use super::{
    super::{
        findings::{has_backend, has_it},
        gateways,
        installations::addresses_of,
        row::InstallationRow,
        world::World,
    },
    Key,
};

/// An installation, as a look needs it.
pub(in super::super) fn device(
    world: &World,
    (key, app): (Key, &AppId),
    (id, row): (InstallationId, &InstallationRow),
    now: Timestamp,
) -> Device {
    let permission = row.state.as_ref().map(|state| &state.permission);
    let block = permission.and_then(|permission| Block::of(permission.known()?));
    let connections = world
        .presence
        .iter()
        .filter(|(key, row)| key.app == *app && key.installation == id && row.lease_until > now);
    let heard_at = connections.map(|(_, row)| row.last_seen).max();
    Device {
        installation: id,
        blocked: block.map(Block::reason),
        is_connected: heard_at.is_some(),
        heard_at,
        opened_at: row.opened_at,
        last_seen_at: row.last_seen,
        build: row.build(),
        has_it: has_it(world, key, (app, id)),
        addresses: addresses(world, key, (app, id)),
    }
}

/// The addresses of an installation at services that the server knows.
fn addresses(world: &World, key: Key, (app, id): (&AppId, InstallationId)) -> Vec<Address> {
    let known = addresses_of(world, app, id).filter_map(|(kind, row)| {
        let channel = Open::read(kind).known().and_then(channel_of)?;
        let target = Target::Device {
            installation: id,
            channel,
        };
        let attempt = world.attempts.get(&(key.0, key.1, target));
        Some(Address {
            channel,
            is_dead: row.died_at.is_some(),
            has_provider: world.providers.contains_key(&(app.clone(), channel)),
            attempt: attempt.map(|row| row.attempt.clone()),
        })
    });
    preferred(known.collect())
}

/// The backend of an App, as it reaches a user.
pub(super) fn backend(world: &World, key: Key, app: &AppId) -> Address {
    let attempt = world.attempts.get(&(key.0, key.1, Target::Backend));
    Address {
        channel: Channel::Webhook,
        is_dead: false,
        has_provider: has_backend(world, app),
        attempt: attempt.map(|row| row.attempt.clone()),
    }
}

/// Where the gateways of a cascade reach a user.
pub(super) fn at_gateways(
    world: &World,
    key: Key,
    (app, steps): (&AppId, &Steps),
) -> Vec<(GatewayName, Address)> {
    let at = |name| {
        let traits = gateways::traits(world, app, name);
        let known = traits.and_then(|traits| gateways::known(world, (traits, key.1), name));
        let attempt = world.attempts.get(&(key.0, key.1, Target::Gateway(name)));
        let attempt = attempt.map(|row| &row.attempt);
        Some((name, looked_at(name, traits, known.as_ref(), attempt)?))
    };
    gateway::gateways(steps).filter_map(at).collect()
}

/// The mailbox of a user.
pub(super) fn mailbox(world: &World, key: Key, app: &AppId) -> Option<Address> {
    let email = world.emails.get(&key.1)?;
    let attempt = world.attempts.get(&(key.0, key.1, Target::Mailbox));
    Some(Address {
        channel: Channel::Email,
        is_dead: email.died_at.is_some(),
        has_provider: world.providers.contains_key(&(app.clone(), Channel::Email)),
        attempt: attempt.map(|row| row.attempt.clone()),
    })
}
