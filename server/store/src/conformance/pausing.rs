//! Mailings that are paused, resumed and given another pace while they are sent.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_model::{DeliveryStatus, publish::Patch};
use vestnik_rules::{
    explain::Findings,
    schedule::{HeldBy, Hours},
    work::WorkKind,
};

use super::{
    Fixture,
    name::{ACCEPTED, at, notification, shop, topics, user, users},
    pushing::{self, dispatch},
    world::World,
};
use crate::{
    ledger::FindingsQuery,
    publishing::{Edit, EditOutcome, Pause},
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const NAMES: [&str; 12] = [
    "u01", "u02", "u03", "u04", "u05", "u06", "u07", "u08", "u09", "u10", "u11", "u12",
];

/// A mailing to twelve people, three of them in a minute.
async fn begin(fixture: &impl Fixture) -> World {
    let world = World::begin(fixture).await;
    world.topic("orders", &NAMES).await;
    for (number, who) in (1..).zip(NAMES) {
        world.login(who, number).await;
    }
    let schedule = json!({"throttle_per_minute": 3});
    world
        .publish_timed(1, topics(&["orders"]), schedule, HOUR)
        .await;
    world
}

async fn pause(world: &World, is_paused: bool, second: i64) -> EditOutcome {
    let asked = Pause {
        app: shop(),
        id: notification(1),
        is_paused,
        now: at(second),
    };
    world.store.pause(asked).await.unwrap()
}

async fn edit(world: &World, schedule: Value, second: i64) -> EditOutcome {
    let patch = serde_json::from_value(json!({"schedule": schedule})).unwrap();
    let edit = Edit {
        app: shop(),
        id: notification(1),
        patch: Patch::parse(patch).unwrap(),
        now: at(second),
    };
    world.store.edit(edit).await.unwrap()
}

/// Who was notified first up to a second.
async fn notified(world: &World, until: i64) -> BTreeSet<String> {
    let got = world.play(1, &NAMES, 5, until).await;
    got.into_keys().collect()
}

async fn held(world: &World, who: &str, second: i64) -> Option<HeldBy> {
    let asked = FindingsQuery {
        app: shop(),
        notification: notification(1),
        user: user(who),
        now: at(second),
    };
    let findings: Findings = world.store.findings(asked).await.unwrap().unwrap();
    match findings.hours {
        Hours::Closed(held) => Some(held.by),
        Hours::Open | Hours::Over(_) => None,
    }
}

pub async fn a_paused_mailing_goes_on_when_it_is_resumed(fixture: &impl Fixture) {
    let mut world = begin(fixture).await;
    let early = notified(&world, ACCEPTED + 65).await;
    assert!((3..12).contains(&early.len()), "{early:?}");
    assert_eq!(
        pause(&world, true, ACCEPTED + 66).await,
        EditOutcome::Edited
    );
    assert_eq!(world.view(1).await.paused_at, Some(at(ACCEPTED + 66)));
    // A server that starts anew keeps to it.
    world = world.reopened(fixture, ACCEPTED + 70);
    let more = notified(&world, ACCEPTED + 1_000).await;
    assert_eq!(more.difference(&early).count(), 0, "{more:?}");
    let waits = NAMES.iter().find(|who| !early.contains(**who)).unwrap();
    let by = held(&world, waits, ACCEPTED + 1_000).await;
    assert_eq!(by, Some(HeldBy::Pause));
    // To pause it again changes nothing.
    assert_eq!(
        pause(&world, true, ACCEPTED + 1_001).await,
        EditOutcome::Edited
    );
    assert_eq!(world.view(1).await.paused_at, Some(at(ACCEPTED + 66)));
    assert_eq!(
        pause(&world, false, ACCEPTED + 1_002).await,
        EditOutcome::Edited
    );
    assert_eq!(world.view(1).await.paused_at, None);
    world.work(WorkKind::AskAnew, 5, ACCEPTED + 1_002).await;
    let all = notified(&world, ACCEPTED + 1_800).await;
    assert_eq!(all.len() + early.difference(&all).count(), NAMES.len());
    assert_eq!(world.counts(1).await.scheduled, 0);
    world.is_sound().await;
}

pub async fn what_was_released_is_not_sent_while_its_mailing_is_paused(fixture: &impl Fixture) {
    let (world, _) = pushing::begin(fixture).await;
    world
        .publish_timed(1, users(&["anna"]), json!({}), HOUR)
        .await;
    pause(&world, true, ACCEPTED + 1).await;
    let long = ACCEPTED + 600;
    assert_eq!(dispatch(&world, ACCEPTED + 20).await, []);
    assert!(world.claim(WorkKind::Dispatch, long).await.is_empty());
    assert_eq!(held(&world, "anna", long).await, Some(HeldBy::Pause));
    pause(&world, false, long + 1).await;
    world.work(WorkKind::AskAnew, 7, long + 1).await;
    assert_eq!(dispatch(&world, long + 2).await.len(), 1);
    world.is_sound().await;
}

pub async fn what_expires_first_ends_first_while_its_mailing_is_paused(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login_in("late", 1, "Etc/UTC").await;
    world.login_in("soon", 2, "Asia/Tokyo").await;
    let schedule = json!({"send_at": "2027-01-16T09:00:00", "time_zone": "recipient"});
    let (ttl, to) = (SignedDuration::from_hours(12), users(&["late", "soon"]));
    world.publish_timed(1, to, schedule, ttl).await;
    pause(&world, true, ACCEPTED + 1).await;
    // Nine in the morning there, sixteen hours from the beginning.
    let tokyo = 16 * 3_600;
    let both = tokyo + 10 * 3_600;
    let all = ["late", "soon"];
    assert!(world.play(1, &all, 7, both).await.is_empty());
    // All that wait are asked about anew, in the order of their users.
    pause(&world, false, both).await;
    pause(&world, true, both).await;
    world.work(WorkKind::AskAnew, 7, both + 1).await;
    let ended = tokyo + 12 * 3_600;
    assert!(world.play(1, &all, 7, ended + 1).await.is_empty());
    let status = async |who| world.delivery(1, who).await.status;
    assert_eq!(status("soon").await, DeliveryStatus::Expired);
    assert_eq!(status("late").await, DeliveryStatus::Scheduled);
    world.is_sound().await;
}

pub async fn a_mailing_that_is_paused_before_it_begins_notifies_nobody(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    assert_eq!(pause(&world, true, ACCEPTED).await, EditOutcome::Edited);
    assert!(notified(&world, ACCEPTED + 600).await.is_empty());
    assert_eq!(world.counts(1).await.scheduled, NAMES.len() as u64);
    // What expires meanwhile ends, and can be resumed no more.
    world.work(WorkKind::Expire, 7, ACCEPTED + 3_700).await;
    let ended = world.delivery(1, "u01").await;
    assert_eq!(ended.status, DeliveryStatus::Expired);
    assert_eq!(
        pause(&world, false, ACCEPTED + 3_700).await,
        EditOutcome::NotEditable
    );
    world.is_sound().await;
}

pub async fn a_paused_mailing_can_be_cancelled_and_then_not_resumed(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    pause(&world, true, ACCEPTED).await;
    notified(&world, ACCEPTED + 10).await;
    let cancel = world
        .store
        .cancel(shop(), notification(1), at(ACCEPTED + 11));
    assert!(cancel.await.unwrap());
    assert_eq!(
        pause(&world, false, ACCEPTED + 12).await,
        EditOutcome::NotEditable
    );
    assert!(notified(&world, ACCEPTED + 600).await.is_empty());
    assert_eq!(world.counts(1).await.cancelled, NAMES.len() as u64);
    world.is_sound().await;
}

pub async fn the_pace_of_a_mailing_is_changed_while_it_is_sent(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let early = notified(&world, ACCEPTED + 65).await;
    assert!(early.len() < 9, "{early:?}");
    let more = json!({"throttle_per_minute": 1_000, "window": {"from": "09:00", "to": "21:00"},
                      "time_zone": "Europe/Berlin"});
    assert_eq!(
        edit(&world, more, ACCEPTED + 66).await,
        EditOutcome::NotEditable
    );
    let faster = json!({"throttle_per_minute": 1_000});
    assert_eq!(
        edit(&world, faster, ACCEPTED + 66).await,
        EditOutcome::Edited
    );
    notified(&world, ACCEPTED + 95).await;
    assert_eq!(world.counts(1).await.scheduled, 0);
    world.is_sound().await;
}
