//! Lists, single views, and what a watch needs.

use jiff::SignedDuration;
use vestnik_model::{DeliveryStatus, NotificationStatus, ReceiptKind};

use super::{
    Fixture,
    fact::receipt,
    name::{
        EXPIRED, FORGOTTEN, KEEP, at, new, notification, number_of, page, shop, topics, user, users,
    },
    world::World,
};
use crate::{
    ledger::{WatchQuery, Watched},
    publishing::NewNotification,
};
use vestnik_rules::{settle::EVIDENCE, work::WorkKind};

async fn watched(world: &World, after: Option<u64>, limit: u32) -> Watched {
    watched_at(world, after, (limit, 200)).await
}

async fn watched_at(world: &World, after: Option<u64>, (limit, second): (u32, i64)) -> Watched {
    let watch = WatchQuery {
        app: shop(),
        id: notification(1),
        after,
        limit,
        now: at(second),
    };
    world.store.watched(watch).await.unwrap().unwrap()
}

fn named(watched: &Watched) -> Vec<&str> {
    let changes = watched.deliveries.iter();
    changes.map(|change| change.user.as_str()).collect()
}

pub async fn notifications_come_newest_first_in_pages(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for number in 1..=5 {
        world.publish(number, users(&["anna"])).await;
    }
    let mut after: Option<String> = None;
    let mut pages = Vec::new();
    loop {
        let asked = page(after.as_deref(), 2);
        let list = world.store.notifications(shop(), asked).await.unwrap();
        let numbers: Vec<_> = list.data.iter().map(|view| number_of(view.id)).collect();
        pages.push(numbers);
        after = list.next_cursor;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec![5, 4], vec![3, 2], vec![1]]);
    let view = world.view(3).await;
    assert_eq!(view.external_id.as_deref(), Some("order-3"));
    assert_eq!(view.notification.title, "Order 3");
    assert_eq!(view.legacy_status, "ERROR");
    world.is_sound().await;
}

pub async fn deliveries_come_in_pages(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["a", "b", "c", "d", "e"])).await;
    world.publish(2, users(&["a", "b"])).await;
    let mut after: Option<String> = None;
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let asked = page(after.as_deref(), 2);
        let list = world.store.deliveries(shop(), notification(1), asked);
        let list = list.await.unwrap().unwrap();
        assert!(list.data.len() <= 2);
        found.extend(list.data.into_iter().map(|view| view.user));
        pages += 1;
        after = list.next_cursor;
        if after.is_none() {
            break;
        }
    }
    found.sort();
    assert_eq!(found, ["a", "b", "c", "d", "e"].map(user));
    assert_eq!(pages, 3);
    let unknown = world
        .store
        .deliveries(shop(), notification(9), page(None, 9));
    assert_eq!(unknown.await, Ok(None));
    world.is_sound().await;
}

pub async fn a_page_goes_on_behind_what_is_gone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["a", "b", "c", "d", "e"])).await;
    let deliveries = async |after: Option<String>| {
        let asked = page(after.as_deref(), 2);
        let list = world.store.deliveries(shop(), notification(1), asked);
        let list = list.await.unwrap().unwrap();
        let names: Vec<_> = list.data.into_iter().map(|view| view.user).collect();
        (names, list.next_cursor)
    };
    let (first, cursor) = deliveries(None).await;
    let last = first.last().unwrap().clone();
    assert!(world.erase(last.as_str()).await);
    // The user has a row without a name at first, and then none.
    let named = deliveries(cursor.clone()).await;
    assert_eq!((named.0.len(), named.1.is_some()), (2, true));
    world.work(WorkKind::EraseUser, 100, 100).await;
    assert_eq!(deliveries(cursor).await, named);
    let (end, cursor) = deliveries(named.1.clone()).await;
    assert_eq!((end.len(), cursor), (1, None));
    let mut all = [first, named.0, end].concat();
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d", "e"].map(user));
    world.is_sound().await;
}

pub async fn a_page_of_notifications_goes_on_behind_one_that_is_gone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    // A later one can have a lower id: two that were accepted at the same time.
    for number in [2, 4, 5, 1, 3] {
        let keep = if number == 1 { KEEP - 100 } else { KEEP };
        let new = NewNotification {
            keep: SignedDuration::from_secs(keep),
            ..new(&shop(), number, users(&["anna"]))
        };
        world.store.publish(new).await.unwrap();
    }
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let notifications = async |after: Option<String>| {
        let asked = page(after.as_deref(), 2);
        let list = world.store.notifications(shop(), asked).await.unwrap();
        let numbers: Vec<_> = list.data.iter().map(|view| number_of(view.id)).collect();
        (numbers, list.next_cursor)
    };
    let (first, cursor) = notifications(None).await;
    assert_eq!(first, [3, 1]);
    assert_eq!(world.work(WorkKind::Retain, 10, FORGOTTEN - 1).await, 1);
    let (second, cursor) = notifications(cursor).await;
    assert_eq!(second, [5, 4]);
    assert_eq!(notifications(cursor).await, (vec![2], None));
    world.is_sound().await;
}

pub async fn a_delivery_is_found_by_its_id(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.publish(2, users(&["anna"])).await;
    for view in world.deliveries(1).await {
        let found = world.store.delivery(shop(), view.id).await;
        assert_eq!(found.unwrap(), Some(view));
    }
    let (first, second) = (
        world.delivery(1, "anna").await,
        world.delivery(2, "anna").await,
    );
    assert_ne!(first.id, second.id);
    assert_eq!(first.notification_id, notification(1));
    let none = world.store.attempts(shop(), first.id).await;
    assert_eq!(none, Ok(Some(vec![])));
    world.hand_over(&session, 1, 50).await;
    let one = world.store.attempts(shop(), first.id).await.unwrap();
    assert_eq!(one.unwrap().len(), 1);
    let none = world.store.attempts(shop(), second.id).await;
    assert_eq!(none, Ok(Some(vec![])));
    world.is_sound().await;
}

pub async fn a_watch_goes_on_behind_a_version(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let anna = world.login("anna", 1).await;
    let bert = world.login("bert", 2).await;
    world.publish(1, users(&["anna", "bert"])).await;
    let first = watched(&world, None, 9).await;
    assert_eq!(first.status, NotificationStatus::Queued);
    assert_eq!((first.counts.pending, named(&first).len()), (2, 0));
    assert!(!first.is_over);
    world.hand_over(&anna, 1, 50).await;
    world.hand_over(&bert, 1, 51).await;
    let second = watched(&world, Some(first.version), 9).await;
    assert!(second.version > first.version);
    assert_eq!(named(&second), ["anna", "bert"]);
    let told = vec![receipt(1, ReceiptKind::Read, 60)];
    world.report(&anna, told).await;
    let third = watched(&world, Some(second.version), 9).await;
    assert_eq!(named(&third), ["anna"]);
    assert_eq!(third.deliveries[0].status, DeliveryStatus::Read);
    assert_eq!(third.deliveries[0].id, world.delivery(1, "anna").await.id);
    assert_eq!(third.counts, world.counts(1).await);
    let none = watched(&world, Some(third.version), 9).await;
    assert_eq!((none.version, named(&none).len()), (third.version, 0));
    let unknown = WatchQuery {
        app: shop(),
        id: notification(9),
        after: None,
        limit: 9,
        now: at(200),
    };
    assert_eq!(world.store.watched(unknown).await, Ok(None));
    world.is_sound().await;
}

pub async fn a_watch_names_the_latest_changes(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = ["a", "b", "c", "d"];
    let mut sessions = Vec::new();
    for (number, who) in (1..).zip(names) {
        sessions.push(world.login(who, number).await);
    }
    world.publish(1, users(&names)).await;
    let version = watched(&world, None, 9).await.version;
    for session in &sessions {
        world.hand_over(session, 1, 50).await;
    }
    // One that changed again is named once, where it changed last.
    let told = vec![receipt(1, ReceiptKind::Delivered, 60)];
    world.report(&sessions[1], told).await;
    let whole = watched(&world, Some(version), 9).await;
    assert_eq!(named(&whole), ["a", "c", "d", "b"]);
    assert_eq!(whole.deliveries[3].status, DeliveryStatus::Delivered);
    let latest = watched(&world, Some(version), 2).await;
    assert_eq!(named(&latest), ["d", "b"]);
    assert_eq!(latest.version, whole.version);
    world.is_sound().await;
}

pub async fn a_watch_of_what_was_read_is_over(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.topic("news", &["anna"]).await;
    world.publish(1, topics(&["news"])).await;
    assert!(!watched(&world, None, 9).await.is_over);
    world.work(WorkKind::Expand, 9, 20).await;
    assert!(!watched(&world, None, 9).await.is_over);
    let second = EXPIRED + EVIDENCE.as_secs();
    assert!(watched_at(&world, None, (9, second)).await.is_over);
    let told = vec![receipt(1, ReceiptKind::Read, 60)];
    world.report(&session, told).await;
    assert!(watched(&world, None, 9).await.is_over);
    world.is_sound().await;
}
