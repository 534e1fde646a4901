//! Trying anew what was lost.

use serde_json::json;
use vestnik_model::{AttemptStatus, DeliveryStatus, NotificationStatus, Reason};
use vestnik_rules::{attempt::Outcome, retry::Obstacle, session::Session, work::WorkKind};

use super::{
    Fixture,
    name::{EXPIRED, at, bank, notification, shop, topics, users},
    pushing::{self, provide, settle, token, tried},
    world::{World, due},
};
use crate::publishing::{Retry, RetryOutcome};

const NOTHING: RetryOutcome = RetryOutcome::Refused(Obstacle::NothingLost);

async fn retry(world: &World, number: u32, second: i64) -> RetryOutcome {
    let asked = Retry {
        app: shop(),
        id: notification(number),
        now: at(second),
    };
    world.store.retry(asked).await.unwrap()
}

const fn begun(retried: u64) -> RetryOutcome {
    RetryOutcome::Begun {
        retried,
        is_complete: true,
    }
}

async fn reports(world: &World, session: &Session, (token, permission): (&str, &str), second: i64) {
    let state = json!({
        "platform": "android", "permission": permission,
        "push_addresses": [{"kind": "fcm_token", "value": token}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(session.clone(), state, at(second));
    assert!(put.await.unwrap());
}

/// Does the dispatch that is due: each push comes to the outcome. Gives the tokens.
async fn dispatch(world: &World, outcome: &Outcome, second: i64) -> Vec<String> {
    let begun = pushing::dispatch(world, second).await;
    for push in &begun {
        assert_eq!(
            settle(world, second, tried(push, second, outcome.clone())).await,
            1
        );
    }
    begun.iter().map(|push| token(push).to_owned()).collect()
}

fn dead() -> Outcome {
    Outcome::Dead {
        reason: Reason::TokenDead,
        since: None,
    }
}

/// A shop with credentials at FCM in which the only address of Anna's phone turned out dead.
async fn lost(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    reports(&world, &anna, ("token-1", "granted"), 2).await;
    world.publish(1, users(&["anna"])).await;
    dispatch(&world, &dead(), 20).await;
    assert_eq!(world.status(1).await, NotificationStatus::Error);
    (world, anna)
}

pub async fn what_was_lost_is_tried_anew_once_something_has_changed(fixture: &impl Fixture) {
    let (world, anna) = lost(fixture).await;
    assert_eq!(retry(&world, 1, 30).await, NOTHING);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Undelivered
    );
    reports(&world, &anna, ("token-2", "granted"), 31).await;
    world.taken();
    assert_eq!(retry(&world, 1, 32).await, begun(1));
    assert_eq!(due(&world.taken()), [(WorkKind::Dispatch, 32)]);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(
        (delivery.status, delivery.reason),
        (DeliveryStatus::Pending, None)
    );
    assert_eq!(world.counts(1).await.pending, 1);
    assert_eq!(world.status(1).await, NotificationStatus::Queued);
    let tokens = dispatch(&world, &Outcome::Accepted, 33).await;
    assert_eq!(tokens, ["token-2"]);
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    let attempts = world.store.attempts(shop(), delivery.id);
    let attempts = attempts.await.unwrap().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (attempts[0].tries, &attempts[0].status),
        (2, &AttemptStatus::Sent.into())
    );
    world.is_sound().await;
}

pub async fn a_second_retry_changes_nothing(fixture: &impl Fixture) {
    let (world, anna) = lost(fixture).await;
    reports(&world, &anna, ("token-2", "granted"), 31).await;
    assert_eq!(retry(&world, 1, 32).await, begun(1));
    assert_eq!(retry(&world, 1, 33).await, NOTHING);
    let tokens = dispatch(&world, &Outcome::Accepted, 34).await;
    assert_eq!(tokens, ["token-2"]);
    assert_eq!(retry(&world, 1, 35).await, NOTHING);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_user_who_logs_in_later_is_reached_anew(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["anna", "bert"])).await;
    assert_eq!(retry(&world, 1, 20).await, NOTHING);
    world.login("anna", 1).await;
    assert_eq!(retry(&world, 1, 30).await, begun(1));
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    assert_eq!(
        world.delivery(1, "bert").await.status,
        DeliveryStatus::Undelivered
    );
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn what_is_over_is_not_tried_anew(fixture: &impl Fixture) {
    let (world, anna) = lost(fixture).await;
    reports(&world, &anna, ("token-2", "granted"), 31).await;
    assert_eq!(retry(&world, 9, 32).await, RetryOutcome::Unknown);
    let foreign = Retry {
        app: bank(),
        id: notification(1),
        now: at(32),
    };
    assert_eq!(world.store.retry(foreign).await, Ok(RetryOutcome::Unknown));
    let expired = RetryOutcome::Refused(Obstacle::Expired);
    assert_eq!(retry(&world, 1, EXPIRED).await, expired);
    assert!(
        world
            .store
            .cancel(shop(), notification(1), at(40))
            .await
            .unwrap()
    );
    let cancelled = RetryOutcome::Refused(Obstacle::Cancelled);
    assert_eq!(retry(&world, 1, 41).await, cancelled);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Undelivered
    );
    world.is_sound().await;
}

pub async fn a_large_retry_goes_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names: Vec<_> = (0..60).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    world.topic("orders", &names).await;
    world.publish(1, topics(&["orders"])).await;
    world.work(WorkKind::Expand, 1_000, 20).await;
    assert_eq!(world.counts(1).await.undelivered, 60);
    world.login("u0", 1).await;
    world.login("u20", 2).await;
    world.login("u59", 3).await;
    world.taken();
    let first = RetryOutcome::Begun {
        retried: 1,
        is_complete: false,
    };
    assert_eq!(retry(&world, 1, 30).await, first);
    assert_eq!(due(&world.taken()), [(WorkKind::Retry, 30)]);
    let nothing_more = RetryOutcome::Begun {
        retried: 0,
        is_complete: false,
    };
    assert_eq!(retry(&world, 1, 31).await, nothing_more);
    assert_eq!(world.counts(1).await.pending, 1);
    assert_eq!(world.work(WorkKind::Retry, 25, 32).await, 2);
    assert_eq!(world.counts(1).await.pending, 3);
    assert_eq!(
        world.delivery(1, "u59").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}
