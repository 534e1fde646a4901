//! Receipts, hand-overs and what they make of a delivery.

use vestnik_model::{
    Counts, DeliveryId, DeliveryStatus, Engagement, ReceiptKind,
    view::{AttemptView, DeliveryView},
};

use super::{
    Fixture,
    world::{
        TTL_SECONDS, at, begin, counts, delivery_of, is_sound, login, notification, publish,
        receipt, report, shop, users,
    },
};
use crate::{HandOver, Session, Store};

async fn hand_over(store: &dyn Store, session: &Session, delivery: DeliveryId, second: i64) {
    let batch = vec![HandOver {
        delivery,
        installation: session.installation,
        at: at(second),
    }];
    store.hand_over(batch).await.unwrap();
}

async fn delivery(store: &dyn Store, id: DeliveryId) -> DeliveryView {
    store.delivery(shop(), id).await.unwrap().unwrap()
}

async fn attempts(store: &dyn Store, id: DeliveryId) -> Vec<AttemptView> {
    store.attempts(shop(), id).await.unwrap().unwrap()
}

pub async fn facts_raise_a_delivery(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let tablet = login(&*store, &shop(), "anna", 2).await;
    publish(&*store, 1, users(&["anna"])).await;
    let id = delivery_of(&*store, &phone, 1).await;
    assert_eq!(delivery(&*store, id).await.status, DeliveryStatus::Pending);
    hand_over(&*store, &phone, id, 10).await;
    hand_over(&*store, &tablet, id, 11).await;
    hand_over(&*store, &phone, id, 12).await;
    assert_eq!(delivery(&*store, id).await.status, DeliveryStatus::Sent);
    let outcome = report(&*store, &tablet, 1, (ReceiptKind::Delivered, 13)).await;
    assert_eq!(outcome.reported.accepted, 1);
    let changed = outcome.changes[0].delivery.clone().unwrap();
    assert_eq!(
        (changed.id, changed.status),
        (id, DeliveryStatus::Delivered)
    );
    report(&*store, &phone, 1, (ReceiptKind::Read, 14)).await;
    let view = delivery(&*store, id).await;
    assert_eq!(view.status, DeliveryStatus::Read);
    assert_eq!(
        (view.sent_at, view.delivered_at, view.read_at, view.late),
        (Some(at(10)), Some(at(13)), Some(at(14)), false)
    );
    let tries = attempts(&*store, id).await;
    let told: Vec<_> = tries
        .iter()
        .map(|one| (one.installation_id, one.started_at, one.status))
        .collect();
    let expected = [
        (phone.installation, at(10), DeliveryStatus::Read),
        (tablet.installation, at(11), DeliveryStatus::Delivered),
    ];
    assert_eq!(told, expected);
    is_sound(&*store).await;
}

pub async fn repetition_and_order_do_not_matter(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let facts = [
        (ReceiptKind::Delivered, 13),
        (ReceiptKind::Displayed, 14),
        (ReceiptKind::Read, 15),
        (ReceiptKind::Clicked, 16),
    ];
    let mut views = Vec::new();
    for (number, turn) in (1..).zip(0..facts.len()) {
        publish(&*store, number, users(&["anna"])).await;
        let mut course = facts;
        course.rotate_left(turn);
        for fact in course.iter().chain(&facts) {
            let outcome = report(&*store, &phone, number, *fact).await;
            assert_eq!(outcome.reported.accepted, 1);
        }
        let id = delivery_of(&*store, &phone, number).await;
        hand_over(&*store, &phone, id, 10).await;
        let view = delivery(&*store, id).await;
        views.push((
            view.status,
            view.engagement,
            view.delivered_at,
            view.read_at,
        ));
        assert_eq!(counts(&*store, number).await.total(), 1);
    }
    assert!(views.windows(2).all(|two| two[0] == two[1]), "{views:?}");
    assert_eq!(views[0].2, Some(at(13)));
    is_sound(&*store).await;
}

pub async fn engagement_proves_delivery(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    publish(&*store, 1, users(&["anna"])).await;
    report(&*store, &phone, 1, (ReceiptKind::Dismissed, 5)).await;
    report(&*store, &phone, 1, (ReceiptKind::Displayed, 4)).await;
    let id = delivery_of(&*store, &phone, 1).await;
    let view = delivery(&*store, id).await;
    assert_eq!(
        (view.status, view.read_at),
        (DeliveryStatus::Delivered, None)
    );
    assert_eq!(
        view.engagement,
        [Engagement::Displayed, Engagement::Dismissed]
    );
}

pub async fn unknown_receipts_are_named_by_position(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let anna = login(&*store, &shop(), "anna", 1).await;
    login(&*store, &shop(), "boris", 2).await;
    publish(&*store, 1, users(&["anna"])).await;
    publish(&*store, 2, users(&["boris"])).await;
    let receipts = [9, 1, 2, 1].map(|number| receipt(number, ReceiptKind::Delivered, 5));
    let outcome = store.report(anna, receipts.to_vec(), at(6)).await.unwrap();
    assert_eq!(outcome.reported.accepted, 2);
    assert_eq!(outcome.reported.unknown, [0, 2]);
    assert_eq!(outcome.changes.len(), 1);
    let waiting = Counts {
        pending: 1,
        ..Counts::default()
    };
    assert_eq!(counts(&*store, 2).await, waiting);
}

pub async fn the_future_is_not_reported(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    publish(&*store, 1, users(&["anna"])).await;
    let ahead = vec![receipt(1, ReceiptKind::Read, 9_999)];
    store.report(phone.clone(), ahead, at(20)).await.unwrap();
    let id = delivery_of(&*store, &phone, 1).await;
    assert_eq!(delivery(&*store, id).await.read_at, Some(at(20)));
}

pub async fn late_facts_beat_negative_ends(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    publish(&*store, 1, users(&["anna"])).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    publish(&*store, 2, users(&["anna"])).await;
    let expired = store.expire_due(at(TTL_SECONDS + 2), 10).await.unwrap();
    assert_eq!(expired.len(), 1);
    for number in [1, 2] {
        let id = delivery_of(&*store, &phone, number).await;
        assert!(delivery(&*store, id).await.reason.is_some());
        report(&*store, &phone, number, (ReceiptKind::Delivered, 2_000)).await;
        let view = delivery(&*store, id).await;
        assert_eq!(
            (view.status, view.reason),
            (DeliveryStatus::Delivered, None)
        );
        assert!(view.late);
        let expected = Counts {
            delivered: 1,
            ..Counts::default()
        };
        assert_eq!(counts(&*store, number).await, expected);
    }
    is_sound(&*store).await;
}

pub async fn what_is_gone_is_not_handed_over(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    let gone = HandOver {
        delivery: DeliveryId::from_uuid(uuid::Uuid::from_u128(404)),
        installation: phone.installation,
        at: at(5),
    };
    assert_eq!(store.hand_over(vec![gone.clone()]).await, Ok(Vec::new()));
    assert_eq!(store.delivery(shop(), gone.delivery).await, Ok(None));
    assert_eq!(store.attempts(shop(), gone.delivery).await, Ok(None));
    assert_eq!(store.notification(shop(), notification(1)).await, Ok(None));
}
