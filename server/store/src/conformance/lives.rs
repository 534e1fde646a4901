//! A notification's life: expanded, expired, deleted.

use vestnik_model::{DeliveryStatus, Flag, NotificationStatus, Reason, ReceiptKind};
use vestnik_rules::{
    log::{Place, Standing},
    session::Session,
    work::{Progress, WorkKind},
};

use super::{
    Fixture,
    fact::{UNKNOWN, flag, receipt},
    name::{EXPIRED, FORGOTTEN, at, notification, page, shop, topics, users},
    world::{World, changed, due},
};
use crate::{ledger::Confirmed, logs::Opening};

pub async fn a_notification_is_expanded_expired_and_deleted(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["anna", "bert"]).await;
    let session = world.login("anna", 1).await;
    world.publish(1, topics(&["news"])).await;
    world.work(WorkKind::Expand, 10, 20).await;
    let facts = vec![
        receipt(1, ReceiptKind::Read, 60),
        flag(1, Flag::Archived, (true, 5)),
    ];
    world.report(&session, facts).await;
    let delivery = world.delivery(1, "anna").await.id;
    world.taken();
    assert_eq!(world.work(WorkKind::Expire, 10, EXPIRED).await, 1);
    assert_eq!(due(&world.taken()), [(WorkKind::Retain, FORGOTTEN)]);
    assert_eq!(world.work(WorkKind::Retain, 10, FORGOTTEN - 1).await, 0);
    assert_eq!(world.work(WorkKind::Retain, 10, FORGOTTEN).await, 1);
    let id = notification(1);
    let view = world.store.notification(shop(), id).await.unwrap();
    assert_eq!(view, None);
    let list = world.store.deliveries(shop(), id, page(None, 9)).await;
    assert_eq!(list, Ok(None));
    assert_eq!(world.store.delivery(shop(), delivery).await, Ok(None));
    assert_eq!(world.store.attempts(shop(), delivery).await, Ok(None));
    let list = world.store.notifications(shop(), page(None, 9)).await;
    assert!(list.unwrap().data.is_empty());
    // Its entries are gone; the log goes on behind them.
    assert_eq!(world.log("anna").await, [""; 0]);
    assert_eq!(world.head("anna").await.seq, 3);
    let late = vec![receipt(1, ReceiptKind::Clicked, 60)];
    assert_eq!(world.report(&session, late).await, [UNKNOWN]);
    for kind in [WorkKind::Expand, WorkKind::Expire, WorkKind::Retain] {
        assert_eq!(world.store.next_due(kind).await, Ok(None), "{kind:?}");
    }
    world.is_sound().await;
}

pub async fn only_what_waits_expires(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let sessions = [
        world.login("pending", 1).await,
        world.login("delivered", 2).await,
        world.login("read", 3).await,
    ];
    let names = ["pending", "delivered", "read", "nowhere"];
    world.publish(1, users(&names)).await;
    let told = vec![receipt(1, ReceiptKind::Delivered, 50)];
    world.report(&sessions[1], told).await;
    let told = vec![receipt(1, ReceiptKind::Read, 50)];
    world.report(&sessions[2], told).await;
    world.taken();
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    // A part is one change, which names nobody.
    assert_eq!(changed(&world.taken(), 1), [vec![]]);
    for (who, expected) in [
        ("pending", DeliveryStatus::Expired),
        ("delivered", DeliveryStatus::Delivered),
        ("read", DeliveryStatus::Read),
        ("nowhere", DeliveryStatus::Undelivered),
    ] {
        let delivery = world.delivery(1, who).await;
        assert_eq!(delivery.status, expected, "{who}");
    }
    let expired = world.delivery(1, "pending").await;
    assert_eq!(expired.reason, Some(Reason::ExpiredTtl.into()));
    assert_eq!(world.status(1).await, NotificationStatus::Error);
    world.is_sound().await;
}

async fn handed_over(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    world.hand_over(&session, 1, 50).await;
    (world, session)
}

pub async fn what_was_not_confirmed_is_unconfirmed(fixture: &impl Fixture) {
    let (world, _) = handed_over(fixture).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(delivery.status, DeliveryStatus::Undelivered);
    assert_eq!(delivery.reason, Some(Reason::DeliveryUnconfirmed.into()));
    assert_eq!(world.counts(1).await.unconfirmed, 1);
    // The status follows the hand-over.
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    world.is_sound().await;
}

pub async fn a_later_place_is_evidence(fixture: &impl Fixture) {
    let (world, session) = handed_over(fixture).await;
    // It was handed over to both, and the other one confirms an earlier place only.
    let bert = world.login("bert", 2).await;
    world.publish(2, users(&["bert"])).await;
    world.publish(3, users(&["bert"])).await;
    world.hand_over(&bert, 3, 50).await;
    let place = world.head("anna").await;
    let earlier = world.stretch("bert").await.entries[0].candidate.place;
    let confirm = |session: &Session, place| Confirmed {
        session: session.clone(),
        place,
    };
    // What is confirmed is never taken back.
    let batch = vec![
        confirm(&session, place),
        confirm(&session, Place::start(place.epoch)),
        confirm(&bert, earlier),
    ];
    world.store.confirm(batch).await.unwrap();
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let confirmed = world.delivery(1, "anna").await;
    assert_eq!(confirmed.status, DeliveryStatus::Delivered);
    assert_eq!(world.counts(3).await.unconfirmed, 1);
    world.is_sound().await;
}

pub async fn a_cursor_with_a_report_is_evidence(fixture: &impl Fixture) {
    let (world, session) = handed_over(fixture).await;
    // A place of another history is none.
    let head = world.head("anna").await;
    let beyond = Place {
        seq: head.seq + 5,
        ..head
    };
    world.publish(2, users(&["anna"])).await;
    world.hand_over(&session, 2, 50).await;
    for cursor in [head.cursor(), beyond.cursor()] {
        let taken = world.report_at(&session, vec![], (Some(cursor), 60)).await;
        assert_eq!(taken, Some(vec![]));
    }
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let confirmed = world.delivery(1, "anna").await;
    assert_eq!(confirmed.status, DeliveryStatus::Delivered);
    assert_eq!(world.counts(2).await.unconfirmed, 1);
    world.is_sound().await;
}

pub async fn a_place_of_a_former_epoch_is_no_evidence(fixture: &impl Fixture) {
    let (world, session) = handed_over(fixture).await;
    let place = world.head("anna").await;
    let confirmed = Confirmed {
        session: session.clone(),
        place,
    };
    world.store.confirm(vec![confirmed]).await.unwrap();
    let beyond = Place {
        seq: place.seq + 1,
        ..place
    };
    let opening = Opening {
        session,
        cursor: Some(beyond.cursor()),
        random: 5,
        now: at(60),
    };
    let opened = world.store.open_log(opening).await.unwrap().unwrap();
    assert_ne!(opened.head.epoch, place.epoch);
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    assert_eq!(world.counts(1).await.unconfirmed, 1);
    world.is_sound().await;
}

pub async fn expiry_goes_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = ["a", "b", "c", "d", "e"];
    for (number, who) in (1..).zip(names) {
        world.login(who, number).await;
    }
    world.publish(1, users(&names)).await;
    let claim = world.claim_one(WorkKind::Expire, EXPIRED).await;
    assert_eq!(world.perform(&claim, 2, EXPIRED).await, Progress::More);
    let counts = world.counts(1).await;
    assert_eq!((counts.expired, counts.pending), (2, 3));
    assert!(world.work(WorkKind::Expire, 2, EXPIRED).await >= 2);
    assert_eq!(world.counts(1).await.expired, 5);
    assert_eq!(world.status(1).await, NotificationStatus::Expired);
    world.is_sound().await;
}

pub async fn deletion_goes_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names = ["a", "b", "c", "d", "e"];
    world.publish(1, users(&names)).await;
    world.publish(2, users(&names)).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    let claim = world.claim(WorkKind::Retain, FORGOTTEN).await.remove(0);
    assert_eq!(world.perform(&claim, 2, FORGOTTEN).await, Progress::More);
    // Nobody sees it from the first part on.
    let list = world.store.notifications(shop(), page(None, 9)).await;
    assert_eq!(list.unwrap().data.len(), 1);
    let mut seen = 0;
    for number in [1, 2] {
        let id = notification(number);
        let view = world.store.notification(shop(), id).await.unwrap();
        let list = world.store.deliveries(shop(), id, page(None, 9)).await;
        assert_eq!(view.is_some(), list.unwrap().is_some());
        seen += u32::from(view.is_some());
    }
    assert_eq!(seen, 1);
    world.work(WorkKind::Retain, 2, FORGOTTEN).await;
    for who in names {
        assert_eq!(world.log(who).await, [""; 0], "{who}");
    }
    world.is_sound().await;
}

pub async fn a_cursor_outlives_its_entry(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    let first = world.head("anna").await;
    world.publish(2, users(&["anna"])).await;
    world.work(WorkKind::Expire, 10, EXPIRED).await;
    world.work(WorkKind::Retain, 10, FORGOTTEN).await;
    let head = world.head("anna").await;
    assert_eq!(head.seq, 2);
    for place in [first, head] {
        let opening = Opening {
            session: session.clone(),
            cursor: Some(place.cursor()),
            random: 5,
            now: at(FORGOTTEN),
        };
        let opened = world.store.open_log(opening).await.unwrap().unwrap();
        assert_eq!(opened.standing, Standing::Known(place));
        assert_eq!(opened.head, head);
    }
    world.is_sound().await;
}

pub async fn nothing_expires_before_its_time(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    assert_eq!(world.claim(WorkKind::Expire, EXPIRED - 1).await, []);
    let next = world.store.next_due(WorkKind::Expire).await;
    assert_eq!(next, Ok(Some(at(EXPIRED))));
    assert_eq!(world.counts(1).await.pending, 1);
    world.is_sound().await;
}

/// A store may cancel many deliveries in parts. When their time runs out in between, each ends all the
/// same, as what the sender made of it.
pub async fn a_cancellation_and_an_expiry_miss_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names: Vec<_> = (1..=600).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let session = world.login("u1", 1).await;
    for (number, who) in (2..).zip(&names[1..]) {
        world.login(who, number).await;
    }
    for number in [1, 2] {
        world.publish(number, users(&names)).await;
        world.work(WorkKind::Expand, 1_000, 20).await;
        world.hand_over(&session, number, 50).await;
        let cancelled = world.store.cancel(shop(), notification(number), at(60));
        assert_eq!(cancelled.await, Ok(true));
        if number == 1 {
            // The rest is cancelled before the time runs out, that of the second one is not.
            world.work(WorkKind::Expire, 40, 61).await;
            assert_eq!(world.counts(1).await.cancelled, 599);
            assert_eq!(world.counts(1).await.sent, 1);
        }
    }
    world.work(WorkKind::Expire, 40, EXPIRED).await;
    for number in [1, 2] {
        let counts = world.counts(number).await;
        assert_eq!(counts.unconfirmed, 1, "{number}");
        assert_eq!((counts.cancelled, counts.expired), (599, 0), "{number}");
    }
    world.is_sound().await;
}
