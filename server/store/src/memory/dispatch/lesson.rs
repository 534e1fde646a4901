//! What a try proves of the address that it went to.

use jiff::Timestamp;
use vestnik_model::{AppId, GatewayName, InstallationId, Open};
use vestnik_rules::{
    address::{hash_email, moved},
    attempt::kills,
    installation::Change,
};

use super::super::{gateways, installations::addresses_of, row::UserKey, txn::Txn, world::World};
use crate::dispatch::Tried;

/// Notes what a try says of its address.
pub(in super::super) fn learn(
    txn: &mut Txn,
    whose: (&AppId, InstallationId),
    tried: &Tried,
    now: Timestamp,
) {
    for kind in kill(&mut txn.world, whose, tried, now) {
        let change = Change::TokenInvalidated(Open::read(&kind));
        txn.tell_installation(whose.0, (whose.1, &tried.user), change);
    }
    keep_environment(&mut txn.world, whose, tried);
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

/// Notes that the address of a try is dead, if its outcome proves it; gives the words of the kinds of those that
/// died.
fn kill(
    world: &mut World,
    (app, installation): (&AppId, InstallationId),
    tried: &Tried,
    now: Timestamp,
) -> Vec<String> {
    let dead: Vec<_> = addresses_of(world, app, installation)
        .filter(|(_, row)| row.hash == tried.address && row.died_at.is_none())
        .filter(|(_, row)| kills(&tried.outcome, row.refreshed_at, tried.began_at))
        .map(|(kind, _)| (app.clone(), installation, kind.to_owned()))
        .collect();
    for key in &dead {
        if let Some(row) = world.addresses.get_mut(key) {
            row.address = None;
            row.died_at = Some(now);
        }
    }
    dead.into_iter().map(|(_, _, kind)| kind).collect()
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

/// Notes that the address of a user at a gateway is dead, if a try proves it.
pub(super) fn kill_at_gateway(
    world: &mut World,
    (app, user): (&AppId, UserKey),
    (gateway, tried): (GatewayName, &Tried),
    now: Timestamp,
) {
    let Some(traits) = gateways::traits(world, app, gateway) else {
        return;
    };
    let known = gateways::known(world, (traits, user), gateway);
    let dies = known.is_some_and(|known| {
        known.recipient.hash() == tried.address
            && kills(&tried.outcome, known.set_at, tried.began_at)
    });
    if dies {
        gateways::kill(world, (traits, user), gateway, now);
    }
}
