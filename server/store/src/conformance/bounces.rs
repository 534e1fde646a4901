//! Letters that come back after a mail server had taken them.

use serde_json::json;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationStatus, Reason,
    email::EmailAddress,
    publish::{Goal, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{attempt::Outcome, bounce::Fate, work::WorkKind};

use super::{
    Fixture,
    consent::end,
    letters::{begin, letter, publish_by, standing},
    name::{ACCEPTED, EXPIRED, at, bank, shop, user},
    pushing::{attempts, dispatch, has_address, provide, settle, tried},
    world::{World, due},
};
use crate::dispatch::{Begun, LetterNoted, LetterReport, Recipient};

const BOUNCED: Fate = Fate::Lost {
    reason: Reason::EmailBounced,
};
const FULL: Fate = Fate::Lost {
    reason: Reason::ProviderRejected,
};

/// Steps of a channel each, with the goal and the seconds within which it is to be reached.
fn steps(steps: &[(StepChannel, Goal, Option<u32>)]) -> Steps {
    let step =
        |(channel, wait_for, within_seconds): &(StepChannel, Goal, Option<u32>)| StepRequest {
            channel: *channel,
            wait_for: Some(*wait_for),
            within_seconds: *within_seconds,
            on_unproven: None,
        };
    Steps::from_stored(steps.iter().map(step).collect())
}

fn email() -> Steps {
    steps(&[(StepChannel::Email, Goal::Handed, None)])
}

fn email_then_push() -> Steps {
    steps(&[
        (StepChannel::Email, Goal::Delivered, Some(600)),
        (StepChannel::Push, Goal::Handed, None),
    ])
}

/// Sends Anna the letter of a notification, which the mail server takes.
async fn taken(world: &World, number: u32, steps: Steps) -> Vec<Begun> {
    publish_by(world, number, steps).await;
    let begun = dispatch(world, ACCEPTED).await;
    assert_eq!(letter(&begun), "anna@a.example");
    let settled = settle(
        world,
        ACCEPTED,
        tried(&begun[0], ACCEPTED, Outcome::Accepted),
    );
    assert_eq!(settled.await, 1);
    begun
}

async fn report(world: &World, number: u32, fate: Fate, second: i64) -> Option<LetterNoted> {
    report_of(world, number, (fate, "anna@a.example"), second).await
}

async fn report_of(
    world: &World,
    number: u32,
    (fate, mailbox): (Fate, &str),
    second: i64,
) -> Option<LetterNoted> {
    let report = LetterReport {
        app: shop(),
        delivery: world.delivery(number, "anna").await.id,
        fate,
        mailbox: EmailAddress::parse(mailbox).ok(),
        said: Some("5.1.1".to_owned()),
        now: at(second),
    };
    world.store.note_letter(report).await.unwrap()
}

/// Whether the letter is lost by the report, and whether the mailbox died by it.
async fn told(world: &World, number: u32, fate: Fate, second: i64) -> (bool, bool) {
    let noted = report(world, number, fate, second).await.unwrap();
    assert_eq!(noted.user, user("anna"));
    (noted.is_lost, noted.is_dead)
}

async fn died(world: &World) -> bool {
    let email = world.store.email(shop(), user("anna")).await.unwrap();
    email.unwrap().died_at.is_some()
}

const fn failed(reason: Reason) -> (Channel, AttemptStatus, Option<Reason>) {
    (Channel::Email, AttemptStatus::Failed, Some(reason))
}

pub async fn a_letter_that_comes_back_ends_its_delivery_once(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, email()).await;
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    assert_eq!(told(&world, 1, BOUNCED, 40).await, (true, true));
    let lost = world.delivery(1, "anna").await;
    assert_eq!(
        (lost.status, lost.reason),
        (
            DeliveryStatus::Undelivered,
            Some(Reason::EmailBounced.into())
        )
    );
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(standing(&views), [failed(Reason::EmailBounced)]);
    assert_eq!(views[0].said.as_deref(), Some("5.1.1"));
    assert!(died(&world).await);
    assert_eq!(world.counts(1).await.unconfirmed, 1);
    world.taken();
    assert_eq!(told(&world, 1, BOUNCED, 41).await, (false, false));
    assert_eq!(told(&world, 1, FULL, 42).await, (false, false));
    assert_eq!(world.taken(), []);
    assert_eq!(
        standing(&attempts(&world, 1, "anna").await),
        [failed(Reason::EmailBounced)]
    );
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_step_that_waits_gives_way_to_the_next(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 2).await;
    taken(&world, 1, email_then_push()).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 39).await, []);
    world.taken();
    assert_eq!(told(&world, 1, FULL, 40).await, (true, false));
    assert_eq!(due(&world.taken()), [(WorkKind::Dispatch, 40)]);
    let begun = dispatch(&world, 40).await;
    assert!(matches!(begun[0].recipient, Recipient::Device { .. }));
    settle(&world, 41, tried(&begun[0], 41, Outcome::Accepted)).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert!(!died(&world).await);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_mailbox_that_was_set_since_lives(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, email()).await;
    world.email("anna", "anna@b.example", ACCEPTED + 1).await;
    assert_eq!(told(&world, 1, BOUNCED, 40).await, (true, false));
    assert!(!died(&world).await);
    let deleted = world.store.delete_email(shop(), user("anna"));
    assert!(deleted.await.unwrap());
    assert_eq!(told(&world, 1, BOUNCED, 41).await, (false, false));
    world.is_sound().await;
}

pub async fn what_was_handed_over_otherwise_goes_on(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 2).await;
    let both = steps(&[
        (StepChannel::Push, Goal::Delivered, Some(60)),
        (StepChannel::Email, Goal::Handed, None),
    ]);
    publish_by(&world, 1, both).await;
    let push = dispatch(&world, ACCEPTED).await;
    settle(&world, 21, tried(&push[0], 21, Outcome::Accepted)).await;
    let begun = dispatch(&world, ACCEPTED + 60).await;
    settle(&world, 91, tried(&begun[0], 91, Outcome::Accepted)).await;
    assert_eq!(told(&world, 1, BOUNCED, 100).await, (true, true));
    // The push may still be confirmed.
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let lost = world.delivery(1, "anna").await;
    assert_eq!(lost.reason, Some(Reason::DeliveryUnconfirmed.into()));
    world.is_sound().await;
}

pub async fn a_letter_that_is_delayed_is_not_lost(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, email()).await;
    assert_eq!(told(&world, 1, Fate::Delayed, 40).await, (false, false));
    let views = attempts(&world, 1, "anna").await;
    assert_eq!(
        standing(&views),
        [(Channel::Email, AttemptStatus::Sent, None)]
    );
    assert_eq!(views[0].said.as_deref(), Some("5.1.1"));
    assert_eq!(told(&world, 1, Fate::Arrived, 41).await, (false, false));
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert!(!died(&world).await);
    world.is_sound().await;
}

pub async fn a_bounce_proves_that_a_try_without_an_answer_was_taken(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, email()).await;
    let begun = dispatch(&world, ACCEPTED).await;
    settle(&world, 21, tried(&begun[0], 20, Outcome::Unproven)).await;
    assert_eq!(told(&world, 1, BOUNCED, 21).await, (true, true));
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    let lost = world.delivery(1, "anna").await;
    assert_eq!(lost.status, DeliveryStatus::Failed);
    // What was on its way meanwhile changes nothing.
    assert_eq!(
        settle(&world, 22, tried(&begun[0], 20, Outcome::Accepted)).await,
        0
    );
    world.is_sound().await;
}

/// A step is left, and the person opted out: the letter was all.
pub async fn a_letter_that_came_back_after_an_opt_out_is_lost(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let then_push = [
        (StepChannel::Email, Goal::Delivered, Some(3_600)),
        (StepChannel::Push, Goal::Delivered, None),
    ];
    taken(&world, 1, steps(&then_push)).await;
    world
        .opts_out("anna", json!({"all": true}), ACCEPTED + 1)
        .await;
    let noted = told(&world, 1, FULL, ACCEPTED + 2).await;
    assert_eq!(noted, (true, false));
    assert_eq!(world.ends(1).await, [end("anna", Reason::EmailBounced)]);
    world.is_sound().await;
}

pub async fn a_mailbox_to_which_letters_are_forwarded_kills_none(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, email()).await;
    for (number, mailbox) in [(40, "anna@old.example"), (41, "no address")] {
        let noted = report_of(&world, 1, (BOUNCED, mailbox), number).await;
        assert!(!noted.unwrap().is_dead, "{mailbox}");
        assert!(!died(&world).await);
    }
    assert!(report(&world, 1, BOUNCED, 42).await.unwrap().is_dead);
    world.is_sound().await;
}

pub async fn reports_of_other_apps_and_of_other_things_are_nobodys(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    taken(&world, 1, email()).await;
    let delivery = world.delivery(1, "anna").await.id;
    let foreign = LetterReport {
        app: bank(),
        delivery,
        fate: BOUNCED,
        mailbox: None,
        said: None,
        now: at(40),
    };
    assert_eq!(world.store.note_letter(foreign.clone()).await, Ok(None));
    world.login("anna", 1).await;
    publish_by(&world, 2, Steps::default()).await;
    assert_eq!(report(&world, 2, BOUNCED, 41).await, None);
    assert!(world.erase("anna").await);
    let own = LetterReport {
        app: shop(),
        ..foreign
    };
    assert_eq!(world.store.note_letter(own).await, Ok(None));
    world.work(WorkKind::EraseUser, 10, 101).await;
    world.is_sound().await;
}
