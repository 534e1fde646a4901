//! What gateways report of messages that they took.

use jiff::Timestamp;
use vestnik_model::{AppId, Channel, GatewayName};
use vestnik_rules::{
    bounce::end,
    cascade::{Looked, Target},
    delivery::Event,
    gateway_report::{
        Fate, KEPT_FOR, MOST_KEPT, Reported, Standing, ending, kills_address, reported, waits,
    },
    receipt::possible,
};

use super::{
    attempt::of_delivery,
    dispatch::{Key, look_at, move_on, save, wake},
    gateways,
    release::hours_of,
    row::AttemptKey,
    txn::Txn,
    world::World,
};
use crate::dispatch::{MessageReport, MessageReports, Tried};

/// A report of a message that no attempt is known for.
#[derive(Debug, Clone)]
pub(super) struct KeptReport {
    app: AppId,
    gateway: GatewayName,
    report: MessageReport,
    received_at: Timestamp,
}

/// Notes what a gateway reports; gives of how many messages that was news.
pub(super) fn note(txn: &mut Txn, reports: &MessageReports) -> usize {
    let mut news = 0;
    for report in &reports.reports {
        match attempt_of(&txn.world, &report.message) {
            Some(found) => news += usize::from(note_one(txn, found, report, reports.now)),
            None => keep(
                &mut txn.world,
                (&reports.app, reports.gateway),
                *report,
                reports.now,
            ),
        }
    }
    drop_old(&mut txn.world, (&reports.app, reports.gateway), reports.now);
    news
}

/// Notes the reports that came before the try that they are about was settled.
pub(super) fn note_kept(txn: &mut Txn, tried: &Tried, now: Timestamp) {
    let Some((message, found)) = tried
        .message
        .and_then(|message| Some((message, attempt_of(&txn.world, &message)?)))
    else {
        return;
    };
    let all = txn.world.message_reports.iter();
    let its = all.filter(|(_, kept)| kept.report.message == message);
    let oldest = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    let its: Vec<_> = its.map(|(number, kept)| (*number, kept.clone())).collect();
    for (number, kept) in its {
        txn.world.message_reports.remove(&number);
        if kept.received_at > oldest {
            note_one(txn, found, &kept.report, now);
        }
    }
}

/// The attempt at a gateway that a message is of.
fn attempt_of(world: &World, message: &[u8; 32]) -> Option<(Key, GatewayName)> {
    let mut attempts = world.attempts.iter();
    attempts.find_map(|((notification, user, target), row)| match target {
        Target::Gateway(gateway) if row.message.as_ref() == Some(message) => {
            Some(((*notification, *user), *gateway))
        }
        Target::Gateway(_) | Target::Device { .. } | Target::Mailbox | Target::Backend => None,
    })
}

fn keep(
    world: &mut World,
    (app, gateway): (&AppId, GatewayName),
    report: MessageReport,
    now: Timestamp,
) {
    let is_same = |kept: &KeptReport| {
        (kept.report.message, kept.report.fate.as_str()) == (report.message, report.fate.as_str())
    };
    // The former may be too old to count.
    world.message_reports.retain(|_, kept| !is_same(kept));
    let last = world.message_reports.keys().next_back();
    let number = last.map_or(1, |last| last + 1);
    let kept = KeptReport {
        app: app.clone(),
        gateway,
        report,
        received_at: now,
    };
    world.message_reports.insert(number, kept);
}

fn drop_old(world: &mut World, (app, gateway): (&AppId, GatewayName), now: Timestamp) {
    let is_of = |kept: &KeptReport| kept.app == *app && kept.gateway == gateway;
    let oldest = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    world
        .message_reports
        .retain(|_, kept| !is_of(kept) || kept.received_at > oldest);
    let all = world.message_reports.iter().rev();
    let own = all.filter(|(_, kept)| is_of(kept));
    let surplus: Vec<_> = own.skip(MOST_KEPT).map(|(number, _)| *number).collect();
    for number in surplus {
        world.message_reports.remove(&number);
    }
}

/// Notes what became of the message of an attempt; tells whether it is news.
fn note_one(
    txn: &mut Txn,
    (key, gateway): (Key, GatewayName),
    report: &MessageReport,
    now: Timestamp,
) -> bool {
    let place = (key.0, key.1, Target::Gateway(gateway));
    let (told, at) = match judge(&txn.world, place, report, now) {
        Judged::News(told, at) => (told, at),
        Judged::Nothing => return false,
        Judged::Early => {
            let app = txn
                .world
                .notifications
                .get(&key.0)
                .map(|row| row.app.clone());
            if let Some(app) = app {
                keep(&mut txn.world, (&app, gateway), *report, now);
            }
            return false;
        }
    };
    let Some(row) = txn.world.attempts.get_mut(&place) else {
        return false;
    };
    row.attempt = told.standing.attempt;
    (row.delivered_at, row.read_at) = (told.standing.delivered_at, told.standing.read_at);
    if told.is_lost {
        row.returned_at = Some(now);
    }
    let tried_at = row.tried_at.unwrap_or(row.started_at);
    kill(&mut txn.world, (key, gateway), (report.fate, tried_at), now);
    if let Some(kind) = told.proof {
        move_on(
            txn,
            key,
            Event::Receipt(kind, Channel::Gateway(gateway)),
            at,
        );
    }
    go_on(txn, place, report.fate, now);
    true
}

/// What a report is to an attempt.
enum Judged {
    News(Reported, Timestamp),
    Nothing,
    /// It is kept until the try that is under way is settled.
    Early,
}

fn judge(world: &World, place: AttemptKey, report: &MessageReport, now: Timestamp) -> Judged {
    let row = world.attempts.get(&place);
    let Some((row, notification)) = row.zip(world.notifications.get(&place.0)) else {
        return Judged::Nothing;
    };
    let known = Standing {
        attempt: row.attempt.clone(),
        delivered_at: row.delivered_at,
        read_at: row.read_at,
    };
    let at = possible(report.at, notification.notification.accepted_at, now);
    match reported(&known, report.fate, at) {
        Some(told) => Judged::News(told, at),
        None if waits(&known, report.fate) => Judged::Early,
        None => Judged::Nothing,
    }
}

/// Notes that the address of a user at a gateway is dead, if a report proves it.
fn kill(
    world: &mut World,
    (key, gateway): (Key, GatewayName),
    (fate, tried_at): (Fate, Timestamp),
    now: Timestamp,
) {
    let app = world.notifications.get(&key.0).map(|row| row.app.clone());
    let traits = app.and_then(|app| gateways::traits(world, &app, gateway));
    let Some(traits) = traits else {
        return;
    };
    let known = gateways::known(world, (traits, key.1), gateway);
    if known.is_some_and(|known| kills_address(fate, known.set_at, tried_at)) {
        gateways::kill(world, (traits, key.1), gateway, now);
    }
}

/// Brings a delivery on of whose message something became known.
pub(super) fn go_on(txn: &mut Txn, place: AttemptKey, fate: Fate, now: Timestamp) {
    let key = (place.0, place.1);
    // What is over goes on by no other step.
    let hours = hours_of(&txn.world, key, now).or_open();
    let (Some(looked), Some(row)) = (
        look_at(&txn.world, key, &hours, now),
        txn.world.deliveries.get(&key),
    ) else {
        return;
    };
    let Some(course) = row.course else {
        return;
    };
    let looked = looked.left_to_dispatch(course, now);
    let others = of_delivery(&txn.world, key);
    let others = others.filter(|((_, _, target), _)| *target != place.2);
    let others = others.map(|(_, row)| &row.attempt);
    let ended = fate.reason().and_then(|reason| {
        let status = row.state.status;
        end((status, ending(reason)), others, (&course, &looked))
    });
    let looked = Looked {
        end: ended.or(looked.end),
        ..looked
    };
    save(txn, key, &looked, now);
    wake(txn, key.0);
}
