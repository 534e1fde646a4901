//! What gateways report of messages that they took, in whichever order it comes.

use vestnik_model::{
    AppId, AttemptStatus, Channel, DeliveryStatus, GatewayName, ProviderName, Reason,
    phone::PhoneNumber,
    publish::{Goal, OnUnproven, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{
    attempt::Outcome,
    gateway::{Choice, Reaches, Traits, message_hash},
    gateway_report::{Fate, KEPT_FOR, MOST_KEPT},
    schedule::{Attributes, Said},
    work::WorkKind,
};

use super::{
    Fixture,
    letters::{self, publish_by, standing},
    name::{at, bank, shop, user},
    pushing::{attempts, dispatch, settle, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, MessageReport, MessageReports, Recipient, TryStart},
    tenants::Provider,
};

const FAILED: Fate = Fate::Failed {
    reason: Reason::SmsUndeliverable,
};

fn sms() -> GatewayName {
    GatewayName::parse("sms").unwrap()
}

fn main_provider() -> ProviderName {
    ProviderName::parse("main").unwrap()
}

fn hash_of(app: &AppId, message: &str) -> [u8; 32] {
    message_hash(app, sms(), main_provider(), message)
}

/// A message that is to be delivered within a minute, then a letter, if there is one.
fn cascade(has_letter: bool) -> Steps {
    cascade_that(has_letter, None)
}

fn cascade_that(has_letter: bool, on_unproven: Option<OnUnproven>) -> Steps {
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven,
    };
    let within = has_letter.then_some(60);
    let mut steps = vec![step(StepChannel::Gateway(sms()), Goal::Delivered, within)];
    if has_letter {
        steps.push(step(StepChannel::Email, Goal::Handed, None));
    }
    Steps::from_stored(steps)
}

/// A shop with an account for short messages that are reported; Anna has an address and a number.
async fn begin(fixture: &impl Fixture) -> World {
    let world = letters::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Gateway(sms()),
        account: "{}".to_owned(),
        set_at: at(1),
        gateway: Some(Traits {
            reaches: Reaches::Phone,
            proves: Goal::Delivered,
            price: None,
        }),
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    let said = Said {
        attributes: Attributes::default(),
        phone: Some(PhoneNumber::parse("+4930123456").unwrap()),
    };
    let put = world
        .store
        .put_attributes(shop(), user("anna"), said, at(2));
    put.await.unwrap();
    world
}

/// Begins and starts the message of a notification.
async fn started(world: &World, number: u32, steps: Steps) -> Begun {
    publish_by(world, number, steps).await;
    let begun = dispatch(world, 20).await.remove(0);
    assert!(matches!(begun.recipient, Recipient::Gateway { .. }));
    let (notification, unanswered) = tried(&begun, 20, Outcome::Unproven);
    let start = TryStart::of((&shop(), notification), &unanswered, at(20));
    let start = start.by(Choice {
        provider: main_provider(),
        instead_of: None,
    });
    assert!(world.store.start_try(start).await.unwrap());
    begun
}

/// The gateway took a message, under the id `7`.
async fn answered(world: &World, begun: &Begun, second: i64) -> usize {
    let (notification, mut taken) = tried(begun, 20, Outcome::Accepted);
    taken.message = Some(hash_of(&shop(), "7"));
    settle(world, second, (notification, taken)).await
}

async fn taken(world: &World, number: u32, steps: Steps) {
    let begun = started(world, number, steps).await;
    assert_eq!(answered(world, &begun, 21).await, 1);
}

/// Notes what became of the message `7`; gives whether that was news.
async fn told(world: &World, fate: Fate, second: i64) -> bool {
    told_of(world, (&shop(), "7"), fate, second).await == 1
}

async fn told_of(world: &World, (app, message): (&AppId, &str), fate: Fate, second: i64) -> usize {
    let reports = MessageReports {
        app: app.clone(),
        gateway: sms(),
        reports: vec![MessageReport {
            message: hash_of(app, message),
            fate,
            at: at(second),
        }],
        now: at(second),
    };
    world.store.note_messages(reports).await.unwrap()
}

/// What is known of the message.
async fn message(world: &World, number: u32) -> (AttemptStatus, Option<Reason>) {
    let views = attempts(world, number, "anna").await;
    let by = Channel::Gateway(sms());
    let mut its = standing(&views).into_iter();
    let found = its.find(|(channel, _, _)| *channel == by).unwrap();
    (found.1, found.2)
}

async fn is_mailed(world: &World, second: i64) -> bool {
    let begun = dispatch(world, second).await;
    matches!(
        begun.as_slice(),
        [Begun {
            recipient: Recipient::Mailbox { .. },
            ..
        }]
    )
}

pub async fn a_report_reaches_the_goal_of_its_step(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(true)).await;
    assert!(told(&world, Fate::Delivered, 30).await);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    assert_eq!(delivery.delivered_at, Some(at(30)));
    assert!(!delivery.double_contact);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Delivered, None));
    assert_eq!(world.counts(1).await.delivered, 1);
    assert!(told(&world, Fate::Read, 31).await);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Read, None));
    assert_eq!(world.counts(1).await.read, 1);
    world.is_sound().await;
}

pub async fn without_a_report_the_next_step_begins_at_the_end_of_the_step(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(true)).await;
    assert!(is_mailed(&world, 80).await);
    // The letter was not settled yet: a late report ends what waits.
    assert!(told(&world, Fate::Delivered, 81).await);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Delivered
    );
    world.is_sound().await;
}

pub async fn a_message_that_is_reported_lost_gives_way_at_once(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(true)).await;
    assert!(told(&world, FAILED, 30).await);
    assert!(is_mailed(&world, 30).await);
    let lost = (AttemptStatus::Failed, Some(Reason::SmsUndeliverable));
    assert_eq!(message(&world, 1).await, lost);
    world.is_sound().await;
}

pub async fn a_delivery_of_which_nothing_is_left_ends_and_is_delivered_late(
    fixture: &impl Fixture,
) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(false)).await;
    assert!(told(&world, FAILED, 30).await);
    let lost = world.delivery(1, "anna").await;
    assert_eq!(
        (lost.status, lost.reason),
        (
            DeliveryStatus::Undelivered,
            Some(Reason::SmsUndeliverable.into())
        )
    );
    assert!(told(&world, Fate::Delivered, 31).await);
    let late = world.delivery(1, "anna").await;
    assert_eq!((late.status, late.late), (DeliveryStatus::Delivered, true));
    assert_eq!(message(&world, 1).await, (AttemptStatus::Delivered, None));
    world.is_sound().await;
}

pub async fn reports_that_are_repeated_or_late_change_nothing(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(true)).await;
    assert!(told(&world, Fate::Read, 30).await);
    let before = (world.view(1).await, attempts(&world, 1, "anna").await);
    for fate in [Fate::Read, Fate::Delivered, FAILED, Fate::Read] {
        assert!(!told(&world, fate, 40).await, "{fate:?}");
    }
    let after = (world.view(1).await, attempts(&world, 1, "anna").await);
    assert_eq!(before, after);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_report_about_another_message_changes_nothing(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(true)).await;
    assert_eq!(told_of(&world, (&shop(), "8"), FAILED, 30).await, 0);
    assert_eq!(told_of(&world, (&bank(), "7"), FAILED, 30).await, 0);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Sent, None));
    world.is_sound().await;
}

/// The server dies after it kept the report, and before it noted the answer.
pub async fn an_id_that_is_given_again_is_that_of_the_newer_message(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(false)).await;
    taken(&world, 2, cascade(false)).await;
    assert!(told(&world, Fate::Delivered, 40).await);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Sent, None));
    assert_eq!(message(&world, 2).await, (AttemptStatus::Delivered, None));
    world.is_sound().await;
}

pub async fn a_report_before_the_answer_counts_with_the_answer(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(true)).await;
    assert!(!told(&world, Fate::Delivered, 20).await);
    assert!(!told(&world, FAILED, 20).await);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Sending, None));
    let world = world.reopened(fixture, 21);
    answered(&world, &begun, 21).await;
    assert_eq!(message(&world, 1).await, (AttemptStatus::Delivered, None));
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Delivered
    );
    assert!(!told(&world, Fate::Delivered, 30).await);
    world.is_sound().await;
}

pub async fn what_was_reported_long_before_the_answer_is_of_another_message(
    fixture: &impl Fixture,
) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(false)).await;
    assert!(!told(&world, Fate::Delivered, 21).await);
    let late = 21 + KEPT_FOR.as_secs();
    assert_eq!(answered(&world, &begun, late).await, 1);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Sent, None));
    world.is_sound().await;
}

pub async fn a_failure_before_the_answer_counts_with_the_answer(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(true)).await;
    assert!(!told(&world, FAILED, 20).await);
    assert_eq!(answered(&world, &begun, 21).await, 1);
    assert!(is_mailed(&world, 21).await);
    let lost = (AttemptStatus::Failed, Some(Reason::SmsUndeliverable));
    assert_eq!(message(&world, 1).await, lost);
    world.is_sound().await;
}

pub async fn a_failure_during_a_repeated_try_counts_with_its_answer(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let steps = cascade_that(true, Some(OnUnproven::Repeat));
    let first = started(&world, 1, steps).await;
    // Its lease is over, and the next try has begun when its answer comes.
    let second = dispatch(&world, 51).await.remove(0);
    assert!(matches!(second.recipient, Recipient::Gateway { .. }));
    answered(&world, &first, 52).await;
    let (notification, mut tried) = tried(&second, 51, Outcome::Accepted);
    let start = TryStart::of((&shop(), notification), &tried, at(53)).by(Choice {
        provider: main_provider(),
        instead_of: None,
    });
    assert!(world.store.start_try(start).await.unwrap());
    assert!(!told(&world, FAILED, 54).await);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Sending, None));
    tried.message = Some(hash_of(&shop(), "7"));
    assert_eq!(settle(&world, 55, (notification, tried)).await, 1);
    let lost = (AttemptStatus::Failed, Some(Reason::SmsUndeliverable));
    assert_eq!(message(&world, 1).await, lost);
    world.is_sound().await;
}

pub async fn a_gateway_does_not_push_out_what_is_kept_of_another(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(true)).await;
    assert!(!told(&world, Fate::Delivered, 20).await);
    tell_of_others(&world, GatewayName::parse("telegram").unwrap()).await;
    answered(&world, &begun, 22).await;
    assert_eq!(message(&world, 1).await, (AttemptStatus::Delivered, None));
    world.is_sound().await;
}

pub async fn a_message_that_was_given_up_is_proven_by_its_report(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(false)).await;
    // Its lease is over, and nobody knows whether it was taken.
    assert_eq!(dispatch(&world, 51).await, []);
    let given_up = (AttemptStatus::Failed, Some(Reason::ProviderUnproven));
    assert_eq!(message(&world, 1).await, given_up);
    assert_eq!(answered(&world, &begun, 52).await, 0);
    assert_eq!(message(&world, 1).await, given_up);
    assert!(told(&world, Fate::Delivered, 53).await);
    assert_eq!(message(&world, 1).await, (AttemptStatus::Delivered, None));
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Delivered
    );
    world.is_sound().await;
}

pub async fn what_is_kept_of_a_gateway_is_bounded_and_only_for_a_while(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(true)).await;
    assert!(!told(&world, Fate::Delivered, 20).await);
    tell_of_others(&world, sms()).await;
    answered(&world, &begun, 22).await;
    assert_eq!(message(&world, 1).await, (AttemptStatus::Sent, None));
    let begun = started(&world, 2, cascade(true)).await;
    assert_eq!(told_of(&world, (&shop(), "old"), FAILED, 20).await, 0);
    let later = 20 + KEPT_FOR.as_secs();
    assert_eq!(told_of(&world, (&shop(), "x"), FAILED, later).await, 0);
    let (notification, mut taken) = tried(&begun, 20, Outcome::Accepted);
    taken.message = Some(hash_of(&shop(), "old"));
    settle(&world, later, (notification, taken)).await;
    assert_eq!(message(&world, 2).await, (AttemptStatus::Sent, None));
    world.is_sound().await;
}

pub async fn a_report_that_comes_again_counts_from_then_on(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let begun = started(&world, 1, cascade(false)).await;
    let again = 20 + KEPT_FOR.as_secs();
    assert!(!told(&world, Fate::Delivered, 20).await);
    assert!(!told(&world, Fate::Delivered, again).await);
    answered(&world, &begun, again + 1).await;
    assert_eq!(message(&world, 1).await, (AttemptStatus::Delivered, None));
    world.is_sound().await;
}

pub async fn a_report_that_an_address_is_dead_kills_it_at_its_gateway(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, cascade(true)).await;
    let dead = Fate::Failed {
        reason: Reason::TokenDead,
    };
    assert!(told(&world, dead, 30).await);
    assert!(is_mailed(&world, 30).await);
    publish_by(&world, 2, cascade(true)).await;
    assert!(is_mailed(&world, 40).await);
    world.is_sound().await;
}

/// As many reports as are kept of a gateway, about messages that nobody waits for.
async fn tell_of_others(world: &World, gateway: GatewayName) {
    let many = (0..MOST_KEPT).map(|number| MessageReport {
        message: hash_of(&shop(), &format!("other {number}")),
        fate: FAILED,
        at: at(21),
    });
    let reports = MessageReports {
        app: shop(),
        gateway,
        reports: many.collect(),
        now: at(21),
    };
    assert_eq!(world.store.note_messages(reports).await, Ok(0));
}
