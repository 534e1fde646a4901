//! What a try proves of the address that it went to.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId};
use vestnik_rules::{
    address::{hash_email, moved},
    attempt::kills,
};

use super::super::{installations::addresses_of, row::UserKey, world::World};
use crate::dispatch::Tried;

/// Notes what a try says of its address.
pub(in super::super) fn learn(
    world: &mut World,
    whose: (&AppId, InstallationId),
    tried: &Tried,
    now: Timestamp,
) {
    kill(world, whose, tried, now);
    keep_environment(world, whose, tried);
}

/// Keeps the environment of its service in which a try was taken with the address.
fn keep_environment(
    world: &mut World,
    (app, installation): (&AppId, InstallationId),
    tried: &Tried,
) {
    let Some(took) = tried.moved() else {
        return;
    };
    let its = world.addresses.iter_mut();
    for (_, row) in its.filter(|((of, id, _), _)| of == app && *id == installation) {
        let known = row.address.as_ref();
        if let Some(kept) = known.and_then(|known| moved(known, row.refreshed_at, took)) {
            row.address = Some(kept);
        }
    }
}

/// Notes that the address of a try is dead, if its outcome proves it.
fn kill(
    world: &mut World,
    (app, installation): (&AppId, InstallationId),
    tried: &Tried,
    now: Timestamp,
) {
    let dead: Vec<_> = addresses_of(world, app, installation)
        .filter(|(_, row)| row.hash == tried.address && row.died_at.is_none())
        .filter(|(_, row)| kills(&tried.outcome, row.refreshed_at, tried.began_at))
        .map(|(kind, _)| (app.clone(), installation, kind.to_owned()))
        .collect();
    for key in dead {
        if let Some(row) = world.addresses.get_mut(&key) {
            row.address = None;
            row.died_at = Some(now);
        }
    }
}

/// Notes that the mailbox of a try is dead, if its outcome proves it.
pub(super) fn kill_mailbox(world: &mut World, user: UserKey, tried: &Tried, now: Timestamp) {
    if let Some(email) = world.emails.get_mut(&user)
        && hash_email(&email.address) == tried.address
        && email.died_at.is_none()
        && kills(&tried.outcome, email.set_at, tried.began_at)
    {
        email.died_at = Some(now);
    }
}
