//! Notifications that were recalled, on phones that sleep.

use serde_json::json;
use vestnik_model::{AttemptStatus, Channel, DeliveryStatus, Reason, ReceiptKind};
use vestnik_rules::{
    attempt::Outcome,
    session::Session,
    work::{LEASE, WorkKind},
};

use super::{
    Fixture,
    fact::receipt,
    name::{EXPIRED, at, notification, shop},
    pushing::{
        accepted, addresses, attempts, begin, dead, dispatch, settle, standing, to_anna, token,
        tried,
    },
    world::{World, due},
};
use crate::dispatch::{Begun, Sends};

/// The phone reports an address and a key, so that what is withdrawn can be sealed for it.
pub(super) async fn has_key(world: &World, anna: &Session) {
    let state = json!({
        "platform": "android", "permission": "granted", "envelope_key": "key-1",
        "push_addresses": [{"kind": "fcm_token", "value": "token-1"}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(anna.clone(), state, at(3));
    assert!(put.await.unwrap());
}

/// A shop in which Anna's phone has a key, and a push of the first notification was taken.
async fn pushed(fixture: &impl Fixture) -> (World, Session, Begun) {
    let (world, anna) = begin(fixture).await;
    has_key(&world, &anna).await;
    let push = push(&world, accepted()).await;
    (world, anna, push)
}

async fn push(world: &World, outcome: Outcome) -> Begun {
    world.publish(1, to_anna()).await;
    let mut begun = dispatch(world, 20).await;
    let push = begun.remove(0);
    settle(world, 21, tried(&push, 20, outcome)).await;
    push
}

/// The sender recalls the notification.
pub(super) async fn recall(world: &World, second: i64) {
    let recalled = world.store.recall(shop(), notification(1), at(second));
    assert!(recalled.await.unwrap());
    world.taken();
    world.work(WorkKind::Recall, 10, second).await;
}

/// The one push that withdraws.
async fn withdrawal(world: &World, second: i64) -> Begun {
    let mut begun = dispatch(world, second).await;
    assert_eq!(begun.len(), 1, "{begun:?}");
    let begun = begun.remove(0);
    assert_eq!(begun.sends, Sends::Withdrawal);
    begun
}

async fn is_over(world: &World, second: i64) {
    assert_eq!(world.claim(WorkKind::Dispatch, second).await, []);
    world.is_sound().await;
}

pub async fn a_phone_that_sleeps_is_told_of_a_recall(fixture: &impl Fixture) {
    let (world, _, push) = pushed(fixture).await;
    recall(&world, 60).await;
    assert!(due(&world.taken()).contains(&(WorkKind::Dispatch, 60)));
    let withdrawal = withdrawal(&world, 60).await;
    assert_eq!(token(&withdrawal), "token-1");
    assert_eq!(withdrawal.notification.id, notification(1));
    assert_ne!(withdrawal.attempt, push.attempt);
    let settled = settle(&world, 61, tried(&withdrawal, 60, accepted())).await;
    assert_eq!(settled, 1);
    // It is no delivery and no attempt of its own.
    assert_eq!(world.counts(1).await.sent, 1);
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    let attempts = attempts(&world, 1, "anna").await;
    assert_eq!((attempts.len(), attempts[0].tries), (1, 1));
    is_over(&world, 1_000).await;
}

pub async fn a_withdrawal_is_repeated_under_its_identity(fixture: &impl Fixture) {
    let (world, ..) = pushed(fixture).await;
    recall(&world, 60).await;
    let first = withdrawal(&world, 60).await;
    // Nobody settles it.
    let lease = 60 + LEASE.as_secs();
    assert_eq!(world.claim(WorkKind::Dispatch, lease - 1).await, []);
    let second = withdrawal(&world, lease).await;
    assert_eq!(second.attempt, first.attempt);
    let late = settle(&world, lease + 1, tried(&first, 60, accepted())).await;
    assert_eq!(late, 0);
    let busy = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: None,
    };
    settle(&world, lease + 1, tried(&second, lease, busy)).await;
    assert_eq!(world.claim(WorkKind::Dispatch, lease + 60).await, []);
    let third = withdrawal(&world, lease + 61).await;
    settle(&world, lease + 62, tried(&third, lease + 61, accepted())).await;
    is_over(&world, 1_000).await;
}

pub async fn a_withdrawal_ends_with_its_notification(fixture: &impl Fixture) {
    let (world, ..) = pushed(fixture).await;
    recall(&world, 60).await;
    assert_eq!(dispatch(&world, EXPIRED).await, []);
    is_over(&world, EXPIRED + 100).await;
}

pub async fn a_dead_address_ends_a_withdrawal(fixture: &impl Fixture) {
    let (world, ..) = pushed(fixture).await;
    recall(&world, 60).await;
    let withdrawal = withdrawal(&world, 60).await;
    settle(&world, 61, tried(&withdrawal, 60, dead(None))).await;
    assert_eq!(addresses(&world, 1).await, [""; 0]);
    is_over(&world, 1_000).await;
}

pub async fn what_never_came_is_not_withdrawn(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    has_key(&world, &anna).await;
    let reason = Reason::ProviderRejected;
    push(&world, Outcome::Rejected { reason }).await;
    recall(&world, 60).await;
    is_over(&world, 1_000).await;
}

pub async fn what_nobody_proved_is_withdrawn(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    has_key(&world, &anna).await;
    push(&world, Outcome::Unproven).await;
    assert_eq!(
        standing(&world, 1, "anna").await,
        [(Channel::Fcm, AttemptStatus::Retrying)]
    );
    recall(&world, 60).await;
    withdrawal(&world, 60).await;
    world.is_sound().await;
}

pub async fn a_phone_that_read_its_log_is_not_told(fixture: &impl Fixture) {
    let (world, anna, _) = pushed(fixture).await;
    recall(&world, 60).await;
    let cursor = world.head("anna").await.cursor();
    let told = world.report_at(&anna, vec![], (Some(cursor), 61)).await;
    assert_eq!(told, Some(vec![]));
    assert_eq!(dispatch(&world, 62).await, []);
    is_over(&world, 1_000).await;
}

pub async fn what_was_read_is_not_withdrawn_there(fixture: &impl Fixture) {
    let (world, anna, _) = pushed(fixture).await;
    let read = vec![receipt(1, ReceiptKind::Read, 50)];
    world.report(&anna, read).await;
    recall(&world, 60).await;
    is_over(&world, 1_000).await;
}

pub async fn a_phone_without_a_key_hears_of_it_from_its_log(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    push(&world, accepted()).await;
    recall(&world, 60).await;
    assert_eq!(dispatch(&world, 60).await, []);
    is_over(&world, 1_000).await;
}

pub async fn a_withdrawal_goes_with_its_user(fixture: &impl Fixture) {
    let (world, ..) = pushed(fixture).await;
    recall(&world, 60).await;
    assert!(world.erase("anna").await);
    world.work(WorkKind::EraseUser, 10, 100).await;
    for claim in world.claim(WorkKind::Dispatch, 200).await {
        let dispatched = super::pushing::dispatch_of(&world, &claim, 200).await;
        assert_eq!(dispatched.begun, []);
    }
    is_over(&world, 1_000).await;
}

/// What was written to a connection is noted a moment later: the recall had come in between.
pub async fn a_hand_over_that_is_noted_late_is_withdrawn(fixture: &impl Fixture) {
    let (world, anna) = recalled_unnoticed(fixture).await;
    world.hand_over(&anna, 1, 59).await;
    assert!(due(&world.taken()).contains(&(WorkKind::Dispatch, 59)));
    let withdrawal = withdrawal(&world, 60).await;
    settle(&world, 61, tried(&withdrawal, 60, accepted())).await;
    // A repetition is no news.
    world.hand_over(&anna, 1, 62).await;
    let told = vec![receipt(1, ReceiptKind::Delivered, 63)];
    world.report(&anna, told).await;
    is_over(&world, 1_000).await;
}

pub async fn what_a_device_reports_after_a_recall_is_withdrawn_there(fixture: &impl Fixture) {
    let (world, anna) = recalled_unnoticed(fixture).await;
    let laptop = world.login("anna", 2).await;
    has_key(&world, &laptop).await;
    has_key(&world, &anna).await;
    let told = vec![receipt(1, ReceiptKind::Delivered, 59)];
    world.report(&anna, told).await;
    assert_eq!(token(&withdrawal(&world, 101).await), "token-1");
    // What was read there is not on the screen.
    let told = vec![receipt(1, ReceiptKind::Read, 59)];
    world.report(&laptop, told).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 102).await, []);
    world.is_sound().await;
}

/// A shop in which a notification was recalled that waited for Anna's phone, as far as is known.
async fn recalled_unnoticed(fixture: &impl Fixture) -> (World, Session) {
    let (world, anna) = begin(fixture).await;
    has_key(&world, &anna).await;
    world.publish(1, to_anna()).await;
    recall(&world, 58).await;
    assert_eq!(dispatch(&world, 58).await, []);
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    world.taken();
    (world, anna)
}
