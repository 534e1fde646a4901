//! What a notification came to: its outcome, what is counted beside statuses, and its last event.

use vestnik_model::{
    Counts, NotificationStatus, Outcome, Publication, ReceiptKind, publish::ErrorPolicy,
};
use vestnik_rules::{
    settle::EVIDENCE,
    work::{WorkKind, days},
};

use super::{
    Fixture,
    events::told_since,
    fact::receipt,
    name::{EXPIRED, at, new, notification, shop, users},
    world::{World, due},
};
use crate::{
    effect::Told,
    publishing::{NewNotification, PublishOutcome},
};

const SETTLED: i64 = EXPIRED + EVIDENCE.as_secs();

async fn publish(world: &World, new: NewNotification) {
    let outcome = world.store.publish(new).await.unwrap();
    assert!(matches!(outcome, PublishOutcome::Accepted(_)));
}

pub async fn a_notification_is_settled_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.login("bert", 2).await;
    let new = NewNotification {
        keep: days(8),
        ..new(&shop(), 1, users(&["anna", "bert"]))
    };
    publish(&world, new).await;
    let told = vec![receipt(1, ReceiptKind::Delivered, 60)];
    world.report(&session, told).await;
    world.taken();
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    assert_eq!(due(&world.taken()), [(WorkKind::Settle, SETTLED)]);
    assert_eq!(world.work(WorkKind::Settle, 10, SETTLED - 1).await, 0);
    let view = world.view(1).await;
    assert_eq!(view.outcome, Some(Outcome::Partial.into()));
    assert_eq!(view.settled_at, None);
    let before = world.store.last_event().await.unwrap();
    assert_eq!(world.work(WorkKind::Settle, 10, SETTLED).await, 1);
    let counts = Counts {
        delivered: 1,
        expired: 1,
        ..Counts::default()
    };
    let told = Told::Settled {
        notification: notification(1),
        outcome: Outcome::Partial,
        counts,
    };
    assert_eq!(
        told_since(&world, before).await,
        std::slice::from_ref(&told)
    );
    let retained = EXPIRED + days(8).as_secs();
    assert_eq!(due(&world.taken()), [(WorkKind::Retain, retained)]);
    assert_eq!(world.view(1).await.settled_at, Some(at(SETTLED)));
    // What is reported even later is counted; what was told stays what it was.
    let late = vec![receipt(1, ReceiptKind::Read, 60)];
    let late = world.report_at(&session, late, (None, SETTLED + 9)).await;
    assert!(late.is_some());
    let view = world.view(1).await;
    assert_eq!((view.counts.read, view.settled_at), (1, Some(at(SETTLED))));
    assert_eq!(told_since(&world, before).await, [told]);
    assert_eq!(world.work(WorkKind::Settle, 10, SETTLED + 9).await, 0);
    world.is_sound().await;
    assert_eq!(world.work(WorkKind::Retain, 10, retained).await, 1);
    assert_eq!(told_since(&world, before).await, []);
    world.is_sound().await;
}

pub async fn what_is_counted_beside_statuses_goes_with_its_delivery(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let anna = world.login("anna", 1).await;
    let bert = world.login("bert", 2).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    for kind in [
        ReceiptKind::Displayed,
        ReceiptKind::Clicked,
        ReceiptKind::Actioned,
        ReceiptKind::Clicked,
    ] {
        world.report(&anna, vec![receipt(1, kind, 60)]).await;
    }
    let told = vec![receipt(1, ReceiptKind::Dismissed, 60)];
    world.report(&bert, told).await;
    let marked = |counts: Counts| (counts.late, counts.clicked);
    assert_eq!(marked(world.counts(1).await), (2, 1));
    world.is_sound().await;
    assert!(world.erase("anna").await);
    world.work(WorkKind::EraseUser, 10, 200).await;
    assert_eq!(marked(world.counts(1).await), (1, 0));
    world.is_sound().await;
}

/// One of three has no device.
pub async fn a_policy_says_what_is_an_error(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let sessions = [world.login("anna", 1).await, world.login("bert", 2).await];
    let policies = [ErrorPolicy::Any, ErrorPolicy::Majority, ErrorPolicy::All];
    let statuses = [
        NotificationStatus::Error,
        NotificationStatus::Sent,
        NotificationStatus::Sent,
    ];
    for (number, (policy, expected)) in (1..).zip(policies.into_iter().zip(statuses)) {
        let new = new(&shop(), number, users(&["anna", "bert", "nowhere"]));
        let publication = Publication {
            error_policy: policy,
            ..new.publication
        };
        publish(&world, NewNotification { publication, ..new }).await;
        for session in &sessions {
            world.hand_over(session, number, 50).await;
        }
        assert_eq!(world.status(number).await, expected, "{policy}");
        let view = world.view(number).await;
        assert_eq!(view.legacy_status, expected.legacy_status());
        assert_eq!((view.counts.undelivered, view.counts.sent), (1, 2));
        assert_eq!(view.outcome, Some(Outcome::None.into()));
    }
    world.is_sound().await;
}
