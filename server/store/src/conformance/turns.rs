//! Tries outside the devices that waited for their turn: what happened meanwhile is looked at before they are made.

use serde_json::json;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, Reason, ReceiptKind,
    publish::{Goal, OnUnproven, StepChannel, StepRequest, Steps},
    view::AttemptView,
};
use vestnik_rules::{attempt::Outcome, patience::unsent, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::receipt,
    letters::{self, letter},
    name::{ACCEPTED, EXPIRED, at, new, notification, shop, user, users},
    pushing::{accepted, attempts, dispatch, has_address, provide, settle, start, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, Recipient},
    publishing::PublishOutcome,
    tenants::Provider,
};

/// The cases of one channel outside the devices: each has a store of its own.
macro_rules! cases {
    ($channel:expr; $($case:ident),+ $(,)?) => {
        $(pub async fn $case(fixture: &impl Fixture) {
            super::turns::$case(fixture, $channel).await;
        })+
    };
}
pub(super) use cases;

fn step(channel: StepChannel, wait_for: Goal, within_seconds: Option<u32>) -> StepRequest {
    StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    }
}

fn other(channel: StepChannel) -> StepChannel {
    if channel == StepChannel::Email {
        StepChannel::Webhook
    } else {
        StepChannel::Email
    }
}

fn by(channel: StepChannel) -> Channel {
    if channel == StepChannel::Email {
        Channel::Email
    } else {
        Channel::Webhook
    }
}

/// A shop with an SMTP server and a backend, in which Anna has an address and no device.
async fn begin(fixture: &impl Fixture) -> World {
    let world = letters::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Webhook,
        account: "{\"url\": 1}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    world
}

/// Publishes to Anna, by one of the channels only; a later one of these takes the place of the one before.
async fn publish(world: &World, number: u32, channel: StepChannel) {
    let mut new = new(&shop(), number, users(&["anna"]));
    new.publication.steps = Steps::from_stored(vec![step(channel, Goal::Handed, None)]);
    new.publication.collapse_key = Some("order".to_owned());
    let published = world.store.publish(new).await.unwrap();
    assert!(matches!(published, PublishOutcome::Accepted(_)));
}

/// The one try that begins at a second.
async fn one(world: &World, second: i64) -> Begun {
    let [one] = <[Begun; 1]>::try_from(dispatch(world, second).await).unwrap();
    one
}

/// A try by one of the channels that begins at a second.
async fn waiting(fixture: &impl Fixture, channel: StepChannel, second: i64) -> (World, Begun) {
    let world = begin(fixture).await;
    publish(&world, 1, channel).await;
    let begun = one(&world, second).await;
    (world, begun)
}

/// Anna has a phone, which was pushed to and did not confirm in time. One of the channels has five minutes from
/// second 80 on, then comes the other one.
async fn escalated(fixture: &impl Fixture, channel: StepChannel) -> (World, Session, Begun) {
    let world = begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 3).await;
    let steps = Steps::from_stored(vec![
        step(StepChannel::Push, Goal::Delivered, Some(60)),
        step(channel, Goal::Handed, Some(300)),
        step(other(channel), Goal::Handed, None),
    ]);
    letters::publish_by(&world, 1, steps).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, accepted())).await;
    let begun = one(&world, 80).await;
    (world, anna, begun)
}

/// A try has its turn at a second and is not made.
async fn is_put_back(world: &World, begun: &Begun, second: i64) {
    assert!(!start(world, begun, second).await, "it is not made");
}

/// The same of one whose sender settles it: there is nothing to be settled.
async fn is_put_back_and_settled(world: &World, begun: &Begun, second: i64) {
    is_put_back(world, begun, second).await;
    let waits = tried(begun, second, unsent());
    assert_eq!(settle(world, second, waits).await, 0);
}

/// The attempt of a notification outside the devices: no try of it was made.
async fn untried(world: &World, number: u32, channel: StepChannel) -> AttemptView {
    let views = attempts(world, number, "anna").await;
    let is_its = |view: &AttemptView| view.channel.known() == Some(by(channel));
    let view = views.into_iter().find(is_its).unwrap();
    assert_eq!((view.tries, view.unproven), (0, 0), "{view:?}");
    view
}

async fn end(world: &World, number: u32) -> (DeliveryStatus, Option<Reason>) {
    let view = world.delivery(number, "anna").await;
    let reason = view.reason.and_then(|reason| reason.known());
    (view.status, reason)
}

pub(super) async fn what_is_still_to_be_sent_is_sent_once(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, _, begun) = escalated(fixture, channel).await;
    assert!(start(&world, &begun, 100).await);
    assert!(!start(&world, &begun, 100).await, "it has started");
    assert_eq!(settle(&world, 101, tried(&begun, 100, accepted())).await, 1);
    let views = attempts(&world, 1, "anna").await;
    let counted: Vec<_> = views
        .iter()
        .map(|view| (view.tries, view.unproven))
        .collect();
    assert_eq!(counted, [(1, 0), (1, 0)]);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub(super) async fn what_is_confirmed_before_its_turn_is_not_sent(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, anna, begun) = escalated(fixture, channel).await;
    let confirmed = receipt(1, ReceiptKind::Delivered, 81);
    world.report(&anna, vec![confirmed]).await;
    is_put_back_and_settled(&world, &begun, 82).await;
    assert_eq!(dispatch(&world, 82).await, []);
    let view = untried(&world, 1, channel).await;
    assert_eq!(view.status.known(), Some(AttemptStatus::Failed));
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(
        (delivery.status, delivery.double_contact),
        (DeliveryStatus::Delivered, false)
    );
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub(super) async fn what_its_step_has_no_time_for_goes_by_the_next_one(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, _, first) = escalated(fixture, channel).await;
    // Its turn came so late that it was begun anew.
    let begun = if first.lease_until > at(380) {
        first
    } else {
        one(&world, 375).await
    };
    is_put_back(&world, &begun, 380).await;
    let next = one(&world, 380).await;
    assert_eq!(
        tried(&next, 380, accepted()).1.target.channel(),
        by(other(channel))
    );
    let view = untried(&world, 1, channel).await;
    assert_eq!(view.status.known(), Some(AttemptStatus::Failed));
    world.is_sound().await;
}

pub(super) async fn what_expires_before_its_turn_is_not_sent(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, begun) = waiting(fixture, channel, EXPIRED - 10).await;
    is_put_back(&world, &begun, EXPIRED).await;
    untried(&world, 1, channel).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let expired = (DeliveryStatus::Expired, Some(Reason::ExpiredTtl));
    assert_eq!(end(&world, 1).await, expired);
    world.is_sound().await;
}

pub(super) async fn what_gives_way_before_its_turn_is_not_sent(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, begun) = waiting(fixture, channel, ACCEPTED).await;
    publish(&world, 2, channel).await;
    is_put_back(&world, &begun, 21).await;
    untried(&world, 1, channel).await;
    let gave_way = (
        DeliveryStatus::Suppressed,
        Some(Reason::SuppressedSuperseded),
    );
    assert_eq!(end(&world, 1).await, gave_way);
    world.is_sound().await;
}

pub(super) async fn what_is_not_wanted_before_its_turn_is_not_sent(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, begun) = waiting(fixture, channel, 20).await;
    world.opts_out("anna", json!({"all": true}), 21).await;
    is_put_back(&world, &begun, 22).await;
    assert_eq!(dispatch(&world, 22).await, []);
    untried(&world, 1, channel).await;
    let unwanted = (DeliveryStatus::Suppressed, Some(Reason::OptoutAll));
    assert_eq!(end(&world, 1).await, unwanted);
    world.is_sound().await;
}

pub(super) async fn what_is_cancelled_before_its_turn_is_not_sent(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, begun) = waiting(fixture, channel, 20).await;
    let cancelled = world.store.cancel(shop(), notification(1), at(21));
    assert!(cancelled.await.unwrap());
    is_put_back(&world, &begun, 22).await;
    untried(&world, 1, channel).await;
    world.work(WorkKind::Expire, 10, 22).await;
    let cancelled = (DeliveryStatus::Cancelled, Some(Reason::CancelledSender));
    assert_eq!(end(&world, 1).await, cancelled);
    world.is_sound().await;
}

pub(super) async fn what_quiet_hours_hold_before_its_turn_is_sent_after_them(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, begun) = waiting(fixture, channel, 20).await;
    let quiet = json!({"quiet_hours": {"from": "08:00", "to": "08:10"}, "time_zone": "Etc/UTC"});
    world.attributes("anna", quiet, 21).await;
    is_put_back(&world, &begun, 22).await;
    assert_eq!(dispatch(&world, 22).await, []);
    untried(&world, 1, channel).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 599).await, []);
    let begun = one(&world, 600).await;
    assert!(start(&world, &begun, 601).await);
    assert_eq!(settle(&world, 602, tried(&begun, 601, accepted())).await, 1);
    assert_eq!(end(&world, 1).await, (DeliveryStatus::Sent, None));
    world.is_sound().await;
}

pub(super) async fn what_its_receiver_is_erased_before_is_not_sent(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let (world, begun) = waiting(fixture, channel, 20).await;
    assert!(world.erase("anna").await);
    is_put_back(&world, &begun, 22).await;
}

pub async fn nothing_is_sent_to_a_mailbox_that_died_before_its_turn(fixture: &impl Fixture) {
    let (world, first) = waiting(fixture, StepChannel::Email, 20).await;
    let only = vec![step(StepChannel::Email, Goal::Handed, None)];
    letters::publish_by(&world, 2, Steps::from_stored(only)).await;
    let second = one(&world, 20).await;
    assert!(start(&world, &first, 21).await);
    let bounced = Outcome::Dead {
        reason: Reason::EmailBounced,
        since: None,
    };
    settle(&world, 22, tried(&first, 21, bounced)).await;
    is_put_back(&world, &second, 23).await;
    assert_eq!(dispatch(&world, 23).await, []);
    untried(&world, 2, StepChannel::Email).await;
    let lost = (DeliveryStatus::Failed, Some(Reason::RecipientNoAddress));
    assert_eq!(end(&world, 2).await, lost);
    world.is_sound().await;
}

pub async fn a_letter_goes_to_the_address_of_its_turn(fixture: &impl Fixture) {
    let (world, begun) = waiting(fixture, StepChannel::Email, 20).await;
    world.email("anna", "anna@b.example", 21).await;
    is_put_back(&world, &begun, 22).await;
    let begun = one(&world, 22).await;
    let Recipient::Mailbox { address, .. } = &begun.recipient else {
        panic!("a letter: {begun:?}");
    };
    assert_eq!(address.to_string(), "anna@b.example");
    let deleted = world.store.delete_email(shop(), user("anna")).await;
    assert_eq!(deleted, Ok(true));
    is_put_back(&world, &begun, 23).await;
    assert_eq!(dispatch(&world, 23).await, []);
    let lost = (DeliveryStatus::Failed, Some(Reason::RecipientNoAddress));
    assert_eq!(end(&world, 1).await, lost);
    untried(&world, 1, StepChannel::Email).await;
    world.is_sound().await;
}

/// Nothing of it was written, so it is repeated also where nothing unproven is.
pub(super) async fn what_waited_for_its_turn_when_its_process_ended_is_no_try(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let world = begin(fixture).await;
    let once = StepRequest {
        on_unproven: Some(OnUnproven::GiveUp),
        ..step(channel, Goal::Handed, None)
    };
    letters::publish_by(&world, 1, Steps::from_stored(vec![once])).await;
    let first = one(&world, 20).await;
    let world = world.reopened(fixture, 22);
    let second = one(&world, 22).await;
    assert!(!start(&world, &first, 22).await, "it is another try");
    assert!(start(&world, &second, 22).await);
    settle(&world, 23, tried(&second, 22, accepted())).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views[0].tries, views[0].unproven), (1, 0));
    world.is_sound().await;
}

pub(super) async fn what_started_when_its_process_ended_is_given_up_if_its_step_says_so(
    fixture: &impl Fixture,
    channel: StepChannel,
) {
    let world = begin(fixture).await;
    let once = StepRequest {
        on_unproven: Some(OnUnproven::GiveUp),
        ..step(channel, Goal::Handed, None)
    };
    letters::publish_by(&world, 1, Steps::from_stored(vec![once])).await;
    let begun = one(&world, 20).await;
    assert!(start(&world, &begun, 21).await);
    let world = world.reopened(fixture, 22);
    assert_eq!(dispatch(&world, 22).await, []);
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views[0].tries, views[0].unproven), (1, 1));
    let lost = (DeliveryStatus::Undelivered, Some(Reason::ProviderUnproven));
    assert_eq!(end(&world, 1).await, lost);
    world.is_sound().await;
}

/// What is put back is looked at also by the process that is started after its own was killed.
pub async fn what_was_put_back_outlives_its_process(fixture: &impl Fixture) {
    let (world, begun) = waiting(fixture, StepChannel::Email, 20).await;
    world.email("anna", "anna@b.example", 21).await;
    is_put_back(&world, &begun, 22).await;
    let world = world.reopened(fixture, 23);
    assert_eq!(letter(&dispatch(&world, 23).await), "anna@b.example");
    world.is_sound().await;
}
