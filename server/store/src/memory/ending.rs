//! The end of deliveries: their time runs out, or the sender cancels or recalls their notification.

use std::convert::Infallible;

use jiff::Timestamp;
use vestnik_rules::{
    delivery::{Advanced, Confirmation, cancel, expire, is_timed},
    log::{Place, epoch_of},
    withdrawal::can_be_on_a_device,
};

use super::{
    attempt::{of_delivery, outside_of},
    dispatch::wake,
    evidence::tell,
    row::{NotificationKey, UserKey},
    txn::Txn,
    withdrawals,
    world::World,
};
use crate::effect::News;

/// A part of a walk through the deliveries of a notification, in the order of their users' keys.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) notification: NotificationKey,
    /// The user that the last part ended with.
    pub(super) after: Option<UserKey>,
    /// The most deliveries to look at.
    pub(super) rows: usize,
    pub(super) now: Timestamp,
}

impl Pass {
    /// The users of the part, and the one to go on behind.
    pub(super) fn users(&self, world: &World) -> (Vec<UserKey>, Option<UserKey>) {
        let rows = world.deliveries_after(self.notification, self.after);
        let users: Vec<_> = rows.map(|(user, _)| user).take(self.rows).collect();
        let next = users.last().copied().filter(|_| users.len() == self.rows);
        (users, next)
    }

    fn is_expired(&self, world: &World) -> bool {
        let row = world.notifications.get(&self.notification);
        row.is_some_and(|row| row.notification.expires_at <= self.now)
    }
}

/// Ends the deliveries of a part: by expiry when the time has run out, else by cancellation. Gives the
/// user to go on behind.
pub(super) fn end(txn: &mut Txn, pass: &Pass) -> Option<UserKey> {
    let is_expired = pass.is_expired(&txn.world);
    let row = txn.world.notifications.get(&pass.notification);
    let is_stopped = row.is_some_and(|row| row.is_cancelled);
    let (users, next) = pass.users(&txn.world);
    for user in users {
        let key = (pass.notification, user);
        let Some(row) = txn.world.deliveries.get(&key) else {
            continue;
        };
        let state = row.state.clone();
        let advanced = if is_expired {
            expire(state, is_stopped, proof(&txn.world, key), pass.now)
        } else {
            cancel(state, pass.now)
        };
        save(txn, key, advanced);
    }
    next
}

/// Saves what a delivery has become.
pub(super) fn save(txn: &mut Txn, key: (NotificationKey, UserKey), advanced: Advanced) {
    if let Some(row) = txn.world.deliveries.get_mut(&key) {
        row.release_at = row.release_at.filter(|_| is_timed(&advanced.state));
        row.state = advanced.state;
    }
    if advanced.moved.is_some() {
        txn.moved_in_part(key.0, advanced.moved);
    }
}

/// What is known of what a delivery that was handed over came to.
pub(super) fn proof(world: &World, key: (NotificationKey, UserKey)) -> Confirmation {
    if has_evidence(world, key) {
        Confirmation::Evident
    } else if outside_of(world, key).is_some() {
        Confirmation::Impossible
    } else {
        Confirmation::Missing
    }
}

/// Whether an installation that a delivery was handed to has confirmed its place or a later one.
fn has_evidence(world: &World, key: (NotificationKey, UserKey)) -> bool {
    let (Some(delivery), Some(user)) = (world.deliveries.get(&key), world.users.get(&key.1)) else {
        return false;
    };
    let epoch = epoch_of(world.epoch, user.renewal);
    let Some(name) = &user.name else {
        return false;
    };
    world.sessions_of(&user.app, name).iter().any(|(id, row)| {
        let is_tried = of_delivery(world, key).any(|(of, _)| of.2.installation() == Some(*id));
        let reached = row.confirmed.filter(|place| place.epoch == epoch);
        let has_passed = |place: Place| delivery.seq.is_some_and(|seq| place.seq >= seq);
        is_tried && reached.is_some_and(has_passed)
    })
}

/// Appends the recall to the logs of a part. Gives the user to go on behind.
pub(super) fn recall(txn: &mut Txn, pass: &Pass, seed: &[u8; 32]) -> Option<UserKey> {
    let (users, next) = pass.users(&txn.world);
    for user in users {
        let key = (pass.notification, user);
        if withdraw(txn, key, seed, pass.now) {
            txn.happened(key, News::Recalled);
        }
    }
    wake(txn, pass.notification);
    next
}

/// Says in the log of a user that a delivery is withdrawn if it can be on a device, and begins a withdrawal at
/// each installation that may show it. Tells whether it said so.
pub(super) fn withdraw(
    txn: &mut Txn,
    key: (NotificationKey, UserKey),
    seed: &[u8; 32],
    now: Timestamp,
) -> bool {
    let Some(delivery) = txn.world.deliveries.get(&key) else {
        return false;
    };
    let attempts = || {
        let found = of_delivery(&txn.world, key);
        Ok::<_, Infallible>(found.map(|(_, row)| row.attempt.clone()).collect())
    };
    let Ok(is_anywhere) = can_be_on_a_device(&delivery.state, delivery.seq.is_some(), attempts);
    if !is_anywhere {
        return false;
    }
    let told = tell(txn, key, (seed, now));
    if let Some(seq) = told {
        withdrawals::begin(&mut txn.world, key, (seq, now), None);
    }
    told.is_some()
}
