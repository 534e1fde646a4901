//! Events: numbered rows, emitted after the commit and in its order.

use vestnik_store::{Audiences as _, Effect, Operations as _, effect::Revocation};

use super::world::{World, start, to_topic, to_users, user};
use vestnik_rules::work::WorkKind;

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_the_order_of_their_numbers() {
    let world = std::sync::Arc::new(World::new().await);
    world.login("anna").await;
    let publishing: Vec<_> = (0..40)
        .map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move { world.publish(to_users(&["anna"])).await })
        })
        .collect();
    for publishing in publishing {
        publishing.await.unwrap();
    }
    let emitted = world.events.lock().unwrap().clone();
    let numbers: Vec<_> = emitted.iter().map(|event| event.number).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    // The feed has the same changes in the same order, without what stands in other tables.
    let stored = world.store.events(0, 1_000).await.unwrap();
    let changes: Vec<_> = emitted
        .into_iter()
        .filter(|event| matches!(event.effect, Effect::NotificationChanged { .. }))
        .collect();
    let stored: Vec<_> = stored
        .into_iter()
        .filter(|event| matches!(event.effect, Effect::NotificationChanged { .. }))
        .collect();
    assert_eq!(stored, changes);
    assert_eq!(stored.len(), 40);
}

#[tokio::test]
async fn a_revocation_is_an_event() {
    let world = World::new().await;
    world.login("anna").await;
    assert!(
        world
            .store
            .erase_user(world.app.clone(), user("anna"), start())
            .await
            .unwrap()
    );
    let events = world.store.events(0, 100).await.unwrap();
    let is_revoked = |effect: &Effect| {
        matches!(effect, Effect::Revoked(Revocation::User { user: erased } | Revocation::Session { user: erased, .. })
            if *erased == user("anna"))
    };
    assert!(
        events.iter().any(|event| is_revoked(&event.effect)),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_part_of_an_audience_is_one_event() {
    let world = World::new().await;
    let names: Vec<String> = (0..10).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.topic("news", &names).await;
    world.publish(to_topic("news")).await;
    let before = world.store.last_event().await.unwrap();
    assert_eq!(world.work(WorkKind::Expand, 5, start()).await, 3);
    let events = world.store.events(before, 100).await.unwrap();
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(world.store.last_event().await.unwrap(), before + 3);
}
