//! Withdrawing notifications.

use vestnik_model::{DeliveryStatus, ReceiptKind};
use vestnik_rules::{
    session::Session,
    work::{Progress, WorkKind},
};

use super::{
    Fixture,
    fact::receipt,
    name::{EXPIRED, FORGOTTEN, at, installation, installations, notification, shop, user, users},
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

/// A shop in which a notification to Anna ended for want of a device, and stands in her log all the same: her
/// phone reads it there, and then it is recalled.
async fn recalled_unnoticed(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["anna"])).await;
    let session = world.login("anna", 1).await;
    assert_eq!(world.log("anna").await, ["1@1"]);
    let ended = world.delivery(1, "anna").await.status;
    assert_eq!(ended, DeliveryStatus::Undelivered);
    assert!(recall(&world, 1, 60).await);
    world.work(WorkKind::Recall, 10, 60).await;
    // As far as is known, nobody has it.
    assert_eq!(world.log("anna").await, ["-@1"]);
    world.taken();
    (world, session)
}

pub async fn a_hand_over_that_is_noted_late_is_recalled(fixture: &impl Fixture) {
    let (world, session) = recalled_unnoticed(fixture).await;
    world.hand_over(&session, 1, 59).await;
    assert_eq!(grown(&world.taken()), [user("anna")].into());
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    world.hand_over(&session, 1, 61).await;
    let told = vec![receipt(1, ReceiptKind::Read, 62)];
    world.report(&session, told).await;
    let log = ["-@1", "1 recalled@2", "1 read@3"];
    assert_eq!(world.log("anna").await, log, "it is told once");
    world.is_sound().await;
    // The entry goes with its notification.
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    world.work(WorkKind::Retain, 10, FORGOTTEN).await;
    assert_eq!(world.log("anna").await, [""; 0]);
    world.is_sound().await;
}

/// The server died before it noted the hand-over.
pub async fn what_a_device_reports_after_a_recall_is_recalled(fixture: &impl Fixture) {
    let (world, session) = recalled_unnoticed(fixture).await;
    let other = world.login("anna", 2).await;
    let told = vec![receipt(1, ReceiptKind::Delivered, 59)];
    world.report(&session, told).await;
    assert_eq!(grown(&world.taken()), [user("anna")].into());
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    let told = vec![receipt(1, ReceiptKind::Delivered, 59)];
    world.report(&other, told).await;
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    world.is_sound().await;
}

/// What was read has left the screen and not the history.
pub async fn what_was_read_before_a_recall_leaves_the_history(fixture: &impl Fixture) {
    let (world, session) = recalled_unnoticed(fixture).await;
    let told = vec![receipt(1, ReceiptKind::Read, 59)];
    world.report(&session, told).await;
    let log = ["-@1", "1 read@2", "1 recalled@3"];
    assert_eq!(world.log("anna").await, log);
    world.is_sound().await;
}

pub async fn what_becomes_known_before_the_walk_is_recalled_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    assert!(recall(&world, 1, 60).await);
    world.hand_over(&session, 1, 59).await;
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    world.work(WorkKind::Recall, 10, 61).await;
    assert_eq!(world.log("anna").await, ["-@1", "1 recalled@2"]);
    world.is_sound().await;
}
