//! What waits because a service refused an App's credentials: tried at once when they are renewed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::{AppId, Channel};
use vestnik_rules::{
    attempt::{Attempt, renewed},
    work::{Stage, WorkKind},
};

use super::{
    dispatch::wake as wake_dispatch,
    row::{AttemptKey, Target},
    txn::Txn,
    world::World,
};

/// Leaves a row of work that walks through what waits for credentials at a service, if anything does.
pub(super) fn wake(txn: &mut Txn, app: &AppId, channel: Channel, now: Timestamp) {
    if waiting(&txn.world, (app, channel), now).next().is_some() {
        let kind = WorkKind::Resume;
        txn.leave_work(app, Target::Provider(channel), Stage { kind, due: now });
    }
}

/// Makes due a part of what waits; tells whether more does.
pub(super) fn resume(txn: &mut Txn, whose: (&AppId, Channel), rows: usize, now: Timestamp) -> bool {
    let mut part: Vec<_> = waiting(&txn.world, whose, now).take(rows + 1).collect();
    let is_more = part.len() > rows;
    part.truncate(rows);
    let mut notifications = BTreeSet::new();
    for (key, next) in part {
        if let Some(row) = txn.world.attempts.get_mut(&key) {
            row.attempt = next;
        }
        let delivery = txn.world.deliveries.get_mut(&(key.0, key.1));
        if let Some(course) = delivery.and_then(|row| row.course.as_mut()) {
            course.due_at = Some(now);
        }
        notifications.insert(key.0);
    }
    for notification in notifications {
        wake_dispatch(txn, notification);
    }
    is_more
}

/// The attempts of an App that wait for credentials at a service, with what they are when they wait no
/// longer.
fn waiting<'a>(
    world: &'a World,
    (app, channel): (&'a AppId, Channel),
    now: Timestamp,
) -> impl Iterator<Item = (AttemptKey, Attempt)> + 'a {
    let rows = world.attempts.iter();
    rows.filter(move |(key, _)| key.2.channel() == channel)
        .filter(move |(key, _)| {
            let of = world.notifications.get(&key.0);
            of.is_some_and(|of| {
                let is_open = !of.is_forgotten && !of.is_cancelled;
                of.app == *app && is_open && of.notification.expires_at > now
            })
        })
        .filter_map(move |(key, row)| Some((*key, renewed(&row.attempt, now)?)))
}
