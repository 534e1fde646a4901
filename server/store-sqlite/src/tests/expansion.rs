//! Expansion in parts, with crashes between them.

use vestnik_model::NotificationStatus;
use vestnik_rules::work::WorkKind;
use vestnik_store::{Audiences as _, Ledger as _, PageQuery};

use super::world::{World, after, start, to_topic, topic};

async fn with_topic(users: u32) -> World {
    let world = World::new().await;
    let names: Vec<String> = (0..users).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.topic("news", &names).await;
    world
}

#[tokio::test]
async fn a_crash_between_parts_repeats_and_loses_nothing() {
    let mut world = with_topic(20).await;
    let id = world.publish(to_topic("news")).await;
    let mut now = 0;
    loop {
        let claims = world.claim(WorkKind::Expand, after(now)).await;
        let Some(claim) = claims.into_iter().next() else {
            break;
        };
        world.perform(claim, 3, after(now)).await;
        world = world.crash();
        now += 1;
    }
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.counts.total(), 20);
    assert_eq!(world.log("user7", None).await.entries.len(), 1);
    world.check().await;
}

#[tokio::test]
async fn a_claim_that_dies_is_done_by_another_after_its_lease() {
    let world = with_topic(4).await;
    let id = world.publish(to_topic("news")).await;
    let dead = world.claim(WorkKind::Expand, start()).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(world.claim(WorkKind::Expand, after(29)).await, []);
    assert_eq!(world.work(WorkKind::Expand, 10, after(31)).await, 1);
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.counts.total(), 4);
}

#[tokio::test]
async fn publishing_to_a_topic_writes_no_delivery_by_itself() {
    let world = with_topic(4).await;
    let id = world.publish(to_topic("news")).await;
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (view.status, view.counts.total()),
        (NotificationStatus::Accepted, 0)
    );
}

#[tokio::test]
async fn a_topic_that_is_deleted_meanwhile_ends_the_audience() {
    let world = with_topic(6).await;
    let id = world.publish(to_topic("news")).await;
    let claim = world.claim(WorkKind::Expand, start()).await.remove(0);
    world.perform(claim, 2, start()).await;
    assert!(
        world
            .store
            .delete_topic(world.app.clone(), topic("news"), start())
            .await
            .unwrap()
    );
    world.work(WorkKind::Expand, 2, start()).await;
    assert_eq!(world.work(WorkKind::DeleteTopic, 4, start()).await, 2);
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.counts.total(), 2);
    assert_eq!(
        world
            .store
            .topic(world.app.clone(), topic("news"))
            .await
            .unwrap(),
        None
    );
    world.check().await;
}

#[tokio::test]
async fn deliveries_are_listed_page_by_page_and_found_by_their_ids() {
    let world = with_topic(7).await;
    let id = world.publish(to_topic("news")).await;
    world.work(WorkKind::Expand, 100, start()).await;
    let (mut listed, mut page) = (
        Vec::new(),
        PageQuery {
            after: None,
            limit: 3,
        },
    );
    loop {
        let list = world
            .store
            .deliveries(world.app.clone(), id, page.clone())
            .await
            .unwrap();
        let list = list.unwrap();
        assert!(list.data.len() <= 3);
        listed.extend(list.data);
        page.after = list.next_cursor.map(|cursor| cursor.parse().unwrap());
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 7);
    for view in listed {
        let found = world
            .store
            .delivery(world.app.clone(), view.id)
            .await
            .unwrap();
        assert_eq!(found, Some(view));
    }
}
