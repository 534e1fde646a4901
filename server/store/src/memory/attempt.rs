//! Attempts, and evidence that installations have what was handed over.

use jiff::Timestamp;
use vestnik_model::InstallationId;
use vestnik_rules::log::Place;

use super::{
    row::{AttemptRow, NotificationKey, UserKey},
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
    let key = (notification, user, installation);
    world.attempts.entry(key).or_insert(AttemptRow {
        started_at: at,
        delivered_at: None,
        read_at: None,
    })
}

/// Notes that an installation reported a delivery, and read it.
pub(super) fn confirm_attempt(
    world: &mut World,
    delivery: (NotificationKey, UserKey),
    installation: InstallationId,
    (at, is_read): (Timestamp, bool),
) {
    let row = attempt(world, delivery, installation, at);
    let earlier = |known: Option<Timestamp>| Some(known.map_or(at, |known| known.min(at)));
    row.delivered_at = earlier(row.delivered_at);
    if is_read {
        row.read_at = earlier(row.read_at);
    }
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
