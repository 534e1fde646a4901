//! Evidence that an installation has a delivery: what is noted of it, and what that makes up for if the
//! notification was recalled, or gave way to a later one, before it was known.

use jiff::Timestamp;
use vestnik_model::{InstallationId, Recall};
use vestnik_rules::{
    receipt::Reporter,
    withdrawal::{Trace, catch_up},
};

use super::{
    attempt::of_delivery,
    collapse::gave_way,
    dispatch::{Key, wake},
    logs::{Append, append},
    row::{AttemptKey, AttemptRow, Content},
    txn::Txn,
    withdrawals::{self, trace},
    world::World,
};

/// Notes evidence from an installation.
pub(super) fn take(
    txn: &mut Txn,
    (key, by): (Key, Reporter),
    seed: &[u8; 32],
    note: impl FnOnce(&mut World),
) {
    if !is_withdrawn(&txn.world, key) {
        return note(&mut txn.world);
    }
    let before = attempts(&txn.world, key, by.installation);
    note(&mut txn.world);
    let after = attempts(&txn.world, key, by.installation);
    let has_entry = place(&txn.world, key).is_some();
    let caught_up = catch_up(has_entry, &traces(&before), &traces(&after));
    if !caught_up.is_told && !caught_up.is_begun {
        return;
    }
    let Some(seq) = tell(txn, key, (seed, by.now)) else {
        return;
    };
    if caught_up.is_begun {
        withdrawals::begin(&mut txn.world, key, (seq, by.now), Some(by.installation));
        wake(txn, key.0);
    }
}

/// Whether a delivery was recalled, or gave way to a later one.
fn is_withdrawn(world: &World, key: Key) -> bool {
    let row = world.notifications.get(&key.0);
    row.is_some_and(|row| !row.is_forgotten && (row.is_recalled || gave_way(world, key)))
}

fn attempts(
    world: &World,
    key: Key,
    installation: InstallationId,
) -> Vec<(AttemptKey, AttemptRow)> {
    let all = of_delivery(world, key);
    let its = all.filter(|((_, _, target), _)| target.installation() == Some(installation));
    its.map(|(of, row)| (*of, row.clone())).collect()
}

fn traces(attempts: &[(AttemptKey, AttemptRow)]) -> Vec<Trace<'_>> {
    attempts.iter().map(|(of, row)| trace(of, row)).collect()
}

/// Says in the user's log that a delivery was recalled, unless that says so already. Gives the place of the
/// entry; `None` while the user is being erased.
pub(super) fn tell(txn: &mut Txn, key: Key, (seed, now): (&[u8; 32], Timestamp)) -> Option<u64> {
    txn.world.name_of(key.1)?;
    if let Some(seq) = place(&txn.world, key) {
        return Some(seq);
    }
    let recall = Recall {
        id: txn.world.notifications.get(&key.0)?.notification.id,
        at: now,
    };
    let new = Append {
        user: key.1,
        notification: key.0,
        only: txn.world.deliveries.get(&key)?.addressed.only.clone(),
        content: Content::Recall(recall),
        at: now,
        seed,
    };
    Some(append(txn, new))
}

/// The place of the entry that says that a delivery was recalled.
fn place(world: &World, (notification, user): Key) -> Option<u64> {
    let mut entries = world.logs.range((user, 0)..=(user, u64::MAX));
    entries.find_map(|((_, seq), row)| {
        let is_it = row.notification == notification && matches!(row.content, Content::Recall(_));
        is_it.then_some(*seq)
    })
}
