//! Topics and subscriptions.

use vestnik_model::subscription::{Topic, TopicSettings};
use vestnik_rules::work::{Progress, WorkKind};

use super::{
    Fixture,
    name::{at, new, shop, topic, topics, user},
    world::{World, due},
};
use crate::{audiences::SubscribeOutcome, publishing::PublishOutcome};

async fn subscribers(world: &World, name: &str) -> Option<u64> {
    let found = world.store.topic(shop(), topic(name)).await.unwrap();
    found.map(|topic| topic.subscribers)
}

async fn close(world: &World, name: &str) {
    let settings = TopicSettings {
        self_subscribe: false,
    };
    let put = world.store.put_topic(shop(), topic(name), settings);
    put.await.unwrap();
}

pub async fn a_topic_counts_its_subscribers(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["anna", "bert", "anna"]).await;
    let found = world.store.topic(shop(), topic("news")).await.unwrap();
    let expected = Topic {
        name: topic("news"),
        self_subscribe: true,
        subscribers: 2,
    };
    assert_eq!(found, Some(expected));
    for who in ["bert", "bert", "nobody"] {
        let left = world.store.unsubscribe(shop(), topic("news"), user(who));
        assert_eq!(left.await, Ok(true));
    }
    assert_eq!(subscribers(&world, "news").await, Some(1));
    // Setting it again keeps its subscribers.
    close(&world, "news").await;
    assert_eq!(subscribers(&world, "news").await, Some(1));
    let unknown = world.store.unsubscribe(shop(), topic("odd"), user("anna"));
    assert_eq!(unknown.await, Ok(false));
    assert_eq!(subscribers(&world, "odd").await, None);
    world.is_sound().await;
}

pub async fn users_join_open_topics_only(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("open", &[]).await;
    close(&world, "closed").await;
    for (name, by_user, expected) in [
        ("open", true, SubscribeOutcome::Subscribed),
        ("closed", true, SubscribeOutcome::Unavailable),
        ("closed", false, SubscribeOutcome::Subscribed),
        ("odd", true, SubscribeOutcome::Unavailable),
        ("odd", false, SubscribeOutcome::Unavailable),
    ] {
        let outcome = world.subscribe(name, "anna", by_user).await;
        assert_eq!(outcome, expected, "{name}");
    }
    world.is_sound().await;
}

pub async fn a_user_joins_so_many_topics(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for name in ["a", "b", "c", "d"] {
        world.topic(name, &[]).await;
    }
    for name in ["a", "b", "c", "a"] {
        let joined = world.subscribe(name, "anna", true).await;
        assert_eq!(joined, SubscribeOutcome::Subscribed, "{name}");
    }
    let fourth = world.subscribe("d", "anna", true).await;
    assert_eq!(fourth, SubscribeOutcome::TooMany);
    assert_eq!(subscribers(&world, "d").await, Some(0));
    // The App's backend is not bounded.
    let fourth = world.subscribe("d", "anna", false).await;
    assert_eq!(fourth, SubscribeOutcome::Subscribed);
    world.is_sound().await;
}

pub async fn a_deleted_topic_reaches_nobody(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["anna", "bert"]).await;
    world.taken();
    let delete = || world.store.delete_topic(shop(), topic("news"), at(20));
    assert_eq!(delete().await, Ok(true));
    assert_eq!(due(&world.taken()), [(WorkKind::DeleteTopic, 20)]);
    assert_eq!(delete().await, Ok(false));
    assert_eq!(subscribers(&world, "news").await, None);
    let outcome = world.store.publish(new(&shop(), 1, topics(&["news"])));
    let unknown = PublishOutcome::UnknownTopics(vec![topic("news")]);
    assert_eq!(outcome.await, Ok(unknown));
    // Its name is free at once, and nobody of the former one is in it.
    world.topic("news", &["carla"]).await;
    world.work(WorkKind::DeleteTopic, 10, 20).await;
    assert_eq!(subscribers(&world, "news").await, Some(1));
    world.publish(2, topics(&["news"])).await;
    world.work(WorkKind::Expand, 10, 20).await;
    assert_eq!(world.deliveries(2).await.len(), 1);
    world.is_sound().await;
}

pub async fn a_topic_is_deleted_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["a", "b", "c", "d", "e"]).await;
    let deleted = world.store.delete_topic(shop(), topic("news"), at(20));
    assert_eq!(deleted.await, Ok(true));
    let claim = world.claim_one(WorkKind::DeleteTopic, 20).await;
    assert_eq!(world.perform(&claim, 2, 20).await, Progress::More);
    assert_eq!(world.work(WorkKind::DeleteTopic, 2, 20).await, 2);
    assert_eq!(world.claim(WorkKind::DeleteTopic, 1_000).await, []);
    world.is_sound().await;
}
