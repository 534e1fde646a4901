//! Withdrawing notifications.

use vestnik_model::{DeliveryStatus, ReceiptKind};
use vestnik_rules::work::{Progress, WorkKind};

use super::{
    Fixture,
    fact::receipt,
    name::{EXPIRED, at, installation, installations, notification, shop, user, users},
    world::{World, due, grown},
};
use crate::ledger::{WatchQuery, Watched};

async fn recall(world: &World, number: u32, second: i64) -> bool {
    let recalled = world.store.recall(shop(), notification(number), at(second));
    recalled.await.unwrap()
}

async fn watched(world: &World) -> Watched {
    let watch = WatchQuery {
        app: shop(),
        id: notification(1),
        after: None,
        limit: 9,
        now: at(60),
    };
    world.store.watched(watch).await.unwrap().unwrap()
}

pub async fn a_recall_is_an_entry_of_each_log(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.login("bert", 2).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.hand_over(&session, 1, 50).await;
    world.taken();
    assert!(recall(&world, 1, 60).await);
    assert_eq!(due(&world.taken()), [(WorkKind::Recall, 60)]);
    // It is withheld at once.
    assert_eq!(world.log("anna").await, ["-@1"]);
    world.work(WorkKind::Recall, 10, 60).await;
    assert_eq!(grown(&world.taken()), ["anna", "bert"].map(user).into());
    for who in ["anna", "bert"] {
        assert_eq!(world.log(who).await, ["-@1", "1 recalled@2"]);
    }
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    let bert = world.delivery(1, "bert").await;
    assert_eq!(bert.status, DeliveryStatus::Cancelled);
    world.is_sound().await;
}

pub async fn a_recall_is_told_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, installations(&[1])).await;
    let read = vec![receipt(1, ReceiptKind::Delivered, 50)];
    world.report(&session, read).await;
    // A cancellation first is no obstacle.
    let cancelled = world.store.cancel(shop(), notification(1), at(55));
    assert_eq!(cancelled.await, Ok(true));
    let before = watched(&world).await;
    assert!(!before.is_recalled && !world.view(1).await.is_recalled);
    for second in [60, 61] {
        assert!(recall(&world, 1, second).await);
        // Who watches is told, though the counts are as before.
        let after = watched(&world).await;
        assert!(after.is_recalled && after.version > before.version);
        assert!(world.view(1).await.is_recalled);
        world.work(WorkKind::Recall, 10, second).await;
    }
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    // It is for the same installations as the notification.
    let stretch = world.stretch("anna").await;
    let only = stretch.entries[1].candidate.only.clone();
    assert_eq!(only, Some(vec![installation(1)]));
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    world.is_sound().await;
}

pub async fn a_recall_goes_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = ["a", "b", "c", "d", "e"];
    for (number, who) in (1..).zip(names) {
        world.login(who, number).await;
    }
    world.publish(1, users(&names)).await;
    assert!(recall(&world, 1, 60).await);
    let claim = world.claim_one(WorkKind::Recall, 60).await;
    assert_eq!(world.perform(&claim, 2, 60).await, Progress::More);
    assert!(world.work(WorkKind::Recall, 2, 60).await >= 2);
    for who in names {
        assert_eq!(world.log(who).await, ["-@1", "1 recalled@2"], "{who}");
    }
    world.is_sound().await;
}

pub async fn an_unknown_notification_is_not_recalled(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    assert!(!recall(&world, 1, 60).await);
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}
