//! Tries that have their turn.

use vestnik_rules::{
    address::hash_email,
    cascade::{Start, Turn, start},
};

use super::{
    super::{release::hours_of, txn::Txn, world::World},
    Key, recipient, wake, with_view,
};
use crate::dispatch::{Recipient, TryStart};

/// Notes that a try has its turn; tells whether it is to be made.
pub(super) fn start_try(txn: &mut Txn, of: &TryStart) -> bool {
    let Some((key, started)) = started(&txn.world, of) else {
        return false;
    };
    let (attempt, is_made) = match started {
        Start::Made(attempt) => (attempt, true),
        Start::PutBack(attempt) => (attempt, false),
        Start::Gone => return false,
    };
    if let Some(row) = txn.world.attempts.get_mut(&(key.0, key.1, of.target)) {
        row.attempt = attempt;
        if let Some(choice) = of.choice.filter(|_| is_made) {
            row.provider = Some(choice.provider);
        }
    }
    if !is_made {
        if let Some(course) = txn
            .world
            .deliveries
            .get_mut(&key)
            .and_then(|row| row.course.as_mut())
        {
            course.due_at = Some(of.now);
            course.is_put_off = false;
        }
        wake(txn, key.0);
    }
    is_made
}

/// The delivery of a try that has its turn, and what becomes of the try.
fn started(world: &World, of: &TryStart) -> Option<(Key, Start)> {
    let (notification, _) = world.notification(&of.app, of.notification)?;
    let key = (notification, world.user_key(&of.app, &of.user)?);
    let noted = world.attempts.get(&(key.0, key.1, of.target));
    let turn = Turn {
        target: of.target,
        lease_until: of.lease_until,
        has_address: is_reached_at(world, key, of),
        choice: of.choice,
        noted: noted.and_then(|row| row.provider),
    };
    let hours = hours_of(world, key, of.now);
    let started = with_view(world, key, (&hours, of.now), |view| start(view, turn));
    Some((key, started?))
}

/// Whether the target of a try is still reached at the address that it was begun for.
fn is_reached_at(world: &World, key: Key, of: &TryStart) -> bool {
    recipient(world, (&of.app, key.1), of.target).is_some_and(|to| match to {
        Recipient::Mailbox { address, .. } => hash_email(&address) == of.address,
        Recipient::Gateway { to, .. } => to.hash() == of.address,
        Recipient::Device { .. } | Recipient::Backend => true,
    })
}
