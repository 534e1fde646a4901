//! Expansion: deliveries and entries for a whole audience.

use vestnik_model::{DeliveryStatus, NotificationStatus};
use vestnik_rules::work::{Progress, WorkKind};

use super::{
    Fixture,
    name::{ACCEPTED, EXPIRED, at, shop, topic, topics, user, users},
    world::{World, changed, due, grown},
};
use crate::effect::Effect;

fn names(count: u32) -> Vec<String> {
    (1..=count).map(|number| format!("u{number}")).collect()
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

pub async fn a_hundred_recipients_are_expanded_at_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("u1", 1).await;
    let names = names(100);
    world.publish(1, users(&texts(&names))).await;
    let effects = world.taken();
    assert_eq!(grown(&effects).len(), 100);
    assert_eq!(changed(&effects, 1), [vec![]]);
    assert_eq!(due(&effects), [(WorkKind::Expire, EXPIRED)]);
    let counts = world.counts(1).await;
    assert_eq!((counts.pending, counts.undelivered), (1, 99));
    assert_eq!(world.claim(WorkKind::Expand, 100).await, []);
    world.is_sound().await;
}

pub async fn more_recipients_are_expanded_by_work(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = names(101);
    let accepted = world.publish(1, users(&texts(&names))).await;
    assert_eq!(accepted.status, NotificationStatus::Accepted);
    let effects = world.taken();
    assert_eq!(grown(&effects), [].into());
    assert_eq!(due(&effects), [(WorkKind::Expand, ACCEPTED)]);
    assert_eq!(world.deliveries(1).await, []);
    assert_eq!(world.work(WorkKind::Expand, 40, 20).await, 3);
    assert_eq!(world.deliveries(1).await.len(), 101);
    world.is_sound().await;
}

pub async fn a_topic_is_expanded_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = names(25);
    world.topic("news", &texts(&names)).await;
    for number in 1..=25 {
        world.login(&format!("u{number}"), number).await;
    }
    world.publish(1, topics(&["news"])).await;
    for (pending, expected) in [
        (10, Progress::More),
        (20, Progress::More),
        (25, Progress::Finished),
    ] {
        let claim = world.claim_one(WorkKind::Expand, 20).await;
        assert_eq!(world.perform(&claim, 10, 20).await, expected);
        let view = world.view(1).await;
        assert_eq!(view.counts.pending, pending);
        assert_eq!(view.status, NotificationStatus::Queued);
    }
    assert_eq!(world.claim(WorkKind::Expand, 1_000).await, []);
    for name in &names {
        assert_eq!(world.log(name).await, ["1@1"], "{name}");
    }
    world.is_sound().await;
}

pub async fn a_part_is_one_change(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["a", "b", "c"]).await;
    world.login("a", 1).await;
    world.login("b", 2).await;
    world.publish(1, topics(&["news"])).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    world.taken();
    let before = world.store.last_event().await.unwrap();
    world.perform(&claim, 10, 20).await;
    let effects = world.taken();
    assert_eq!(changed(&effects, 1), [vec![]]);
    let reached = effects.iter().find_map(|effect| match effect {
        Effect::NotificationChanged { reached, .. } => Some(reached.clone()),
        Effect::LogGrew { .. }
        | Effect::Revoked(_)
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::WorkDue { .. } => None,
    });
    let mut reached = reached.unwrap();
    reached.sort();
    let expected = [
        (DeliveryStatus::Pending, 2),
        (DeliveryStatus::Undelivered, 1),
    ];
    assert_eq!(reached, expected);
    assert_eq!(grown(&effects), ["a", "b", "c"].map(user).into());
    assert_eq!(due(&effects), [(WorkKind::Expire, EXPIRED)]);
    let rows = world.store.events(before, 100).await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    world.is_sound().await;
}

pub async fn a_deleted_topic_ends_an_expansion(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["a", "b", "c"]).await;
    world.publish(1, topics(&["news"])).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    assert_eq!(world.perform(&claim, 2, 20).await, Progress::More);
    let deleted = world.store.delete_topic(shop(), topic("news"), at(20));
    assert_eq!(deleted.await, Ok(true));
    world.work(WorkKind::Expand, 2, 20).await;
    assert_eq!(world.deliveries(1).await.len(), 2);
    assert_eq!(world.status(1).await, NotificationStatus::Error);
    world.is_sound().await;
}
