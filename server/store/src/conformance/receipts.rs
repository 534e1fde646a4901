//! Facts about deliveries.

use vestnik_model::{AttemptStatus, Channel, DeliveryStatus, Engagement, ParsedFact, ReceiptKind};
use vestnik_rules::{receipt::MAX_FACTS, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::{UNKNOWN, dropped, not_shown, receipt, reply},
    name::{ACCEPTED, EXPIRED, at, installation, shop, user, users},
    pushing,
    world::{World, changed, grown},
};

async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    world.taken();
    (world, session)
}

async fn status(world: &World) -> DeliveryStatus {
    world.delivery(1, "anna").await.status
}

pub async fn facts_raise_a_delivery(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    for (kind, second, expected) in [
        (ReceiptKind::Delivered, 40, DeliveryStatus::Delivered),
        (ReceiptKind::Displayed, 41, DeliveryStatus::Delivered),
        (ReceiptKind::Read, 42, DeliveryStatus::Read),
        (ReceiptKind::Clicked, 43, DeliveryStatus::Read),
    ] {
        let told = vec![receipt(1, kind, second)];
        assert_eq!(world.report(&session, told).await, ["stored"]);
        assert_eq!(status(&world).await, expected, "{kind}");
    }
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.delivered_at, Some(at(40)));
    assert_eq!(delivery.read_at, Some(at(42)));
    let engaged = [Engagement::Displayed, Engagement::Clicked];
    assert_eq!(delivery.engagement, engaged);
    let counts = world.counts(1).await;
    assert_eq!((counts.read, counts.total()), (1, 1));
    let named: Vec<_> = changed(&world.taken(), 1).concat();
    let statuses: Vec<_> = named.iter().map(|one| one.summary.status).collect();
    assert_eq!(statuses, [DeliveryStatus::Delivered, DeliveryStatus::Read]);
    let attempts = world.store.attempts(shop(), delivery.id).await;
    let attempt = attempts.unwrap().unwrap().remove(0);
    assert_eq!(attempt.installation_id, Some(installation(1)));
    assert_eq!(attempt.delivered_at, Some(at(40)));
    assert_eq!(attempt.read_at, Some(at(42)));
    world.is_sound().await;
}

pub async fn repetition_and_order_do_not_matter(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let told = || {
        vec![
            receipt(1, ReceiptKind::Read, 50),
            receipt(1, ReceiptKind::Displayed, 30),
            receipt(1, ReceiptKind::Delivered, 20),
        ]
    };
    assert_eq!(world.report(&session, told()).await, ["stored"; 3]);
    let once = world.delivery(1, "anna").await;
    world.taken();
    let last = world.store.last_event().await.unwrap();
    assert_eq!(world.report(&session, told()).await, ["duplicate"; 3]);
    assert_eq!(world.delivery(1, "anna").await, once);
    assert_eq!(once.delivered_at, Some(at(20)));
    assert_eq!(world.taken(), []);
    assert_eq!(world.store.last_event().await, Ok(last));
    // The other device tells the same in facts of its own.
    let other = world.login("anna", 2).await;
    assert_eq!(world.report(&other, told()).await, ["stored"; 3]);
    assert_eq!(world.delivery(1, "anna").await, once);
    world.is_sound().await;
}

pub async fn engagement_proves_delivery(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    for told in [
        receipt(1, ReceiptKind::Dismissed, 40),
        receipt(1, ReceiptKind::Actioned, 41),
    ] {
        assert_eq!(world.report(&session, vec![told]).await, ["stored"]);
        assert_eq!(status(&world).await, DeliveryStatus::Delivered);
    }
    let engaged = [Engagement::Actioned, Engagement::Dismissed];
    assert_eq!(world.delivery(1, "anna").await.engagement, engaged);
    world.is_sound().await;
}

/// The content never reached the device: the attempt stays unconfirmed.
pub async fn a_push_that_was_dropped_proves_nothing(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.hand_over(&session, 1, 50).await;
    for (id, reason) in [
        ("d", "decrypt.unknown_key"),
        ("o", "owner.mismatch_dropped"),
    ] {
        let told = vec![dropped(id, 1, reason)];
        assert_eq!(world.report(&session, told).await, ["stored"]);
        let again = vec![dropped(id, 1, reason)];
        assert_eq!(world.report(&session, again).await, ["duplicate"]);
    }
    assert_eq!(status(&world).await, DeliveryStatus::Sent);
    let delivery = world.delivery(1, "anna").await.id;
    let attempts = world.store.attempts(shop(), delivery).await;
    let attempt = attempts.unwrap().unwrap().remove(0);
    assert_eq!(
        (attempt.status, attempt.delivered_at),
        (AttemptStatus::Sent.into(), None)
    );
    // It was not shown, but it is there.
    let told = vec![not_shown("n", 1)];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    assert_eq!(status(&world).await, DeliveryStatus::Delivered);
    world.is_sound().await;
}

/// The push failed, and the device found the notification in its log.
pub async fn a_receipt_confirms_no_push_that_failed(fixture: &impl Fixture) {
    let (world, session) = pushing::begin(fixture).await;
    world.publish(1, users(&["anna"])).await;
    let begun = pushing::dispatch(&world, 20).await;
    let lost = pushing::tried(&begun[0], 20, pushing::dead(None));
    pushing::settle(&world, 21, lost).await;
    let told = vec![receipt(1, ReceiptKind::Read, 30)];
    assert_eq!(world.report(&session, told).await, ["stored"]);
    assert_eq!(status(&world).await, DeliveryStatus::Read);
    let mut attempts = pushing::standing(&world, 1, "anna").await;
    attempts.sort_unstable();
    let expected = [
        (Channel::Hub, AttemptStatus::Read),
        (Channel::Fcm, AttemptStatus::Failed),
    ];
    assert_eq!(attempts, expected);
    world.is_sound().await;
}

pub async fn unknown_notifications_are_refused_alone(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.publish(2, users(&["bert"])).await;
    let told = vec![
        receipt(9, ReceiptKind::Read, 50),
        receipt(1, ReceiptKind::Read, 50),
        receipt(2, ReceiptKind::Read, 50),
        not_shown("n", 1),
    ];
    let results = world.report(&session, told).await;
    assert_eq!(results, [UNKNOWN, "stored", UNKNOWN, "stored"]);
    assert_eq!(world.counts(2).await.undelivered, 1);
    // What was refused is not remembered as stored.
    let again = vec![receipt(9, ReceiptKind::Read, 50)];
    assert_eq!(world.report(&session, again).await, [UNKNOWN]);
    world.is_sound().await;
}

pub async fn a_fact_of_another_installation_is_refused(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let bert = world.login("bert", 2).await;
    let told = || vec![receipt(1, ReceiptKind::Read, 50)];
    assert_eq!(world.report(&bert, told()).await, [UNKNOWN]);
    // Somebody else takes the device over: what it tells is no news of the former user's.
    let taken_over = world.login("bert", 1).await;
    assert_eq!(world.report(&taken_over, told()).await, [UNKNOWN]);
    assert_eq!(status(&world).await, DeliveryStatus::Pending);
    world.is_sound().await;
}

pub async fn times_are_clamped(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let told = vec![
        receipt(1, ReceiptKind::Read, 5_000),
        receipt(1, ReceiptKind::Delivered, -5_000),
    ];
    assert_eq!(world.report(&session, told).await, ["stored"; 2]);
    let delivery = world.delivery(1, "anna").await;
    // Not after the report, not before the notification.
    assert_eq!(delivery.read_at, Some(at(100)));
    assert_eq!(delivery.delivered_at, Some(at(ACCEPTED)));
    world.is_sound().await;
}

pub async fn late_facts_beat_negative_ends(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.publish(2, users(&["anna"])).await;
    world.hand_over(&session, 2, 50).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    assert_eq!(status(&world).await, DeliveryStatus::Expired);
    assert_eq!(world.counts(2).await.unconfirmed, 1);
    let told = vec![
        receipt(1, ReceiptKind::Read, 90),
        receipt(2, ReceiptKind::Delivered, 90),
    ];
    let late = (None, EXPIRED + 5);
    let results = world.report_at(&session, told, late).await;
    assert_eq!(results.unwrap(), ["stored"; 2]);
    for (number, expected) in [(1, DeliveryStatus::Read), (2, DeliveryStatus::Delivered)] {
        let delivery = world.delivery(number, "anna").await;
        assert_eq!(delivery.status, expected);
        assert!(delivery.late && delivery.reason.is_none());
    }
    world.is_sound().await;
}

pub async fn replies_are_many_and_bounded(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let told: Vec<_> = (0..MAX_FACTS)
        .map(|number| reply(&format!("r{number}"), 1))
        .collect();
    let results = world.report(&session, told).await;
    assert!(results.iter().all(|result| result == "stored"));
    assert_eq!(status(&world).await, DeliveryStatus::Delivered);
    let more: Vec<ParsedFact> = vec![
        reply("more", 1),
        receipt(1, ReceiptKind::Read, 60),
        reply("r7", 1),
    ];
    let results = world.report(&session, more).await;
    assert_eq!(results, ["fact.too_large", "stored", "duplicate"]);
    assert_eq!(status(&world).await, DeliveryStatus::Read);
    world.is_sound().await;
}

pub async fn reading_is_told_once_to_other_devices(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let other = world.login("anna", 2).await;
    let told = vec![receipt(1, ReceiptKind::Read, 50)];
    assert_eq!(world.report(&session, told.clone()).await, ["stored"]);
    assert_eq!(grown(&world.taken()), [user("anna")].into());
    assert_eq!(world.log("anna").await, ["1@1", "1 read@2"]);
    assert_eq!(world.report(&other, told).await, ["stored"]);
    assert_eq!(world.log("anna").await, ["1@1", "1 read@2"]);
    assert_eq!(grown(&world.taken()), [].into());
    world.is_sound().await;
}

pub async fn an_ended_session_reports_nothing(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.login("anna", 1).await;
    world.taken();
    let told = vec![receipt(1, ReceiptKind::Read, 50)];
    let results = world.report_at(&session, told, (None, 100)).await;
    assert_eq!(results, None);
    assert_eq!(status(&world).await, DeliveryStatus::Pending);
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}
