//! Tries of which nobody knows whether they were taken, where the sender wants no other one.

use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, Reason, ReceiptKind,
    publish::{Goal, OnUnproven, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{attempt::Outcome, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::receipt,
    letters::{self, letter, publish_by, standing},
    name::{ACCEPTED, shop},
    pushing::{accepted, attempts, dispatch, has_address, provide, settle, tried},
    world::World,
};
use crate::dispatch::{Begun, Recipient};

const GIVEN_UP: (Channel, AttemptStatus, Option<Reason>) = (
    Channel::Fcm,
    AttemptStatus::Failed,
    Some(Reason::ProviderUnproven),
);

/// Push, and with `letters` a letter after a minute; nothing unproven is repeated.
fn once(letters: bool) -> Steps {
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(Goal::Delivered),
        within_seconds,
        on_unproven: Some(OnUnproven::GiveUp),
    };
    let mut steps = vec![step(StepChannel::Push, letters.then_some(60))];
    steps.extend(letters.then(|| step(StepChannel::Email, None)));
    Steps::from_stored(steps)
}

/// A shop with both channels, in which a push to Anna's phone is on its way.
async fn pushed(fixture: &impl Fixture, letters: bool) -> (World, Session, Begun) {
    let world = letters::begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 3).await;
    publish_by(&world, 1, once(letters)).await;
    let mut begun = dispatch(&world, 20).await;
    assert_eq!(begun.len(), 1, "{begun:?}");
    let push = begun.remove(0);
    assert!(matches!(push.recipient, Recipient::Device { .. }));
    (world, anna, push)
}

pub async fn what_is_unproven_is_waited_for_and_not_repeated(fixture: &impl Fixture) {
    let (world, _, push) = pushed(fixture, true).await;
    settle(&world, 21, tried(&push, 20, Outcome::Unproven)).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(standing(&views), [GIVEN_UP]);
    assert_eq!((views[0].tries, views[0].unproven), (1, 1));
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    assert_eq!(world.claim(WorkKind::Dispatch, ACCEPTED + 59).await, []);
    let end = ACCEPTED + 60;
    let letters = dispatch(&world, end).await;
    assert_eq!(letter(&letters), "anna@a.example");
    settle(&world, end + 1, tried(&letters[0], end, accepted())).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_push_that_its_process_left_is_not_made_again(fixture: &impl Fixture) {
    let (world, anna, push) = pushed(fixture, true).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 49).await, []);
    assert_eq!(dispatch(&world, 50).await, []);
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(standing(&views), [GIVEN_UP]);
    assert_eq!((views[0].tries, views[0].unproven), (1, 1));
    assert_eq!(settle(&world, 51, tried(&push, 20, accepted())).await, 0);
    // What the device says is waited for, and ends the cascade.
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 60)])
        .await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    let due = world.claim(WorkKind::Dispatch, 80).await;
    assert!(due.len() <= 1, "{due:?}");
    for claim in due {
        let looked = super::pushing::dispatch_of(&world, &claim, 80).await;
        assert_eq!(looked.begun, []);
    }
    world.is_sound().await;
}

pub async fn a_last_step_ends_unproven_until_a_device_proves_it(fixture: &impl Fixture) {
    let (world, anna, push) = pushed(fixture, false).await;
    settle(&world, 21, tried(&push, 20, Outcome::Unproven)).await;
    let lost = world.delivery(1, "anna").await;
    let reason = Some(Reason::ProviderUnproven.into());
    assert_eq!(
        (lost.status, lost.reason),
        (DeliveryStatus::Undelivered, reason)
    );
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 90)])
        .await;
    let proven = world.delivery(1, "anna").await;
    assert_eq!(
        (proven.status, proven.late),
        (DeliveryStatus::Delivered, true)
    );
    world.is_sound().await;
}
