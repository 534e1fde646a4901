//! Recognising the repetition of a publish request.

use futures_util::future::join_all;
use vestnik_model::{NotificationStatus, PublishAccepted, ReceiptKind};
use vestnik_rules::idempotency::Verdict;

use super::{
    Fixture,
    fact::receipt,
    name::{at, bank, keyed, notification, page, shop, topics},
    world::World,
};
use crate::publishing::{NewNotification, PublishOutcome};

async fn accept(world: &World, new: NewNotification) -> PublishAccepted {
    let outcome = world.store.publish(new).await.unwrap();
    let PublishOutcome::Accepted(accepted) = outcome else {
        panic!("not accepted: {outcome:?}");
    };
    accepted
}

async fn is_stored(world: &World, number: u32) -> bool {
    let view = world.store.notification(shop(), notification(number)).await;
    view.unwrap().is_some()
}

pub async fn a_repeated_request_is_answered_as_before(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    let first = accept(&world, keyed(1, "k", 7, 1_000)).await;
    assert!(!first.replayed);
    assert_eq!(first.status, NotificationStatus::Queued);
    // Whatever became of it since.
    let read = vec![receipt(1, ReceiptKind::Read, 60)];
    world.report(&session, read).await;
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    world.taken();
    let again = world.store.publish(keyed(2, "k", 7, 1_000)).await;
    let expected = PublishAccepted {
        replayed: true,
        ..first
    };
    assert_eq!(again, Ok(PublishOutcome::Replayed(expected)));
    assert_eq!(world.taken(), []);
    assert!(!is_stored(&world, 2).await);
    world.is_sound().await;
}

pub async fn another_request_is_a_mismatch(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    accept(&world, keyed(1, "k", 7, 1_000)).await;
    let other = world.store.publish(keyed(2, "k", 8, 1_000)).await;
    assert_eq!(other, Ok(PublishOutcome::Mismatch));
    assert!(!is_stored(&world, 2).await);
    accept(&world, keyed(3, "l", 8, 1_000)).await;
    world.is_sound().await;
}

pub async fn a_key_is_forgotten_in_time(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    // The requests come at second 10.
    accept(&world, keyed(1, "k", 7, 11)).await;
    let again = world.store.publish(keyed(2, "k", 7, 10)).await.unwrap();
    assert!(matches!(again, PublishOutcome::Replayed(_)), "{again:?}");
    accept(&world, keyed(3, "l", 7, 10)).await;
    accept(&world, keyed(4, "l", 8, 1_000)).await;
    let other = world.store.publish(keyed(5, "l", 7, 1_000)).await;
    assert_eq!(other, Ok(PublishOutcome::Mismatch));
    world.is_sound().await;
}

pub async fn a_repeated_request_is_recognised_by_its_key_alone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let recognise = async |body, second| {
        let record = keyed(2, "k", body, 1_000).idempotency.unwrap();
        let recognised = world.store.recognise(shop(), record, at(second));
        recognised.await.unwrap()
    };
    assert_eq!(recognise(7, 11).await, Verdict::New);
    let first = accept(&world, keyed(1, "k", 7, 1_000)).await;
    let replay = Verdict::Replay(PublishAccepted {
        replayed: true,
        ..first
    });
    assert_eq!(recognise(7, 11).await, replay);
    assert_eq!(recognise(8, 11).await, Verdict::Mismatch);
    assert_eq!(recognise(7, 1_000).await, Verdict::New);
    let other = keyed(2, "k", 7, 1_000).idempotency.unwrap();
    let of_other = world.store.recognise(bank(), other, at(11));
    assert_eq!(of_other.await, Ok(Verdict::New));
    world.is_sound().await;
}

pub async fn a_request_is_recognised_behind_one_that_is_on_its_way(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for number in 1..=20 {
        let name = format!("k{number}");
        let first = world.store.publish(keyed(number, &name, 7, 1_000));
        let record = keyed(number + 100, &name, 7, 1_000).idempotency.unwrap();
        let second = world.store.recognise(shop(), record, at(11));
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(matches!(first, Ok(PublishOutcome::Accepted(_))));
        assert!(matches!(second, Ok(Verdict::Replay(_))), "{second:?}");
    }
    world.is_sound().await;
}

pub async fn a_refused_request_is_not_remembered(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let to_topic = |number| NewNotification {
        publication: super::name::new(&shop(), number, topics(&["news"])).publication,
        ..keyed(number, "k", 7, 1_000)
    };
    let refused = world.store.publish(to_topic(1)).await.unwrap();
    assert!(matches!(refused, PublishOutcome::UnknownTopics(_)));
    world.topic("news", &[]).await;
    let accepted = accept(&world, to_topic(2)).await;
    assert_eq!(accepted.id, notification(2));
    world.is_sound().await;
}

pub async fn racing_repetitions_publish_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let publishing = (1..=8).map(|number| world.store.publish(keyed(number, "k", 7, 1_000)));
    let outcomes = join_all(publishing).await;
    let mut ids = Vec::new();
    let mut accepted = 0;
    for outcome in outcomes {
        match outcome.unwrap() {
            PublishOutcome::Accepted(first) => {
                accepted += 1;
                ids.push(first.id);
            }
            PublishOutcome::Replayed(again) => ids.push(again.id),
            PublishOutcome::Mismatch
            | PublishOutcome::UnknownTopics(_)
            | PublishOutcome::UnusableAudiences(_) => {
                panic!("not the answer of before")
            }
        }
    }
    ids.dedup();
    assert_eq!((accepted, ids.len()), (1, 1));
    let list = world.store.notifications(shop(), page(None, 9));
    assert_eq!(list.await.unwrap().data.len(), 1);
    world.is_sound().await;
}
