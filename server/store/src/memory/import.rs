//! Imported addresses: installations that stand for devices which have not spoken to the server yet.

use jiff::Timestamp;
use vestnik_model::{AppId, ImportOutcome, InstallationId, PushAddress, UserId};
use vestnik_rules::{
    address::{Holder, NO_SECRET, hash, import, imported_installation},
    cascade::Target,
};

use super::{
    row::{AddressRow, InstallationRow, UserKey},
    world::World,
};
use crate::installations::{Import, TAKEN_OVER};

/// Imports an address.
pub(super) fn import_one(
    world: &mut World,
    asked: &Import,
    (user, address): (&UserId, &PushAddress),
) -> ImportOutcome {
    let (app, hash) = (&asked.app, hash(address));
    let holders = holders(world, app, &hash);
    let known: Vec<_> = holders.iter().map(|(holder, _)| holder.clone()).collect();
    let outcome = import(&known, user);
    if outcome != ImportOutcome::Imported {
        return outcome;
    }
    if world.sessions_of(app, user).len() >= asked.max_installations as usize {
        return ImportOutcome::TooMany;
    }
    for (_, installation) in holders {
        delete_imported(world, app, installation);
    }
    world.ensure_user(app, user);
    let id = imported_installation(&hash);
    let name = (app.clone(), id);
    let former = world.installations.get(&name);
    let row = InstallationRow {
        secret_hash: NO_SECRET,
        generation: former.map_or(1, |former| former.generation.saturating_add(1)),
        user: Some(user.clone()),
        former: None,
        state: None,
        confirmed: None,
        opened_at: None,
        imported_at: Some(asked.now),
        last_seen: Timestamp::UNIX_EPOCH,
        created_at: former.map_or(asked.now, |former| former.created_at),
        updated_at: asked.now,
    };
    world.installations.insert(name, row);
    let address = AddressRow {
        hash,
        address: Some(address.clone()),
        refreshed_at: Timestamp::UNIX_EPOCH,
        died_at: None,
    };
    let kind = address
        .address
        .as_ref()
        .map(|address| address.kind.as_str().to_owned());
    let key = (app.clone(), id, kind.unwrap_or_default());
    world.addresses.insert(key, address);
    outcome
}

/// Who has an address.
fn holders(world: &World, app: &AppId, hash: &[u8; 32]) -> Vec<(Holder, InstallationId)> {
    let rows = world.addresses.iter();
    let its = rows.filter(|((of, _, _), row)| of == app && row.hash == *hash);
    let holders = its.filter_map(|((_, id, _), row)| {
        let installation = world.installations.get(&(app.clone(), *id))?;
        let holder = Holder {
            user: installation.user.clone(),
            is_unproven: installation.imported_at.is_some(),
            is_dead: row.died_at.is_some(),
        };
        Some((holder, *id))
    });
    holders.collect()
}

fn delete_imported(world: &mut World, app: &AppId, installation: InstallationId) {
    let name = (app.clone(), installation);
    let is_imported = |row: &InstallationRow| row.imported_at.is_some();
    if world.installations.get(&name).is_some_and(is_imported) {
        world.installations.remove(&name);
        let is_its = |of: &AppId, id: InstallationId| of == app && id == installation;
        world.addresses.retain(|(of, id, _), _| !is_its(of, *id));
    }
}

/// A device reports an address as its own: what stood for it until now is gone, and what its user was sent
/// by that address was sent to this device.
pub(super) fn take_over(
    world: &mut World,
    (app, installation): (&AppId, InstallationId),
    hash: &[u8; 32],
) {
    for (holder, former) in holders(world, app, hash) {
        if !holder.is_unproven || former == installation {
            continue;
        }
        delete_imported(world, app, former);
        let row = world.installations.get(&(app.clone(), installation));
        let user = row.and_then(|row| row.user.clone());
        let user = user.filter(|user| Some(user) == holder.user.as_ref());
        if let Some(user) = user.and_then(|user| world.user_key(app, &user)) {
            move_to(world, user, (former, installation));
        }
    }
}

/// Moves what is known of the end of a user's log from one installation to another.
fn move_to(
    world: &mut World,
    user: UserKey,
    (former, installation): (InstallationId, InstallationId),
) {
    let entries = world.logs.range((user, 0)..=(user, u64::MAX));
    let newest = entries.rev().take(TAKEN_OVER as usize);
    let newest: Vec<_> = newest.map(|(key, row)| (*key, row.notification)).collect();
    let renamed = |only: &mut Option<Vec<InstallationId>>| {
        for id in only.iter_mut().flatten().filter(|id| **id == former) {
            *id = installation;
        }
    };
    for (entry, notification) in newest {
        if let Some(row) = world.logs.get_mut(&entry) {
            renamed(&mut row.only);
        }
        if let Some(row) = world.deliveries.get_mut(&(notification, user)) {
            renamed(&mut row.addressed.only);
            renamed(&mut row.addressed.among);
        }
        let attempts = world.attempts.iter();
        let moved: Vec<_> = attempts
            .filter(|((of, whose, target), row)| {
                (*of, *whose) == (notification, user)
                    && target.installation() == Some(former)
                    && !row.attempt.is_under_way()
            })
            .map(|(key, row)| (*key, row.clone()))
            .collect();
        for (key, row) in moved {
            let to = Target::Device {
                installation,
                channel: key.2.channel(),
            };
            let to = (key.0, key.1, to);
            if world.attempts.get(&to).is_none() {
                world.attempts.remove(&key);
                world.attempts.insert(to, row);
            }
        }
    }
}
