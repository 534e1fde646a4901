//! Tries that a process left on their way when it was killed: the next one does not wait for their leases.

use jiff::SignedDuration;
use vestnik_model::{
    DeliveryStatus, Reason,
    publish::{Goal, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{attempt::Outcome, work::WorkKind};

use super::{
    Fixture,
    letters::{self, letter},
    name::{ACCEPTED, at, new, notification, shop, users},
    pushing::{self, accepted, attempts, dispatch, dispatch_of, settle, start, to_anna, tried},
    withdrawing::{has_key, recall},
    world::World,
};
use crate::dispatch::{Begun, Sends};

/// When the process is killed, and the next one starts.
const KILLED: i64 = 22;

/// One step, a letter.
fn letter_only() -> Steps {
    Steps::from_stored(vec![StepRequest {
        channel: StepChannel::Email,
        wait_for: Some(Goal::Handed),
        within_seconds: None,
        on_unproven: None,
    }])
}

/// Publishes the first notification, for Anna, which lives for so long.
async fn publish_for(world: &World, ttl: SignedDuration) {
    let mut new = new(&shop(), 1, users(&["anna"]));
    new.publication.steps = letter_only();
    new.publication.ttl = ttl;
    new.notification = new.publication.accept(notification(1), at(ACCEPTED));
    world.store.publish(new).await.unwrap();
}

/// Anna's letter, which lives for so long, is on its way when the process is killed.
async fn killed(fixture: &impl Fixture, ttl: SignedDuration) -> (World, Vec<Begun>) {
    let world = letters::begin(fixture).await;
    publish_for(&world, ttl).await;
    let begun = dispatch(&world, 20).await;
    assert_eq!(letter(&begun), "anna@a.example");
    assert!(start(&world, &begun[0], 21).await);
    (world.reopened(fixture, KILLED), begun)
}

pub async fn a_letter_is_repeated_at_once(fixture: &impl Fixture) {
    let (world, first) = killed(fixture, SignedDuration::from_hours(24)).await;
    assert_eq!(
        world.store.next_due(WorkKind::Dispatch).await,
        Ok(Some(at(KILLED)))
    );
    let second = dispatch(&world, KILLED).await;
    assert_eq!(letter(&second), "anna@a.example");
    assert_eq!(second[0].attempt, first[0].attempt);
    // The former process has no say any more.
    assert_eq!(
        settle(&world, 23, tried(&first[0], 20, accepted())).await,
        0
    );
    let taken = tried(&second[0], KILLED, accepted());
    assert_eq!(settle(&world, 23, taken).await, 1);
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views.len(), views[0].tries, views[0].unproven), (1, 2, 1));
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert_eq!(world.claim(WorkKind::Dispatch, 10_000).await, []);
    world.is_sound().await;
}

pub async fn a_letter_that_expires_soon_is_not_lost(fixture: &impl Fixture) {
    let five_minutes = SignedDuration::from_mins(5);
    let (world, _) = killed(fixture, five_minutes).await;
    let second = dispatch(&world, KILLED + 1).await;
    settle(&world, 24, tried(&second[0], 23, accepted())).await;
    let expired = ACCEPTED + five_minutes.as_secs();
    world.work(WorkKind::Expire, 10, expired).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    world.is_sound().await;
}

pub async fn a_push_and_what_withdraws_it_are_repeated_at_once(fixture: &impl Fixture) {
    let (world, anna) = pushing::begin(fixture).await;
    has_key(&world, &anna).await;
    world.publish(1, to_anna()).await;
    // It was heard from too long ago to be on its way back.
    let first = dispatch(&world, 60).await;
    let world = world.reopened(fixture, 62);
    let second = dispatch(&world, 62).await;
    assert_eq!(second[0].attempt, first[0].attempt);
    // It is recalled while its push is on its way, and then the next process is killed, too.
    recall(&world, 63).await;
    assert_eq!(dispatch(&world, 63).await, []);
    let world = world.reopened(fixture, 64);
    let withdrawal = dispatch(&world, 64).await;
    assert_eq!(withdrawal[0].sends, Sends::Withdrawal);
    let world = world.reopened(fixture, 65);
    let again = dispatch(&world, 65).await;
    assert_eq!(again[0].attempt, withdrawal[0].attempt);
    assert_eq!(
        settle(&world, 66, tried(&again[0], 65, accepted())).await,
        1
    );
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

/// Its end is so far off that nobody would wait for it.
pub async fn a_lease_of_a_clock_that_was_ahead_ends(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    publish_for(&world, SignedDuration::from_hours(24)).await;
    letter(&dispatch(&world, 20_000).await);
    let world = world.reopened(fixture, KILLED);
    letter(&dispatch(&world, KILLED).await);
    world.is_sound().await;
}

/// A mail server asked for a pause: that is nobody's lease.
pub async fn what_waits_for_its_time_goes_on_waiting(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    publish_for(&world, SignedDuration::from_hours(24)).await;
    let begun = dispatch(&world, 20).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: Some(SignedDuration::from_secs(300)),
    };
    settle(&world, 21, tried(&begun[0], 20, busy)).await;
    let world = world.reopened(fixture, KILLED);
    assert_eq!(world.claim(WorkKind::Dispatch, 320).await, []);
    let again = dispatch(&world, 330).await;
    settle(&world, 331, tried(&again[0], 330, accepted())).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views[0].tries, views[0].unproven), (2, 0));
    world.is_sound().await;
}

/// The process was killed while it looked at the notification once more.
pub async fn a_try_behind_a_row_that_was_claimed_is_repeated(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    world.email("bert", "bert@a.example", 3).await;
    let mut new = new(&shop(), 1, users(&["anna", "bert"]));
    new.publication.steps = letter_only();
    world.store.publish(new).await.unwrap();
    let claim = world.claim_one(WorkKind::Dispatch, 20).await;
    let begun = dispatch_of(&world, &claim, 20).await.begun;
    assert_eq!(begun.len(), 2);
    let busy = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    settle(&world, 21, tried(&begun[0], 20, busy)).await;
    world.claim_one(WorkKind::Dispatch, KILLED).await;
    let world = world.reopened(fixture, KILLED);
    assert_eq!(dispatch(&world, KILLED).await.len(), 2);
    world.is_sound().await;
}
