//! Accepting and cancelling notifications.

use vestnik_model::{
    AudienceRequest, DeliveryStatus, NotificationStatus, Reason, ReceiptKind, Warning,
};
use vestnik_rules::work::WorkKind;

use super::{
    Fixture,
    fact::{UNKNOWN, receipt},
    name::{
        EXPIRED, at, installation, installations, new, notification, shop, topic, topics, user,
        users,
    },
    world::{World, changed, due, grown, slice, spelled},
};
use crate::{ledger::WatchQuery, logs::LogSlice, publishing::PublishOutcome};

pub async fn a_user_is_reached_once_by_any_number_of_ways(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.topic("news", &["anna", "bert"]).await;
    world.topic("more", &["bert"]).await;
    let to = AudienceRequest {
        installations: vec![installation(1)],
        topics: vec![topic("news"), topic("more")],
        ..users(&["anna", "anna"])
    };
    world.publish(1, to).await;
    world.work(WorkKind::Expand, 1, 20).await;
    assert_eq!(world.deliveries(1).await.len(), 2);
    // Meant as a whole, she is not narrowed to one installation.
    let stretch = world.stretch("anna").await;
    assert_eq!(stretch.entries.len(), 1);
    assert_eq!(stretch.entries[0].candidate.only, None);
    assert_eq!(world.log("bert").await, ["1@1"]);
    world.is_sound().await;
}

pub async fn a_user_without_an_installation_has_it_in_the_log(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let accepted = world.publish(1, users(&["anna"])).await;
    assert_eq!(accepted.status, NotificationStatus::Error);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Undelivered);
    assert_eq!(delivery.reason, Some(Reason::DeviceNoneActive.into()));
    // A device that logs in later reads it, which proves it late.
    let session = world.login("anna", 1).await;
    assert_eq!(world.log("anna").await, ["1@1"]);
    let told = vec![receipt(1, ReceiptKind::Delivered, 60)];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    assert!(delivery.late && delivery.reason.is_none());
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    world.is_sound().await;
}

pub async fn single_installations_are_meant_alone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let meant = world.login("anna", 1).await;
    let other = world.login("anna", 2).await;
    world.login("bert", 3).await;
    // Unknown installations are answered like known ones.
    world.publish(1, installations(&[1, 3, 99])).await;
    assert_eq!(world.deliveries(1).await.len(), 2);
    let stretch = world.stretch("anna").await;
    let only = stretch.entries[0].candidate.only.clone();
    assert_eq!(only, Some(vec![installation(1)]));
    let told = || vec![receipt(1, ReceiptKind::Read, 60)];
    assert_eq!(world.report(&other, told()).await, [UNKNOWN]);
    assert_eq!(world.report(&meant, told()).await, ["stored"]);
    // That it was read is for the same installation only.
    let stretch = world.stretch("anna").await;
    let only = stretch.entries[1].candidate.only.clone();
    assert_eq!(only, Some(vec![installation(1)]));
    world.is_sound().await;
}

pub async fn excluded_users_get_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.topic("news", &["anna", "bert", "carla"]).await;
    let to = AudienceRequest {
        topics: vec![topic("news")],
        installations: vec![installation(1)],
        exclude_users: vec![user("anna"), user("carla"), user("nobody")],
        ..users(&["carla", "dora"])
    };
    world.publish(1, to).await;
    world.work(WorkKind::Expand, 2, 20).await;
    let mut reached: Vec<_> = world.deliveries(1).await.into_iter().collect();
    reached.sort_by(|one, other| one.user.cmp(&other.user));
    let reached: Vec<_> = reached.iter().map(|view| view.user.as_str()).collect();
    assert_eq!(reached, ["bert", "dora"]);
    assert_eq!(world.log("anna").await, [""; 0]);
    world.is_sound().await;
}

pub async fn an_audience_of_nobody_is_sent(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let to = AudienceRequest {
        exclude_users: vec![user("anna")],
        ..users(&["anna"])
    };
    let accepted = world.publish(1, to).await;
    assert_eq!(accepted.status, NotificationStatus::Sent);
    assert_eq!(accepted.warnings, [Warning::AudienceEmpty]);
    world.topic("news", &[]).await;
    let accepted = world.publish(2, topics(&["news"])).await;
    assert_eq!(accepted.status, NotificationStatus::Accepted);
    assert!(accepted.warnings.is_empty());
    world.work(WorkKind::Expand, 10, 20).await;
    let view = world.view(2).await;
    assert_eq!(view.status, NotificationStatus::Sent);
    assert_eq!(view.warnings, [Warning::AudienceEmpty]);
    let watch = WatchQuery {
        app: shop(),
        id: notification(2),
        after: None,
        limit: 9,
        now: at(20),
    };
    let watched = world.store.watched(watch).await.unwrap().unwrap();
    assert_eq!(watched.warnings, [Warning::AudienceEmpty]);
    world.is_sound().await;
}

pub async fn unknown_topics_are_named(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["anna"]).await;
    world.taken();
    let to = topics(&["news", "odd", "even"]);
    let outcome = world.store.publish(new(&shop(), 1, to)).await.unwrap();
    let PublishOutcome::UnknownTopics(mut unknown) = outcome else {
        panic!("not refused: {outcome:?}");
    };
    unknown.sort();
    assert_eq!(unknown, [topic("even"), topic("odd")]);
    let stored = world.store.notification(shop(), notification(1)).await;
    assert_eq!(stored.unwrap(), None);
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn what_was_not_handed_over_is_cancelled(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.login("bert", 2).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.hand_over(&session, 1, 50).await;
    world.taken();
    let cancel = |number, second| {
        let id = notification(number);
        world.store.cancel(shop(), id, at(second))
    };
    assert_eq!(cancel(1, 60).await, Ok(true));
    assert_eq!(changed(&world.taken(), 1).len(), 1);
    let (anna, bert) = (
        world.delivery(1, "anna").await,
        world.delivery(1, "bert").await,
    );
    assert_eq!(anna.status, DeliveryStatus::Sent);
    assert_eq!(bert.status, DeliveryStatus::Cancelled);
    assert_eq!(bert.reason, Some(Reason::CancelledSender.into()));
    assert_eq!(world.status(1).await, NotificationStatus::Cancelled);
    // Nobody is given it any more who did not have it.
    assert_eq!(world.log("anna").await, ["1@1"]);
    assert_eq!(world.log("bert").await, ["-@1"]);
    assert_eq!(cancel(1, 70).await, Ok(true));
    assert_eq!(changed(&world.taken(), 1).len(), 0);
    assert_eq!(cancel(9, 70).await, Ok(false));
    world.is_sound().await;
}

pub async fn a_cancelled_audience_is_not_expanded(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for number in 1..=5 {
        world.login(&format!("u{number}"), number).await;
    }
    world.topic("news", &["u1", "u2", "u3", "u4", "u5"]).await;
    world.publish(1, topics(&["news"])).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    world.perform(&claim, 2, 20).await;
    let cancelled = world.store.cancel(shop(), notification(1), at(30));
    assert_eq!(cancelled.await, Ok(true));
    world.work(WorkKind::Expand, 2, 30).await;
    assert_eq!(world.counts(1).await.cancelled, 2);
    assert_eq!(world.deliveries(1).await.len(), 2);
    assert_eq!(world.status(1).await, NotificationStatus::Cancelled);
    // It goes on to be deleted in time.
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    world
        .work(WorkKind::Retain, 10, super::name::FORGOTTEN)
        .await;
    let gone = world.store.notification(shop(), notification(1)).await;
    assert_eq!(gone.unwrap(), None);
    world.is_sound().await;
}

pub async fn a_failed_publish_changes_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    let effects = world.taken();
    assert_eq!(grown(&effects), [user("anna")].into());
    assert_eq!(due(&effects), [(WorkKind::Expire, EXPIRED)]);
    // The id is taken.
    let again = world.store.publish(new(&shop(), 1, users(&["bert"])));
    assert!(again.await.is_err());
    assert_eq!(world.taken(), []);
    assert_eq!(world.deliveries(1).await.len(), 1);
    let slice = LogSlice {
        user: user("bert"),
        ..slice("bert")
    };
    let stretch = world.store.read_log(slice).await.unwrap();
    let entries: Vec<_> = stretch.entries.iter().map(spelled).collect();
    assert_eq!(entries, [""; 0]);
    world.is_sound().await;
}
