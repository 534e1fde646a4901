//! What a push service reports of pushes that it took.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, Open};
use vestnik_rules::{
    cascade::channel_of,
    delivery::Event,
    gateway_report::{Reported, Standing, reported},
    installation::Change,
    push_receipt::ends_address,
    receipt::possible,
};

use super::{
    dispatch::move_on,
    installations::addresses_of,
    messages::go_on,
    row::{AttemptKey, AttemptRow},
    txn::Txn,
    world::World,
};
use crate::dispatch::{PushReceipt, PushReceipts};

/// Notes receipts; gives of how many pushes that was news.
pub(super) fn note(txn: &mut Txn, receipts: &PushReceipts) -> usize {
    let mut news = 0;
    for receipt in &receipts.receipts {
        let found = attempt_of(&txn.world, receipts, receipt);
        news += usize::from(found.is_some_and(|found| note_one(txn, found, receipts, receipt)));
    }
    news
}

/// The attempt that a receipt is about, and the installation that it went to.
fn attempt_of(
    world: &World,
    receipts: &PushReceipts,
    receipt: &PushReceipt,
) -> Option<(AttemptKey, InstallationId)> {
    let mut attempts = world.attempts.iter();
    attempts.find_map(|(place, row)| {
        let is_it = row.message == Some(receipt.push) && place.2.channel() == receipts.channel;
        let installation = place.2.installation();
        installation.filter(|_| is_it).map(|id| (*place, id))
    })
}

fn note_one(
    txn: &mut Txn,
    (place, installation): (AttemptKey, InstallationId),
    receipts: &PushReceipts,
    receipt: &PushReceipt,
) -> bool {
    let whose = (&receipts.app, installation);
    if receipt.fate.reason().is_some() && !is_its(&txn.world, whose, receipts, receipt) {
        return false;
    }
    let Some((told, at)) = judge(&txn.world, place, receipt, receipts.now) else {
        return false;
    };
    let Some(row) = txn.world.attempts.get_mut(&place) else {
        return false;
    };
    let tried_at = row.tried_at.unwrap_or(row.started_at);
    put(row, &told, receipts.now);
    let key = (place.0, place.1);
    end_address(txn, (place, installation), (receipts, receipt), tried_at);
    if let Some(kind) = told.proof {
        move_on(txn, key, Event::Receipt(kind, receipts.channel), at);
    }
    go_on(txn, place, receipt.fate, receipts.now);
    true
}

/// Whether the address that a push went to is still the one of the installation at the service, dead or alive.
fn is_its(
    world: &World,
    (app, installation): (&AppId, InstallationId),
    receipts: &PushReceipts,
    receipt: &PushReceipt,
) -> bool {
    let at_service = |kind: &str| Open::read(kind).known().and_then(channel_of);
    let mut known = addresses_of(world, app, installation);
    known.any(|(kind, row)| {
        row.hash == receipt.address && at_service(kind) == Some(receipts.channel)
    })
}

fn judge(
    world: &World,
    place: AttemptKey,
    receipt: &PushReceipt,
    now: Timestamp,
) -> Option<(Reported, Timestamp)> {
    let row = world.attempts.get(&place)?;
    let notification = world.notifications.get(&place.0)?;
    let known = Standing {
        attempt: row.attempt.clone(),
        delivered_at: row.delivered_at.or(row.arrived_at),
        read_at: row.read_at,
    };
    let at = possible(receipt.at, notification.notification.accepted_at, now);
    Some((reported(&known, receipt.fate, at)?, at))
}

fn put(row: &mut AttemptRow, told: &Reported, now: Timestamp) {
    row.attempt = told.standing.attempt.clone();
    row.arrived_at = told.standing.delivered_at;
    if told.is_lost {
        row.returned_at = Some(now);
    }
}

/// Notes that the address of an installation is of no use any more, if a receipt proves it.
fn end_address(
    txn: &mut Txn,
    (place, installation): (AttemptKey, InstallationId),
    (receipts, receipt): (&PushReceipts, &PushReceipt),
    tried_at: Timestamp,
) {
    let app = &receipts.app;
    let ended: Vec<_> = addresses_of(&txn.world, app, installation)
        .filter(|(_, row)| row.hash == receipt.address && row.died_at.is_none())
        .filter(|(_, row)| ends_address(receipt.fate, row.refreshed_at, tried_at))
        .map(|(kind, _)| kind.to_owned())
        .collect();
    let user = txn.world.name_of(place.1).cloned();
    for kind in ended {
        let key = (app.clone(), installation, kind.clone());
        if let Some(row) = txn.world.addresses.get_mut(&key) {
            row.address = None;
            row.died_at = Some(receipts.now);
        }
        if let Some(user) = &user {
            let change = Change::TokenInvalidated(Open::read(&kind));
            txn.tell_installation(app, (installation, user), change);
        }
    }
}
