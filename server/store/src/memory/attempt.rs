//! Attempts, and evidence that installations have what was handed over.

use jiff::Timestamp;
use vestnik_model::{
    Channel, InstallationId, Sums,
    publish::{StepChannel, Steps},
};
use vestnik_rules::{
    attempt::Attempt,
    cascade::{Target, brought_by, outside},
    delivery::Reported,
    log::Place,
};

use super::{
    row::{AttemptKey, AttemptRow, NotificationKey, UserKey},
    world::World,
};
use crate::ledger::Confirmed;

/// The first try at an installation; later ones of the same are no news.
pub(super) fn attempt(
    world: &mut World,
    (notification, user): (NotificationKey, UserKey),
    installation: InstallationId,
    at: Timestamp,
) -> &mut AttemptRow {
    let hub = Target::Device {
        installation,
        channel: Channel::Hub,
    };
    let key = (notification, user, hub);
    world.attempts.entry(key).or_insert_with(|| AttemptRow {
        attempt: Attempt::HANDED,
        said: None,
        provider: None,
        passed_over: Vec::new(),
        message: None,
        cost: Sums::default(),
        started_at: at,
        tried_at: None,
        arrived_at: None,
        delivered_at: None,
        read_at: None,
        returned_at: None,
    })
}

/// Notes that an installation reported a delivery, and read it.
pub(super) fn confirm_attempt(
    world: &mut World,
    delivery: (NotificationKey, UserKey),
    installation: InstallationId,
    (at, is_read): (Timestamp, bool),
) {
    let attempts = of_delivery(world, delivery);
    let attempts = attempts.map(|((_, _, target), row)| (*target, &row.attempt));
    let earlier = |known: Option<Timestamp>| Some(known.map_or(at, |known| known.min(at)));
    for target in brought_by(attempts, installation) {
        if target.channel() == Channel::Hub {
            attempt(world, delivery, installation, at);
        }
        let Some(row) = world.attempts.get_mut(&(delivery.0, delivery.1, target)) else {
            continue;
        };
        row.delivered_at = earlier(row.delivered_at);
        if is_read {
            row.read_at = earlier(row.read_at);
        }
    }
}

/// What gateways reported of the messages of a delivery.
pub(super) fn reported_of(world: &World, key: (NotificationKey, UserKey)) -> Reported {
    let attempts = of_delivery(world, key);
    Reported::of(attempts.map(|((_, _, to), row)| (to.channel(), row.proven_at(), row.read_at)))
}

/// The cascade of a delivery, with the channels outside the user's devices that took it, and what gateways reported;
/// `None` if none did.
pub(super) fn outside_of(
    world: &World,
    key: (NotificationKey, UserKey),
) -> Option<(Steps, Vec<StepChannel>, Reported)> {
    let attempts = of_delivery(world, key);
    let channels = outside(attempts.map(|((_, _, to), row)| (*to, &row.attempt)));
    let row = world.notifications.get(&key.0)?;
    (!channels.is_empty()).then(|| (row.steps.clone(), channels, reported_of(world, key)))
}

/// The attempts of a delivery, by where they go.
pub(super) fn of_delivery(
    world: &World,
    (notification, user): (NotificationKey, UserKey),
) -> impl Iterator<Item = (&AttemptKey, &AttemptRow)> {
    let all = world.attempts.iter();
    all.filter(move |(key, _)| (key.0, key.1) == (notification, user))
}

/// Notes how far an installation has read, if its session is the present one and it is news.
pub(super) fn confirm(world: &mut World, confirmed: &Confirmed) {
    let place = confirmed.place;
    if let Some(row) = world.present(&confirmed.session) {
        let is_older = |known: Place| known.epoch == place.epoch && known.seq >= place.seq;
        if !row.confirmed.is_some_and(is_older) {
            row.confirmed = Some(place);
        }
    }
}
