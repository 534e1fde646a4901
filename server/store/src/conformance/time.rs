//! What time does by itself: expiry and forgetting.

use vestnik_model::{Counts, DeliveryStatus, ReceiptKind};

use super::{
    Fixture,
    world::{
        TTL_SECONDS, at, begin, counts, delivery_of, first_page, hash, is_sound, log, login,
        make_topic, notification, publish, read, report, shop, topics, user, users,
    },
};
use crate::{Rotation, RotationOutcome};

pub async fn only_what_waits_expires(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let phone = login(&*store, &shop(), "anna", 1).await;
    publish(&*store, 1, users(&["anna", "nobody"])).await;
    publish(&*store, 2, users(&["anna"])).await;
    report(&*store, &phone, 2, (ReceiptKind::Delivered, 5)).await;
    let early = store.expire_due(at(TTL_SECONDS), 10).await;
    assert_eq!(early, Ok(Vec::new()));
    let changes = store.expire_due(at(TTL_SECONDS + 9), 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    let changed = changes[0].delivery.clone().unwrap();
    assert_eq!(changed.status, DeliveryStatus::Expired);
    assert_eq!(changed.id, delivery_of(&*store, &phone, 1).await);
    let again = store.expire_due(at(TTL_SECONDS + 9), 10).await;
    assert_eq!(again, Ok(Vec::new()));
    let expected = Counts {
        undelivered: 1,
        expired: 1,
        ..Counts::default()
    };
    assert_eq!(counts(&*store, 1).await, expected);
    is_sound(&*store).await;
}

pub async fn expiry_goes_in_parts(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    for number in 1..=5 {
        publish(&*store, number, users(&["anna"])).await;
    }
    let now = at(TTL_SECONDS + 9);
    for expected in [2, 2, 1, 0] {
        assert_eq!(store.expire_due(now, 2).await.unwrap().len(), expected);
    }
}

pub async fn forgetting_goes_in_parts(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let names: Vec<String> = (0..40).map(|n| format!("user-{n}")).collect();
    make_topic(&store, "news", &names).await;
    let phone = login(&*store, &shop(), "user-last", 1).await;
    make_topic(&store, "news", &["user-last".to_owned()]).await;
    publish(&*store, 1, topics(&["news"])).await;
    publish(&*store, 5, users(&["user-last"])).await;
    publish(&*store, 6, users(&["user-last"])).await;
    report(&*store, &phone, 5, (ReceiptKind::Read, 8)).await;
    let before = at(TTL_SECONDS + 6);
    let mut rounds = 0;
    while store.forget_before(before, 10).await.unwrap() > 0 {
        rounds += 1;
        // From the first round on nobody sees it, and what is left is consistent.
        assert_eq!(store.notification(shop(), notification(1)).await, Ok(None));
        let listed = store.notifications(shop(), first_page(10)).await.unwrap();
        assert_eq!(listed.data.len(), 1);
        let late = report(&*store, &phone, 1, (ReceiptKind::Delivered, 9)).await;
        assert_eq!(late.reported.unknown, [0]);
        is_sound(&*store).await;
    }
    assert!((4..10).contains(&rounds), "{rounds} rounds");
    assert_eq!(log(&*store, &phone).await, ["6@3"]);
    let page = read(&*store, &phone, None, 10).await;
    assert_eq!(page.cursor.seq, 4);
    assert_eq!(store.head(shop(), user("user-last")).await, Ok(page.cursor));
    publish(&*store, 7, users(&["user-last"])).await;
    assert_eq!(log(&*store, &phone).await, ["6@3", "7@5"]);
}

pub async fn forgotten_tokens_are_unknown(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    let rotation = || Rotation {
        presented: hash(1),
        next: hash(2),
        next_expires: at(300_000),
        now: at(200_000),
    };
    assert_eq!(store.rotate(rotation()).await, Ok(RotationOutcome::Expired));
    assert_eq!(store.forget_before(at(100_001), 10).await, Ok(1));
    assert_eq!(store.rotate(rotation()).await, Ok(RotationOutcome::Unknown));
}
