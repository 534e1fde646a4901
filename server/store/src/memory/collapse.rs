//! Notifications with a collapse key: which one a recipient is left with.

use jiff::Timestamp;
use vestnik_model::DeliveryStatus;
use vestnik_rules::collapse::{MOST_WAITING, is_superseded, supersede};

use super::{
    dispatch::{Key, wake},
    ending::withdraw,
    row::NotificationKey,
    txn::Txn,
    world::World,
};

/// Whether a later notification with the same key has come into the log of a delivery's user.
pub(super) fn gave_way(world: &World, key: Key) -> bool {
    is_superseded(key.0, latest(world, key))
}

/// The last other notification with the same key in the user's log.
fn latest(world: &World, key: Key) -> Option<NotificationKey> {
    let others = others(world, key).into_iter();
    let logged = others.filter_map(|of| Some((world.deliveries.get(&(of, key.1))?.seq?, of)));
    logged.max().map(|(_, of)| of)
}

/// The other notifications with the same key of which the user has a delivery.
fn others(world: &World, (own, user): Key) -> Vec<NotificationKey> {
    let collapse_key = |of| world.notifications.get(of)?.collapse_key.as_ref();
    let Some(wanted) = collapse_key(&own) else {
        return Vec::new();
    };
    let app = world.notifications.get(&own).map(|row| &row.app);
    let all = world.notifications.iter();
    let same =
        all.filter(|(_, row)| Some(&row.app) == app && row.collapse_key.as_ref() == Some(wanted));
    let others = same.map(|(of, _)| *of).filter(|of| *of != own);
    let theirs = others.filter(|of| world.deliveries.contains_key(&(*of, user)));
    theirs.collect()
}

/// Has the earlier notifications give way to one that has come into the user's log.
pub(super) fn take_place(txn: &mut Txn, key: Key, (seed, now): (&[u8; 32], Timestamp)) {
    let (world, most) = (&txn.world, MOST_WAITING as usize);
    let waits = |of: &NotificationKey| {
        let row = world.deliveries.get(&(*of, key.1));
        row.is_some_and(|row| row.state.status == DeliveryStatus::Scheduled)
    };
    let others = others(world, key).into_iter();
    let waiting = others.filter(|of| *of < key.0 && waits(of)).take(most);
    let earlier: Vec<_> = latest(world, key).into_iter().chain(waiting).collect();
    for earlier in earlier {
        give_way(txn, (earlier, key.1), (seed, now));
    }
}

/// Ends an earlier delivery, and withdraws it from where it can be.
fn give_way(txn: &mut Txn, key: Key, (seed, now): (&[u8; 32], Timestamp)) {
    let Some(row) = txn.world.notifications.get(&key.0) else {
        return;
    };
    // What its sender recalled is withdrawn by that.
    if !row.is_recalled {
        withdraw(txn, key, seed, now);
    }
    if let Some(row) = txn.world.deliveries.get_mut(&key) {
        let advanced = supersede(row.state.clone(), now);
        if advanced.is_changed {
            row.release_at = None;
            row.state = advanced.state.clone();
            txn.moved(key, &advanced.state, advanced.moved);
        }
    }
    wake(txn, key.0);
}
