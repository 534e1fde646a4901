//! Hand-overs: notifications were written to devices.

use vestnik_model::{AttemptStatus, Channel, DeliveryId, DeliveryStatus, NotificationStatus};
use vestnik_rules::work::WorkKind;

use super::{
    Fixture,
    name::{EXPIRED, at, installation, notification, shop, user, users},
    world::{World, changed, noted},
};
use crate::{
    effect::{ChangedDelivery, Summary},
    ledger::HandOver,
};

pub async fn a_hand_over_is_sent_and_an_attempt(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    assert_eq!(world.status(1).await, NotificationStatus::Queued);
    world.taken();
    world.hand_over(&session, 1, 50).await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Sent);
    assert_eq!(delivery.sent_at, Some(at(50)));
    // Without a push service there is no cascade to stand in.
    assert_eq!((delivery.step, delivery.step_channel), (None, None));
    let expected = ChangedDelivery {
        id: delivery.id,
        user: user("anna"),
        summary: Summary {
            status: DeliveryStatus::Sent,
            reason: None,
            channel: Some(Channel::Hub),
            late: false,
            double_contact: false,
        },
    };
    assert_eq!(changed(&world.taken(), 1), [vec![expected]]);
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    let attempts = world.store.attempts(shop(), delivery.id).await;
    let attempts = attempts.unwrap().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].installation_id, Some(installation(1)));
    assert_eq!(attempts[0].delivery_id, delivery.id);
    assert_eq!(attempts[0].status, AttemptStatus::Sent);
    assert_eq!(attempts[0].started_at, at(50));
    world.is_sound().await;
}

pub async fn a_second_hand_over_is_no_news(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 2).await;
    world.publish(1, users(&["anna"])).await;
    world.hand_over(&first, 1, 50).await;
    world.taken();
    world.hand_over(&first, 1, 55).await;
    world.hand_over(&second, 1, 60).await;
    assert_eq!(changed(&world.taken(), 1).len(), 0);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.sent_at, Some(at(50)));
    let attempts = world.store.attempts(shop(), delivery.id).await;
    let attempts = attempts.unwrap().unwrap().into_iter();
    let started: Vec<_> = attempts.map(|attempt| attempt.started_at).collect();
    assert_eq!(started, [at(50), at(60)]);
    world.is_sound().await;
}

pub async fn what_is_gone_is_not_handed_over(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    let gone = HandOver {
        delivery: DeliveryId::from_uuid(notification(99).uuid()),
        ..world.handed(&session, 1, 50).await
    };
    // A hand-over names the user that the delivery is for.
    let wrong = HandOver {
        user: user("bert"),
        ..world.handed(&session, 1, 50).await
    };
    world.taken();
    world
        .store
        .hand_over(noted(vec![gone, wrong]))
        .await
        .unwrap();
    assert_eq!(world.taken(), []);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Pending);
    world.is_sound().await;
}

pub async fn a_batch_is_one_change_of_a_notification(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let anna = world.login("anna", 1).await;
    let bert = world.login("bert", 2).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.publish(2, users(&["anna"])).await;
    let batch = vec![
        world.handed(&anna, 1, 50).await,
        world.handed(&bert, 1, 51).await,
        world.handed(&anna, 2, 52).await,
    ];
    world.taken();
    let before = world.store.last_event().await.unwrap();
    world.store.hand_over(noted(batch)).await.unwrap();
    let effects = world.taken();
    let of_first = changed(&effects, 1);
    assert_eq!((of_first.len(), of_first[0].len()), (1, 2));
    assert_eq!(changed(&effects, 2).len(), 1);
    let rows = world.store.events(before, 100).await.unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(world.counts(1).await.sent, 2);
    world.is_sound().await;
}

pub async fn a_late_hand_over_beats_an_expiry(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let expired = world.delivery(1, "anna").await;
    assert_eq!(expired.status, DeliveryStatus::Expired);
    // It was written before, and is noted late.
    world.hand_over(&session, 1, EXPIRED - 1).await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Sent);
    assert!(delivery.late);
    world.is_sound().await;
}
