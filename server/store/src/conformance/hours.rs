//! What was released and is held by closed hours.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_model::{DeliveryStatus, Permission, Reason};
use vestnik_rules::{
    attempt::Outcome,
    retry::Obstacle,
    schedule::{HeldBy, Hours, ZoneSource},
    session::Session,
    work::WorkKind,
};

use super::{
    Fixture,
    name::{at, notification, shop, user, users},
    pushing::{self, dispatch, dispatch_of, settle, state, token, tried},
    timed::second,
    world::World,
};
use crate::{
    ledger::FindingsQuery,
    publishing::{Retry, RetryOutcome},
};

/// A window of the first minutes of the cases, by a clock that everybody has.
fn window(on_missed: &str) -> Value {
    json!({"window": {"from": "08:00", "to": "08:05"}, "time_zone": "Etc/UTC",
           "on_missed_window": on_missed})
}

/// A notification in a window, of which Anna's push was lost: her phone has a new address by now.
async fn lost(fixture: &impl Fixture, on_missed: &str) -> (World, Session) {
    let (world, anna) = pushing::begin(fixture).await;
    let days = SignedDuration::from_hours(72);
    let to = users(&["anna"]);
    world.publish_timed(1, to, window(on_missed), days).await;
    let begun = dispatch(&world, 20).await;
    let dead = Outcome::Dead {
        reason: Reason::TokenDead,
        since: None,
    };
    settle(&world, 21, tried(&begun[0], 20, dead)).await;
    let status = world.delivery(1, "anna").await.status;
    assert_eq!(status, DeliveryStatus::Undelivered);
    let other = state(&["token-2"], Permission::Granted);
    let put = world.store.put_state(anna.clone(), other, at(22)).await;
    assert_eq!(put, Ok(true));
    (world, anna)
}

async fn retried(world: &World, second: i64) -> RetryOutcome {
    let asked = Retry {
        app: shop(),
        id: notification(1),
        now: at(second),
    };
    world.store.retry(asked).await.unwrap()
}

async fn retry(world: &World, second: i64) {
    let begun = RetryOutcome::Begun {
        retried: 1,
        is_complete: true,
    };
    assert_eq!(retried(world, second).await, begun);
}

pub async fn what_is_tried_anew_waits_for_open_hours(fixture: &impl Fixture) {
    let (world, _) = lost(fixture, "next_allowed").await;
    let closed = second("2027-01-15T08:05:00Z");
    retry(&world, closed).await;
    assert!(world.claim(WorkKind::Dispatch, closed).await.is_empty());
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    let asked = FindingsQuery {
        app: shop(),
        notification: notification(1),
        user: user("anna"),
        now: at(closed),
    };
    let findings = world.store.findings(asked).await.unwrap().unwrap();
    let Hours::Closed(held) = findings.hours else {
        panic!("the window is closed: {:?}", findings.hours);
    };
    let opens = second("2027-01-16T08:00:00Z");
    assert_eq!((held.until, held.by), (at(opens), HeldBy::Window));
    assert_eq!(held.zone.unwrap().1, ZoneSource::Sender);
    assert!(world.claim(WorkKind::Dispatch, opens - 1).await.is_empty());
    let begun = dispatch(&world, opens).await;
    assert_eq!(begun.iter().map(token).collect::<Vec<_>>(), ["token-2"]);
    world.is_sound().await;
}

pub async fn what_is_tried_anew_in_open_hours_goes_out(fixture: &impl Fixture) {
    let (world, _) = lost(fixture, "drop").await;
    let open = second("2027-01-15T08:04:59Z");
    retry(&world, open).await;
    assert_eq!(dispatch(&world, open).await.len(), 1);
    world.is_sound().await;
}

/// The sender is told that nothing can be tried anew, and the delivery keeps the reason of its end.
pub async fn a_window_that_is_over_lets_nothing_be_tried_anew(fixture: &impl Fixture) {
    let (world, _) = lost(fixture, "drop").await;
    let over = second("2027-01-15T08:05:00Z");
    let refused = RetryOutcome::Refused(Obstacle::NothingLost);
    assert_eq!(retried(&world, over).await, refused);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Undelivered);
    assert_eq!(delivery.reason, Some(Reason::TokenDead.into()));
    world.is_sound().await;
}

/// A store may cancel many deliveries in parts. What is left waits for its part, and hours that are over do not
/// end it as something that the sender did not decide.
pub async fn hours_do_not_end_what_was_withdrawn(fixture: &impl Fixture) {
    let (world, _) = pushing::begin(fixture).await;
    let names: Vec<_> = (1..=600).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let days = SignedDuration::from_hours(72);
    world
        .publish_timed(1, users(&names), window("drop"), days)
        .await;
    world.work(WorkKind::Expand, 1_000, 20).await;
    assert_eq!(world.counts(1).await.pending, 600);
    let cancelled = world.store.cancel(shop(), notification(1), at(30));
    assert_eq!(cancelled.await, Ok(true));
    let over = second("2027-01-15T08:05:00Z");
    loop {
        let claims = world.claim(WorkKind::Dispatch, over).await;
        let Some(claim) = claims.first() else { break };
        assert_eq!(dispatch_of(&world, claim, over).await.begun, []);
    }
    world.work(WorkKind::Expire, 1_000, over).await;
    let counts = world.counts(1).await;
    assert_eq!((counts.cancelled, counts.expired), (600, 0));
    world.is_sound().await;
}

/// Whose hours change while a step waits for them: nobody waits for the former ones.
pub async fn what_closed_hours_put_off_follows_a_change(fixture: &impl Fixture) {
    let (world, _) = pushing::begin(fixture).await;
    let days = SignedDuration::from_hours(72);
    let each = [1, 2, 3];
    for number in each {
        world
            .publish_timed(number, users(&["anna"]), json!({}), days)
            .await;
    }
    // Each push is to be made again later, when she wants quiet.
    for _ in each {
        let begun = dispatch(&world, 10).await;
        let busy = Outcome::Retry {
            reason: Reason::ProviderUnavailable,
            after: Some(SignedDuration::from_mins(1)),
        };
        settle(&world, 11, tried(&begun[0], 10, busy)).await;
    }
    let quiet =
        |from: &str| json!({"quiet_hours": {"from": from, "to": "12:00"}, "time_zone": "Etc/UTC"});
    world.attributes("anna", quiet("08:00"), 12).await;
    for _ in each {
        assert!(dispatch(&world, 120).await.is_empty());
    }
    let changed = 180;
    assert!(world.claim(WorkKind::Dispatch, changed).await.is_empty());
    // She wants less of it. The walk goes in parts of two.
    world.attributes("anna", quiet("10:00"), changed).await;
    assert!(world.work(WorkKind::AskAnew, 2, changed).await >= 2);
    for _ in each {
        assert_eq!(dispatch(&world, changed).await.len(), 1);
    }
    assert!(world.claim(WorkKind::Dispatch, changed).await.is_empty());
    world.is_sound().await;
}

/// The same for everybody of an App whose clock nobody knows otherwise.
pub async fn what_closed_hours_put_off_follows_the_default_zone(fixture: &impl Fixture) {
    let (world, _) = lost(fixture, "next_allowed").await;
    let by_app = json!({"window": {"from": "08:00", "to": "08:05"}, "on_missed_window": "next_allowed",
                        "on_no_time_zone": "app_default"});
    world.default_zone("Etc/UTC").await;
    let days = SignedDuration::from_hours(72);
    world.publish_timed(2, users(&["anna"]), by_app, days).await;
    let begun = dispatch(&world, 30).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: Some(SignedDuration::from_mins(5)),
    };
    settle(&world, 31, tried(&begun[0], 30, busy)).await;
    let closed = second("2027-01-15T08:07:00Z");
    assert!(dispatch(&world, closed).await.is_empty());
    let changed = closed + 60;
    world.default_zone_at("Etc/GMT-1", changed).await;
    assert!(world.work(WorkKind::AskAnew, 1, changed).await >= 2);
    // It is 9 o'clock there: the window opens tomorrow, an hour earlier.
    assert!(dispatch(&world, changed).await.is_empty());
    let opens = second("2027-01-16T07:00:00Z");
    assert!(world.claim(WorkKind::Dispatch, opens - 1).await.is_empty());
    assert_eq!(dispatch(&world, opens).await.len(), 1);
    world.is_sound().await;
}
