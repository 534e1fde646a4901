//! Notifications whose time comes later.

use serde_json::{Value, json};
use vestnik_model::{DeliveryStatus, NotificationStatus, publish::Patch};
use vestnik_rules::work::{Progress, WorkKind};

use super::{
    Fixture,
    name::{
        ACCEPTED, EXPIRED, KEEP, TTL, at, bank, new, notification, schedule, scheduled, shop, users,
    },
    world::{World, changed, due, grown},
};
use crate::publishing::{Edit, EditOutcome, NewNotification, PublishOutcome};

/// The second to which notifications are scheduled.
const OPENS: i64 = 300;

async fn publish(world: &World, new: NewNotification) -> NotificationStatus {
    let outcome = world.store.publish(new).await.unwrap();
    let PublishOutcome::Accepted(accepted) = outcome else {
        panic!("not accepted: {outcome:?}");
    };
    accepted.status
}

async fn edit(world: &World, number: u32, patch: Value, second: i64) -> EditOutcome {
    let patch = Patch::parse(serde_json::from_value(patch).unwrap()).unwrap();
    let edit = Edit {
        app: shop(),
        id: notification(number),
        patch,
        now: at(second),
    };
    world.store.edit(edit).await.unwrap()
}

pub async fn a_scheduled_notification_waits_for_its_time(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    let status = publish(&world, scheduled(1, users(&["anna"]), OPENS)).await;
    assert_eq!(status, NotificationStatus::Scheduled);
    let effects = world.taken();
    assert_eq!(grown(&effects), [].into());
    assert_eq!(due(&effects), [(WorkKind::Expand, OPENS)]);
    let view = world.view(1).await;
    assert_eq!(view.legacy_status, "SCHEDULED");
    assert_eq!(view.opens_at, Some(at(OPENS)));
    let shown = view.schedule.unwrap();
    assert_eq!(shown.send_at, schedule(OPENS).send_at);
    assert_eq!(world.work(WorkKind::Expand, 10, OPENS - 1).await, 0);
    assert_eq!(world.deliveries(1).await, []);
    assert_eq!(world.work(WorkKind::Expand, 10, OPENS).await, 1);
    assert_eq!(world.status(1).await, NotificationStatus::Queued);
    assert_eq!(world.log("anna").await, ["1@1"]);
    world.is_sound().await;
}

pub async fn a_time_that_has_passed_is_at_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    let status = publish(&world, scheduled(1, users(&["anna"]), ACCEPTED)).await;
    assert_eq!(status, NotificationStatus::Queued);
    let view = world.view(1).await;
    assert_eq!(view.opens_at, None);
    assert_eq!(view.expires_at, at(EXPIRED));
    world.is_sound().await;
}

pub async fn a_life_counts_from_its_time(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    publish(&world, scheduled(1, users(&["anna"]), OPENS)).await;
    assert_eq!(world.view(1).await.expires_at, at(OPENS + TTL));
    world.work(WorkKind::Expand, 10, OPENS).await;
    let expires = OPENS + TTL;
    assert_eq!(world.work(WorkKind::Expire, 10, expires - 1).await, 0);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    world.work(WorkKind::Expire, 10, expires).await;
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Expired
    );
    assert_eq!(
        world.work(WorkKind::Retain, 10, expires + KEEP - 1).await,
        0
    );
    assert!(world.work(WorkKind::Retain, 10, expires + KEEP).await > 0);
    world.is_sound().await;
}

pub async fn what_is_cancelled_before_its_time_reaches_nobody(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    publish(&world, scheduled(1, users(&["anna"]), OPENS)).await;
    let cancelled = world.store.cancel(shop(), notification(1), at(20)).await;
    assert_eq!(cancelled, Ok(true));
    assert_eq!(world.status(1).await, NotificationStatus::Cancelled);
    world.work(WorkKind::Expand, 10, OPENS).await;
    world.work(WorkKind::Expire, 10, OPENS).await;
    assert_eq!(world.deliveries(1).await, []);
    assert_eq!(world.log("anna").await, [""; 0]);
    assert_eq!(world.status(1).await, NotificationStatus::Cancelled);
    let refused = edit(&world, 1, json!({"schedule": {}}), 30).await;
    assert_eq!(refused, EditOutcome::NotEditable);
    world.is_sound().await;
}

pub async fn what_is_scheduled_can_be_changed(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    publish(&world, scheduled(1, users(&["anna"]), OPENS)).await;
    world.taken();
    let patch = json!({"notification": {"title": "Order 2"}, "ttl_seconds": 60});
    assert_eq!(edit(&world, 1, patch, 20).await, EditOutcome::Edited);
    let effects = world.taken();
    assert_eq!(changed(&effects, 1).len(), 1, "a watch sees it");
    assert_eq!(due(&effects), [(WorkKind::Expand, OPENS)]);
    let view = world.view(1).await;
    assert_eq!(view.notification.title, "Order 2");
    assert_eq!(view.status, NotificationStatus::Scheduled);
    assert_eq!(view.expires_at, at(OPENS + 60));
    assert_eq!(view.accepted_at, at(ACCEPTED));
    world.work(WorkKind::Expand, 10, OPENS).await;
    let stretch = world.stretch("anna").await;
    let Some(vestnik_model::Entry::Notification(arrival)) = &stretch.entries[0].entry else {
        panic!("it is a notification");
    };
    assert_eq!(arrival.notification.title.as_str(), "Order 2");
    world.is_sound().await;
}

pub async fn a_changed_time_is_kept(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    publish(&world, scheduled(1, users(&["anna"]), OPENS)).await;
    let later = json!({"schedule": schedule(OPENS + 50)});
    assert_eq!(edit(&world, 1, later, 20).await, EditOutcome::Edited);
    assert_eq!(world.view(1).await.opens_at, Some(at(OPENS + 50)));
    assert_eq!(world.work(WorkKind::Expand, 10, OPENS + 49).await, 0);
    let at_once = json!({"schedule": {}});
    assert_eq!(edit(&world, 1, at_once, 30).await, EditOutcome::Edited);
    let view = world.view(1).await;
    assert_eq!((view.schedule, view.expires_at), (None, at(30 + TTL)));
    assert_eq!(world.work(WorkKind::Expand, 10, 30).await, 1);
    assert_eq!(world.log("anna").await, ["1@1"]);
    world.is_sound().await;
}

pub async fn an_old_claim_does_not_send_what_was_put_off(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    publish(&world, scheduled(1, users(&["anna"]), OPENS)).await;
    let claim = world.claim_one(WorkKind::Expand, OPENS).await;
    let later = json!({"schedule": schedule(OPENS + 50)});
    assert_eq!(edit(&world, 1, later, OPENS).await, EditOutcome::Edited);
    assert_eq!(world.perform(&claim, 10, OPENS).await, Progress::Lost);
    assert_eq!(world.deliveries(1).await, []);
    assert_eq!(world.work(WorkKind::Expand, 10, OPENS + 50).await, 1);
    world.is_sound().await;
}

pub async fn what_is_not_scheduled_stays_as_it_is(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    let patch = json!({"notification": {"title": "Other"}});
    assert_eq!(
        edit(&world, 1, patch.clone(), 20).await,
        EditOutcome::Unknown
    );
    world.publish(1, users(&["anna"])).await;
    assert_eq!(
        edit(&world, 1, patch.clone(), 20).await,
        EditOutcome::NotEditable
    );
    assert_eq!(world.view(1).await.notification.title, "Order 1");
    publish(&world, scheduled(2, users(&["anna"]), OPENS)).await;
    world.work(WorkKind::Expand, 10, OPENS).await;
    assert_eq!(
        edit(&world, 2, patch.clone(), OPENS).await,
        EditOutcome::NotEditable
    );
    // Another App's is unknown.
    world
        .store
        .publish(new(&bank(), 3, users(&["anna"])))
        .await
        .unwrap();
    assert_eq!(edit(&world, 3, patch, 20).await, EditOutcome::Unknown);
    world.is_sound().await;
}
