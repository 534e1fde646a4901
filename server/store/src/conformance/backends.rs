//! Requests to the App's own backend: the step of a cascade that goes to no device and no mailbox.

use jiff::SignedDuration;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationStatus, Reason, ReceiptKind,
    publish::{Goal, OnUnproven, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{attempt::Outcome, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::receipt,
    letters::{self, letter, publish_by, standing},
    name::{ACCEPTED, EXPIRED, at, shop, users},
    pushing::{attempts, dispatch, has_address, provide, settle, start, tried},
    world::World,
};
use crate::{
    audiences::ReachOutcome,
    dispatch::{Begun, Recipient},
    tenants::Provider,
};

fn step(channel: StepChannel, within_seconds: Option<u32>) -> StepRequest {
    StepRequest {
        channel,
        wait_for: Some(Goal::Handed),
        within_seconds,
        on_unproven: None,
    }
}

/// The backend for a minute, then a letter.
fn cascade() -> Steps {
    Steps::from_stored(vec![
        step(StepChannel::Webhook, Some(60)),
        step(StepChannel::Email, None),
    ])
}

/// A shop with a backend and an SMTP server, in which Anna has an address and Bert has none.
async fn begin(fixture: &impl Fixture) -> World {
    let world = letters::begin(fixture).await;
    set_account(&world, 1).await;
    world
}

async fn set_account(world: &World, second: i64) {
    let provider = Provider {
        channel: Channel::Webhook,
        account: "{\"url\": 1}".to_owned(),
        set_at: at(second),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
}

/// The one request that begins.
#[track_caller]
fn request(begun: Vec<Begun>) -> Begun {
    let [one] = <[Begun; 1]>::try_from(begun).unwrap();
    assert_eq!(one.recipient, Recipient::Backend);
    one
}

const fn refused(reason: Reason) -> Outcome {
    Outcome::Rejected { reason }
}

pub async fn whom_no_device_reaches_is_handed_to_the_backend(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade()).await;
    let begun = request(dispatch(&world, ACCEPTED).await);
    assert_eq!(begun.user.as_str(), "anna");
    settle(&world, 21, tried(&begun, 20, Outcome::Accepted)).await;
    let views = attempts(&world, 1, "anna").await;
    let sent = (Channel::Webhook, AttemptStatus::Sent, None);
    assert_eq!(standing(&views), [sent]);
    assert_eq!(
        (views[0].id, views[0].installation_id),
        (begun.attempt, None)
    );
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    let counts = world.view(1).await.counts_by_channel;
    let by: Vec<_> = counts.keys().filter_map(|by| by.known()).collect();
    assert_eq!(by, [Channel::Webhook]);
    // No device confirms what the backend took, and none has to.
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    world.is_sound().await;
}

pub async fn a_request_is_the_same_attempt_when_it_is_repeated(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade()).await;
    let first = request(dispatch(&world, 20).await);
    let busy = Outcome::Retry {
        reason: Reason::ProviderInternal,
        after: Some(SignedDuration::from_secs(4)),
    };
    settle(&world, 21, tried(&first, 20, busy)).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 24).await, []);
    let second = request(dispatch(&world, 25).await);
    assert!(start(&world, &second, 25).await);
    // The process ends between the acceptance and the commit: the lease of seconds runs out.
    assert_eq!(world.claim(WorkKind::Dispatch, 54).await, []);
    let third = request(dispatch(&world, 55).await);
    assert!(start(&world, &third, 55).await);
    assert_eq!(
        (second.attempt, third.attempt),
        (first.attempt, first.attempt)
    );
    settle(&world, 56, tried(&third, 55, Outcome::Accepted)).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views.len(), views[0].tries, views[0].unproven), (1, 3, 1));
    world.is_sound().await;
}

pub async fn what_the_backend_refuses_goes_to_the_next_step_at_once(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    for (number, reason) in [(1, Reason::ProviderRejected), (2, Reason::ConfigNoRoute)] {
        publish_by(&world, number, cascade()).await;
        let begun = request(dispatch(&world, 20).await);
        settle(&world, 21, tried(&begun, 20, refused(reason))).await;
        assert_eq!(letter(&dispatch(&world, 21).await), "anna@a.example");
        let views = attempts(&world, number, "anna").await;
        let failed = (Channel::Webhook, AttemptStatus::Failed, Some(reason));
        assert!(standing(&views).contains(&failed), "{views:?}");
    }
    world.is_sound().await;
}

pub async fn without_an_account_nothing_is_asked_of_a_backend(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let only = || Steps::from_stored(vec![step(StepChannel::Webhook, None)]);
    let deleted = world.store.delete_provider(shop(), Channel::Webhook, at(3));
    assert!(deleted.await.unwrap());
    publish_by(&world, 1, cascade()).await;
    assert_eq!(letter(&dispatch(&world, 20).await), "anna@a.example");
    publish_by(&world, 2, only()).await;
    assert_eq!(dispatch(&world, 21).await, []);
    let lost = world.delivery(2, "anna").await;
    assert_eq!(lost.reason, Some(Reason::ConfigNoRoute.into()));
    world.is_sound().await;
}

pub async fn what_waits_for_a_refused_account_is_tried_when_it_is_mended(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(
        &world,
        1,
        Steps::from_stored(vec![step(StepChannel::Webhook, None)]),
    )
    .await;
    let begun = request(dispatch(&world, 20).await);
    let unauthorized = Outcome::Retry {
        reason: Reason::ConfigProviderAuth,
        after: Some(SignedDuration::from_secs(300)),
    };
    settle(&world, 21, tried(&begun, 20, unauthorized)).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 29).await, []);
    set_account(&world, 30).await;
    world.work(WorkKind::Resume, 2, 30).await;
    let again = request(dispatch(&world, 30).await);
    assert_eq!(again.attempt, begun.attempt);
    world.is_sound().await;
}

pub async fn an_unproven_request_is_not_repeated_if_its_step_says_so(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let once = StepRequest {
        on_unproven: Some(OnUnproven::GiveUp),
        ..step(StepChannel::Webhook, None)
    };
    publish_by(&world, 1, Steps::from_stored(vec![once])).await;
    let begun = request(dispatch(&world, 20).await);
    assert!(start(&world, &begun, 20).await);
    settle(&world, 21, tried(&begun, 20, Outcome::Unproven)).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    let lost = world.delivery(1, "anna").await;
    assert_eq!(lost.reason, Some(Reason::ProviderUnproven.into()));
    world.is_sound().await;
}

/// Anna has a phone, which was pushed to and did not confirm in time; the backend is asked.
async fn escalated(fixture: &impl Fixture) -> (World, Session, Begun) {
    let world = begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 3).await;
    let push = StepRequest {
        wait_for: Some(Goal::Delivered),
        ..step(StepChannel::Push, Some(60))
    };
    let steps = vec![push, step(StepChannel::Webhook, None)];
    publish_by(&world, 1, Steps::from_stored(steps)).await;
    let push = dispatch(&world, 20).await;
    settle(&world, 21, tried(&push[0], 20, Outcome::Accepted)).await;
    let begun = request(dispatch(&world, 80).await);
    (world, anna, begun)
}

pub async fn evidence_behind_the_backend_is_a_double_contact(fixture: &impl Fixture) {
    let (world, anna, begun) = escalated(fixture).await;
    settle(&world, 81, tried(&begun, 80, Outcome::Accepted)).await;
    assert!(!world.delivery(1, "anna").await.double_contact);
    let delivered = receipt(1, ReceiptKind::Delivered, 90);
    world.report(&anna, vec![delivered]).await;
    assert!(world.delivery(1, "anna").await.double_contact);
    assert_eq!(world.counts(1).await.double_contact, 1);
    world.is_sound().await;
}

pub async fn a_push_that_was_taken_is_no_hand_over_to_the_backend(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 3).await;
    let push = StepRequest {
        wait_for: Some(Goal::Delivered),
        ..step(StepChannel::Push, Some(60))
    };
    let [backend, email] = [(StepChannel::Webhook, Some(60)), (StepChannel::Email, None)]
        .map(|(channel, within)| step(channel, within));
    let steps = Steps::from_stored(vec![push, backend, email]);
    publish_by(&world, 1, steps).await;
    let push = dispatch(&world, 20).await;
    settle(&world, 21, tried(&push[0], 20, Outcome::Accepted)).await;
    let begun = request(dispatch(&world, 80).await);
    let refusal = refused(Reason::ProviderRejected);
    settle(&world, 81, tried(&begun, 80, refusal)).await;
    assert_eq!(letter(&dispatch(&world, 81).await), "anna@a.example");
    world.is_sound().await;
}

pub async fn evidence_keeps_the_backend_from_being_asked_again(fixture: &impl Fixture) {
    let (world, anna, begun) = escalated(fixture).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: Some(SignedDuration::from_secs(20)),
    };
    settle(&world, 81, tried(&begun, 80, busy)).await;
    let delivered = receipt(1, ReceiptKind::Delivered, 90);
    world.report(&anna, vec![delivered]).await;
    assert_eq!(dispatch(&world, 101).await, []);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(
        (delivery.status, delivery.double_contact),
        (DeliveryStatus::Delivered, false)
    );
    world.is_sound().await;
}

pub async fn everybody_is_reached_by_the_backend_of_an_app(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let to = || users(&["anna", "bert"]);
    let by_channel = async || match super::reach::reach(&world, to(), 10).await {
        ReachOutcome::Reach { reach, .. } => reach.by_channel,
        ReachOutcome::UnknownTopics(unknown) => panic!("{unknown:?}"),
        ReachOutcome::UnusableAudiences(unusable) => panic!("{unusable:?}"),
    };
    let both = [(Channel::Email, 1), (Channel::Webhook, 2)];
    assert_eq!(by_channel().await, both.into());
    let deleted = world.store.delete_provider(shop(), Channel::Webhook, at(3));
    assert!(deleted.await.unwrap());
    assert_eq!(by_channel().await, [(Channel::Email, 1)].into());
}
