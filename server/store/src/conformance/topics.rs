//! Topics and who is in them.

use vestnik_model::subscription::{Topic, TopicSettings};

use super::{
    Fixture,
    world::{at, bank, begin, make_topic, publish, shop, topic, topics, user},
};
use crate::SubscribeOutcome;

const CLOSED: TopicSettings = TopicSettings {
    self_subscribe: false,
};
const OPEN: TopicSettings = TopicSettings {
    self_subscribe: true,
};

pub async fn a_topic_counts_its_subscribers(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let names = ["anna".to_owned(), "boris".to_owned(), "anna".to_owned()];
    make_topic(&store, "news", &names).await;
    let expected = |self_subscribe, subscribers| Topic {
        name: topic("news"),
        self_subscribe,
        subscribers,
    };
    let view = || store.topic(shop(), topic("news"));
    assert_eq!(view().await, Ok(Some(expected(false, 2))));
    store.put_topic(shop(), topic("news"), OPEN).await.unwrap();
    assert_eq!(view().await, Ok(Some(expected(true, 2))));
    let leave = |name| store.unsubscribe(shop(), topic("news"), user(name));
    for name in ["anna", "anna", "nobody"] {
        assert_eq!(leave(name).await, Ok(true));
    }
    assert_eq!(view().await, Ok(Some(expected(true, 1))));
}

pub async fn users_join_open_topics_only(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.put_topic(shop(), topic("open"), OPEN).await.unwrap();
    store
        .put_topic(shop(), topic("closed"), CLOSED)
        .await
        .unwrap();
    for (name, by_self, expected) in [
        ("open", true, SubscribeOutcome::Subscribed),
        ("open", false, SubscribeOutcome::Subscribed),
        ("closed", true, SubscribeOutcome::Unavailable),
        ("closed", false, SubscribeOutcome::Subscribed),
        ("absent", true, SubscribeOutcome::Unavailable),
        ("absent", false, SubscribeOutcome::Unavailable),
    ] {
        let outcome = store.subscribe(shop(), topic(name), user("anna"), by_self);
        assert_eq!(outcome.await, Ok(expected), "{name} {by_self}");
    }
    let left = store.unsubscribe(shop(), topic("absent"), user("anna"));
    assert_eq!(left.await, Ok(false));
}

pub async fn a_deleted_topic_reaches_nobody(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    make_topic(&store, "news", &["anna".to_owned()]).await;
    let delete = || store.delete_topic(shop(), topic("news"));
    assert_eq!(delete().await, Ok(true));
    assert_eq!(delete().await, Ok(false));
    assert_eq!(publish(&*store, 1, topics(&["news"])).await, Vec::new());
    make_topic(&store, "news", &[]).await;
    assert_eq!(publish(&*store, 2, topics(&["news"])).await, Vec::new());
}

pub async fn topics_stay_within_their_app(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    make_topic(&store, "news", &["anna".to_owned()]).await;
    assert_eq!(store.topic(bank(), topic("news")).await, Ok(None));
    assert_eq!(store.delete_topic(bank(), topic("news")).await, Ok(false));
    let elsewhere = super::world::new(&bank(), 1, topics(&["news"]));
    store.publish(elsewhere).await.unwrap();
    let anna = store.head(bank(), user("anna")).await.unwrap();
    assert_eq!(anna.seq, 0);
}
