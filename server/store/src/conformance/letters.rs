//! Letters: the step of a cascade that goes to the user's mailbox.

use jiff::SignedDuration;
use serde_json::json;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationStatus, Reason, ReceiptKind,
    publish::{Goal, StepChannel, StepRequest, Steps},
    view::AttemptView,
};
use vestnik_rules::{
    attempt::Outcome, bounce::Fate, patience::LETTER_LEASE, session::Session, work::WorkKind,
};

use super::{
    Fixture, events,
    fact::receipt,
    name::{ACCEPTED, EXPIRED, at, new, notification, shop, user, users},
    pushing::{attempts, dispatch, has_address, settle, start, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, LetterReport, Recipient},
    publishing::PublishOutcome,
    tenants::Provider,
};

/// Push for a minute, then a letter.
pub(super) fn cascade() -> Steps {
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    Steps::from_stored(vec![
        step(StepChannel::Push, Goal::Delivered, Some(60)),
        step(StepChannel::Email, Goal::Handed, None),
    ])
}

/// A shop with an SMTP server, in which Anna has an address.
pub(super) async fn begin(fixture: &impl Fixture) -> World {
    let world = World::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Email,
        account: "{\"secret\": 1}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    world.email("anna", "anna@a.example", 2).await;
    world
}

async fn publish(world: &World, number: u32) {
    publish_by(world, number, cascade()).await;
}

/// Publishes the first notification, which lives for a day: longer than a mail server may take.
async fn publish_for_a_day(world: &World) {
    let mut new = new(&shop(), 1, users(&["anna"]));
    new.publication.steps = cascade();
    new.publication.ttl = SignedDuration::from_hours(24);
    new.notification = new.publication.accept(notification(1), at(ACCEPTED));
    world.store.publish(new).await.unwrap();
}

pub(super) async fn publish_by(world: &World, number: u32, steps: Steps) {
    let mut new = new(&shop(), number, users(&["anna"]));
    new.publication.steps = steps;
    let published = world.store.publish(new).await.unwrap();
    assert!(
        matches!(published, PublishOutcome::Accepted(_)),
        "{published:?}"
    );
}

/// The address of the one letter that begins.
#[track_caller]
pub(super) fn letter(begun: &[Begun]) -> String {
    match begun {
        [
            Begun {
                recipient: Recipient::Mailbox { address, .. },
                ..
            },
        ] => address.to_string(),
        _ => panic!("one letter: {begun:?}"),
    }
}

/// Channel, status and reason of each attempt.
pub(super) fn standing(views: &[AttemptView]) -> Vec<(Channel, AttemptStatus, Option<Reason>)> {
    let one = |view: &AttemptView| {
        let reason = view.reason.as_ref().map(|reason| reason.known().unwrap());
        let (channel, status) = (view.channel.known(), view.status.known());
        (channel.unwrap(), status.unwrap(), reason)
    };
    views.iter().map(one).collect()
}

pub async fn who_has_no_device_gets_a_letter_at_once(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish(&world, 1).await;
    let begun = dispatch(&world, ACCEPTED).await;
    assert_eq!(letter(&begun), "anna@a.example");
    assert_eq!(
        settle(&world, 21, tried(&begun[0], 20, Outcome::Accepted)).await,
        1
    );
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(
        standing(&views),
        [(Channel::Email, AttemptStatus::Sent, None)]
    );
    assert_eq!(
        (views[0].id, views[0].installation_id),
        (begun[0].attempt, None)
    );
    assert_eq!(views[0].said.as_deref(), Some("200"));
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_silenced_device_and_a_dead_token_give_way_to_a_letter(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    super::pushing::provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    let report = |permission| {
        serde_json::from_value(json!({
            "platform": "android", "permission": permission,
            "push_addresses": [{"kind": "fcm_token", "value": "token-1"}],
        }))
        .unwrap()
    };
    let put = world.store.put_state(anna.clone(), report("denied"), at(3));
    assert!(put.await.unwrap());
    publish(&world, 1).await;
    assert_eq!(letter(&dispatch(&world, 20).await), "anna@a.example");
    let put = world.store.put_state(anna, report("granted"), at(21));
    assert!(put.await.unwrap());
    publish(&world, 2).await;
    let push = dispatch(&world, 22).await;
    assert!(matches!(push[0].recipient, Recipient::Device { .. }));
    let dead = Outcome::Dead {
        reason: Reason::TokenDead,
        since: None,
    };
    settle(&world, 23, tried(&push[0], 22, dead)).await;
    assert_eq!(letter(&dispatch(&world, 23).await), "anna@a.example");
    let views = attempts(&world, 2, "anna").await;
    let dead = (Channel::Fcm, AttemptStatus::Failed, Some(Reason::TokenDead));
    let sending = (Channel::Email, AttemptStatus::Sending, None);
    assert_eq!(standing(&views), [dead, sending]);
    world.is_sound().await;
}

pub async fn a_letter_is_the_same_attempt_when_it_is_repeated(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_for_a_day(&world).await;
    let first = dispatch(&world, 20).await;
    assert!(start(&world, &first[0], 20).await);
    // The process ends: nobody knows whether the server took it, which may take long to answer.
    let lease = 20 + LETTER_LEASE.as_secs();
    assert_eq!(world.claim(WorkKind::Dispatch, lease - 1).await, []);
    let second = dispatch(&world, lease).await;
    assert_eq!(letter(&second), "anna@a.example");
    assert_eq!(first[0].attempt, second[0].attempt);
    let taken = tried(&second[0], lease, Outcome::Accepted);
    settle(&world, lease + 1, taken).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views.len(), views[0].tries, views[0].unproven), (1, 2, 1));
    assert_eq!(world.claim(WorkKind::Dispatch, 10_000).await, []);
    world.is_sound().await;
}

pub async fn a_letter_begins_when_it_has_its_turn(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_for_a_day(&world).await;
    let first = dispatch(&world, 20).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(
        standing(&views),
        [(Channel::Email, AttemptStatus::Sending, None)]
    );
    // Nobody looks after it until its lease is over: then it is begun anew, and was no try.
    let lease = 20 + LETTER_LEASE.as_secs();
    assert_eq!(world.claim(WorkKind::Dispatch, lease - 1).await, []);
    let second = dispatch(&world, lease).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views[0].tries, views[0].unproven), (0, 0));
    assert!(!start(&world, &first[0], lease).await, "it is another try");
    assert!(start(&world, &second[0], lease).await);
    let taken = tried(&second[0], lease, Outcome::Accepted);
    assert_eq!(settle(&world, lease + 1, taken).await, 1);
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views[0].tries, views[0].unproven), (1, 0));
    assert!(!start(&world, &second[0], lease + 2).await, "it was taken");
    world.is_sound().await;
}

/// No device can confirm what lies in a mailbox.
pub async fn a_letter_that_was_taken_is_never_unconfirmed(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish(&world, 1).await;
    let begun = dispatch(&world, 20).await;
    settle(&world, 21, tried(&begun[0], 20, Outcome::Accepted)).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(
        (delivery.status, delivery.reason),
        (DeliveryStatus::Sent, None)
    );
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    world.is_sound().await;
}

pub async fn a_mailbox_dies_by_a_bounce_and_stays_dead_for_a_day(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish(&world, 1).await;
    let begun = dispatch(&world, 20).await;
    let bounced = Outcome::Dead {
        reason: Reason::EmailBounced,
        since: None,
    };
    settle(&world, 21, tried(&begun[0], 20, bounced)).await;
    // It was never handed over, so it cannot have come back.
    let lost = world.delivery(1, "anna").await;
    assert_eq!(
        (lost.status, lost.reason),
        (
            DeliveryStatus::Failed,
            Some(Reason::RecipientNoAddress.into())
        )
    );
    assert_eq!(world.status(1).await, NotificationStatus::Error);
    let bounced = (
        Channel::Email,
        AttemptStatus::Failed,
        Some(Reason::EmailBounced),
    );
    assert_eq!(standing(&attempts(&world, 1, "anna").await), [bounced]);
    let email = || world.store.email(shop(), user("anna"));
    assert_eq!(email().await.unwrap().unwrap().died_at, Some(at(21)));
    world.email("anna", "anna@a.example", 22).await;
    publish(&world, 2).await;
    assert_eq!(dispatch(&world, 23).await, []);
    let dead = world.delivery(2, "anna").await;
    assert_eq!(dead.reason, Some(Reason::RecipientNoAddress.into()));
    // Another address, and the same one after a day, are tried.
    let day = SignedDuration::from_hours(24).as_secs();
    world.email("anna", "anna@a.example", 21 + day).await;
    assert_eq!(email().await.unwrap().unwrap().died_at, None);
    world.email("anna", "anna@b.example", 22 + day).await;
    assert_eq!(email().await.unwrap().unwrap().died_at, None);
    world.is_sound().await;
}

pub async fn without_an_smtp_server_no_letter_begins(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let deleted = world.store.delete_provider(shop(), Channel::Email, at(6));
    assert!(deleted.await.unwrap());
    publish(&world, 1).await;
    assert_eq!(dispatch(&world, 20).await, []);
    let lost = world.delivery(1, "anna").await;
    assert_eq!(
        (lost.status, lost.reason),
        (DeliveryStatus::Failed, Some(Reason::ConfigNoRoute.into()))
    );
    world.is_sound().await;
}

pub async fn what_waits_for_a_try_is_given_up_with_its_delivery(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish(&world, 1).await;
    let begun = dispatch(&world, 20).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: Some(SignedDuration::from_secs(60)),
    };
    settle(&world, 21, tried(&begun[0], 20, busy)).await;
    let reason = Some(Reason::ProviderUnavailable);
    let waits = (Channel::Email, AttemptStatus::Retrying, reason);
    assert_eq!(standing(&attempts(&world, 1, "anna").await), [waits]);
    let cancelled = world.store.cancel(shop(), notification(1), at(30));
    assert!(cancelled.await.unwrap());
    world.work(WorkKind::Expire, 10, 31).await;
    let views = attempts(&world, 1, "anna").await;
    let given_up = (Channel::Email, AttemptStatus::Failed, reason);
    assert_eq!((standing(&views), views[0].until), (vec![given_up], None));
    world.is_sound().await;
}

/// Anna has a phone, which was pushed to and did not confirm in time; her letter is on its way.
async fn escalated(fixture: &impl Fixture) -> (World, Session, Begun) {
    let world = begin(fixture).await;
    super::pushing::provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 3).await;
    publish(&world, 1).await;
    let push = dispatch(&world, 20).await;
    settle(&world, 21, tried(&push[0], 20, Outcome::Accepted)).await;
    let letters = dispatch(&world, 80).await;
    assert_eq!(letter(&letters), "anna@a.example");
    (world, anna, letters[0].clone())
}

/// The double contacts of the first notification: the delivery's and the count.
async fn double_contacts(world: &World) -> (bool, u64) {
    let delivery = world.delivery(1, "anna").await;
    (
        delivery.double_contact,
        world.counts(1).await.double_contact,
    )
}

/// The channels by which the first notification is counted.
async fn channels(world: &World) -> Vec<Channel> {
    let counts = world.view(1).await.counts_by_channel;
    counts
        .into_keys()
        .map(|channel| channel.known().unwrap())
        .collect()
}

pub async fn evidence_behind_a_letter_is_a_double_contact(fixture: &impl Fixture) {
    let (world, anna, letter) = escalated(fixture).await;
    assert_eq!(channels(&world).await, [Channel::Fcm]);
    settle(&world, 81, tried(&letter, 80, Outcome::Accepted)).await;
    assert_eq!(channels(&world).await, [Channel::Email]);
    assert_eq!(double_contacts(&world).await, (false, 0));
    for kind in [ReceiptKind::Delivered, ReceiptKind::Read] {
        world.report(&anna, vec![receipt(1, kind, 90)]).await;
        assert_eq!(double_contacts(&world).await, (true, 1));
        let told = events::summaries(&world, "anna").await;
        assert!(
            told.last().is_some_and(|one| one.double_contact),
            "{told:?}"
        );
    }
    let counts = world.counts(1).await;
    assert_eq!((counts.read, counts.total()), (1, 1));
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    assert_eq!(channels(&world).await, [Channel::Fcm]);
    world.is_sound().await;
    // The count goes with who is erased.
    assert!(world.erase("anna").await);
    world.work(WorkKind::EraseUser, 10, 200).await;
    assert_eq!(world.counts(1).await.double_contact, 0);
    world.is_sound().await;
}

pub async fn evidence_before_the_mail_server_s_answer_is_a_double_contact(fixture: &impl Fixture) {
    let (world, anna, letter) = escalated(fixture).await;
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 81)])
        .await;
    assert_eq!(double_contacts(&world).await, (false, 0));
    settle(&world, 82, tried(&letter, 80, Outcome::Accepted)).await;
    assert_eq!(double_contacts(&world).await, (true, 1));
    world.is_sound().await;
}

pub async fn evidence_cancels_a_letter_that_waits(fixture: &impl Fixture) {
    let (world, anna, letter) = escalated(fixture).await;
    let reason = Reason::ProviderThrottled;
    let greylisted = Outcome::Retry {
        reason,
        after: Some(SignedDuration::from_secs(300)),
    };
    settle(&world, 81, tried(&letter, 80, greylisted)).await;
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 90)])
        .await;
    assert_eq!(dispatch(&world, 500).await, []);
    let views = attempts(&world, 1, "anna").await;
    let given_up = (Channel::Email, AttemptStatus::Failed, Some(reason));
    assert_eq!(standing(&views).last(), Some(&given_up));
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Delivered
    );
    assert_eq!(double_contacts(&world).await, (false, 0));
    world.is_sound().await;
}

pub async fn evidence_cancels_the_letter_of_a_server_that_died(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    super::pushing::provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 3).await;
    publish_for_a_day(&world).await;
    let push = dispatch(&world, 20).await;
    settle(&world, 21, tried(&push[0], 20, Outcome::Accepted)).await;
    let letters = dispatch(&world, 80).await;
    assert_eq!(letter(&letters), "anna@a.example");
    assert!(start(&world, &letters[0], 80).await);
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 90)])
        .await;
    // Nobody knows whether the first one was taken: it is not repeated.
    assert_eq!(dispatch(&world, 80 + LETTER_LEASE.as_secs()).await, []);
    let views = attempts(&world, 1, "anna").await;
    let unproven = Some(Reason::ProviderUnproven);
    let given_up = (Channel::Email, AttemptStatus::Failed, unproven);
    assert_eq!(standing(&views).last(), Some(&given_up));
    let counted = views.last().map(|view| (view.tries, view.unproven));
    assert_eq!(counted, Some((1, 1)));
    assert_eq!(double_contacts(&world).await, (false, 0));
    // It was taken, as it comes back.
    let report = LetterReport {
        app: shop(),
        delivery: world.delivery(1, "anna").await.id,
        fate: Fate::Lost {
            reason: Reason::EmailBounced,
        },
        mailbox: None,
        said: None,
        now: at(90 + LETTER_LEASE.as_secs()),
    };
    let noted = world.store.note_letter(report).await.unwrap().unwrap();
    assert!(noted.is_lost);
    let views = attempts(&world, 1, "anna").await;
    let bounced = (
        Channel::Email,
        AttemptStatus::Failed,
        Some(Reason::EmailBounced),
    );
    assert_eq!(standing(&views).last(), Some(&bounced));
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    world.is_sound().await;
}

pub async fn a_silent_mail_server_gets_three_letters_at_most(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_for_a_day(&world).await;
    for second in [20, 1_020] {
        let begun = dispatch(&world, second).await;
        let silent = tried(&begun[0], second, Outcome::Unproven);
        settle(&world, second + 15, silent).await;
        let waits = attempts(&world, 1, "anna").await.pop();
        let until = waits.and_then(|view| view.until);
        assert!(until >= Some(at(second + 615)), "{until:?}");
    }
    let begun = dispatch(&world, 2_020).await;
    let silent = tried(&begun[0], 2_020, Outcome::Unproven);
    settle(&world, 2_035, silent).await;
    let reason = Some(Reason::ProviderUnproven);
    let taken = (Channel::Email, AttemptStatus::Sent, reason);
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(standing(&views), [taken]);
    assert_eq!((views[0].tries, views[0].unproven), (3, 3));
    assert_eq!(channels(&world).await, [Channel::Email]);
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    world.is_sound().await;
}
