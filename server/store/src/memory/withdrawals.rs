//! Withdrawals: notifications that are to be taken off the screens of devices that sleep.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, publish::OnUnproven};
use vestnik_rules::{
    attempt::{Bounds, State, begin as begin_try, settle_try},
    cascade::Target,
    identity::withdrawal_id,
    log::epoch_of,
    patience::leased_until,
    withdrawal::{FRESH, Step, Trace, View, look, may_be_on},
};

use super::{
    attempt::of_delivery,
    dispatch::{Key, case::device, known, learn, recipient},
    logs::for_user,
    row::{AttemptKey, AttemptRow, NotificationKey, WithdrawalKey, WithdrawalRow},
    txn::Txn,
    world::World,
};
use crate::dispatch::{Begun, Sends, Settling, Tried};

/// Begins a withdrawal at each installation on whose screen a delivery can be, or at `only` one. `seq` is the
/// place of the entry of the log that says the same.
pub(super) fn begin(
    world: &mut World,
    key: Key,
    (seq, now): (u64, Timestamp),
    only: Option<InstallationId>,
) {
    let has_provider = world.notifications.get(&key.0).is_some_and(|row| {
        let mut providers = world.providers.keys();
        providers.any(|(app, _)| *app == row.app)
    });
    if !has_provider {
        return;
    }
    let mut traces: BTreeMap<InstallationId, Vec<Trace<'_>>> = BTreeMap::new();
    for (of, row) in of_delivery(world, key) {
        if let Some(installation) = of.2.installation() {
            traces.entry(installation).or_default().push(trace(of, row));
        }
    }
    traces.retain(|of, traces| only.is_none_or(|only| only == *of) && may_be_on(traces));
    let installations: Vec<_> = traces.into_keys().collect();
    for installation in installations {
        let row = WithdrawalRow {
            seq,
            since: now,
            due_at: now,
            attempt: FRESH.clone(),
        };
        let key = (key.0, key.1, installation);
        world.withdrawals.entry(key).or_insert(row);
    }
}

/// When the withdrawals of a notification are due.
pub(super) fn due_of(
    world: &World,
    notification: NotificationKey,
) -> impl Iterator<Item = Timestamp> {
    let all = world.withdrawals.iter();
    let of_it = all.filter(move |((of, _, _), _)| *of == notification);
    of_it.map(|(_, row)| row.due_at)
}

/// Looks at so many withdrawals that are due, and begins the pushes of those that need one.
pub(super) fn begin_due(
    txn: &mut Txn,
    notification: NotificationKey,
    (now, rows): (Timestamp, usize),
) -> Vec<Begun> {
    let all = txn.world.withdrawals.iter();
    let due = all.filter(|((of, _, _), row)| *of == notification && row.due_at <= now);
    let mut due: Vec<_> = due.map(|(key, row)| (row.due_at, *key)).collect();
    due.sort_unstable();
    let mut begun = Vec::new();
    for (_, key) in due.into_iter().take(rows) {
        let step = step(&txn.world, key, now).unwrap_or(Step::Done);
        let tried = match step {
            Step::Later(at) => {
                if let Some(row) = txn.world.withdrawals.get_mut(&key) {
                    row.due_at = at;
                }
                continue;
            }
            Step::Push(channel) => {
                let target = Target::Device {
                    installation: key.2,
                    channel,
                };
                begin_one(&mut txn.world, key, target, now)
            }
            Step::Done => None,
        };
        if tried.is_none() {
            txn.world.withdrawals.remove(&key);
        }
        begun.extend(tried);
    }
    begun
}

/// What is done about a withdrawal now; `None` if the installation is not the user's any more.
fn step(world: &World, key: WithdrawalKey, now: Timestamp) -> Option<Step> {
    let (notification, user, installation) = key;
    let own = world.withdrawals.get(&key)?;
    let of = world.notifications.get(&notification)?;
    let delivery = world.deliveries.get(&(notification, user))?;
    let name = world.name_of(user)?;
    let sessions = world.sessions_of(&of.app, name);
    let session = *sessions.get(&installation)?;
    let found = (installation, session);
    let device = device(world, ((notification, user), &of.app), found, now);
    let attempts = of_delivery(world, (notification, user));
    let there = attempts.filter(|(of, _)| of.2.installation() == Some(installation));
    let traces: Vec<_> = there.map(|(of, row)| trace(of, row)).collect();
    let head = world.users.get(&user)?;
    let epoch = epoch_of(world.epoch, head.renewal);
    let reached = session.confirmed.filter(|place| place.epoch == epoch);
    Some(look(&View {
        device: &device,
        traces: &traces,
        has_entry: reached.is_some_and(|place| place.seq >= own.seq),
        since: own.since,
        expires_at: delivery.expires_at.unwrap_or(of.notification.expires_at),
        own: &own.attempt,
        now,
    }))
}

/// Begins a push. Without address or key for envelopes, none begins.
fn begin_one(
    world: &mut World,
    key: WithdrawalKey,
    target: Target,
    now: Timestamp,
) -> Option<Begun> {
    let (notification, user, installation) = key;
    let of = world.notifications.get(&notification)?;
    let delivery = world.deliveries.get(&(notification, user))?;
    let content = Arc::new(for_user(&of.notification, delivery));
    let recipient = recipient(world, (&of.app, user), target)?;
    recipient.key()?;
    let (name, id) = (world.name_of(user)?.clone(), delivery.id);
    let lease_until = leased_until(target, now);
    let row = world.withdrawals.get_mut(&key)?;
    row.attempt = begin_try(Some(&row.attempt), lease_until);
    row.due_at = lease_until;
    Some(Begun {
        attempt: withdrawal_id(id, installation),
        user: name,
        notification: content,
        sends: Sends::Withdrawal,
        recipient,
        lease_until,
        provider: None,
    })
}

/// Notes what became of a push that withdraws, if it is still the one that is on its way. Gives whether it was.
pub(super) fn settle_one(
    txn: &mut Txn,
    notification: NotificationKey,
    tried: &Tried,
    settling: &Settling,
) -> bool {
    let app: &AppId = &settling.app;
    let world = &mut txn.world;
    let user = world.user_key(app, &tried.user);
    let (Some(user), Some(installation)) = (user, tried.target.installation()) else {
        return false;
    };
    let key = (notification, user, installation);
    let known = known(world, (app, user), tried);
    let Some(until) = expires_at(world, (notification, user)) else {
        return false;
    };
    let Some(row) = world.withdrawals.get_mut(&key) else {
        return false;
    };
    let bounds = Bounds {
        until,
        collapses: tried.collapses,
        on_unproven: OnUnproven::Repeat,
        random: settling.random,
        now: settling.now,
    };
    let of = (&tried.outcome, tried.lease_until);
    let Some(settled) = settle_try(&row.attempt, of, known, bounds) else {
        return false;
    };
    row.attempt = settled;
    match (row.attempt.state, row.attempt.until) {
        (State::Begun | State::Retrying | State::Sending, Some(until)) => row.due_at = until,
        (State::Begun | State::Retrying | State::Sending, None)
        | (State::Sent | State::Failed, _) => {
            world.withdrawals.remove(&key);
        }
    }
    learn(txn, (app, installation), tried, settling.now);
    true
}

fn expires_at(world: &World, key: Key) -> Option<Timestamp> {
    let own = world.deliveries.get(&key)?.expires_at;
    let of = world.notifications.get(&key.0)?;
    Some(own.unwrap_or(of.notification.expires_at))
}

/// What an attempt has left behind.
pub(super) fn trace<'a>(of: &AttemptKey, row: &'a AttemptRow) -> Trace<'a> {
    Trace {
        channel: of.2.channel(),
        attempt: &row.attempt,
        delivered_at: row.delivered_at,
        read_at: row.read_at,
    }
}
