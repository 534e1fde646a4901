//! Database and life file set back together, as a volume snapshot does: they agree, so opening notices
//! nothing. A device's cursor does.

use std::fs;

use serde_json::json;
use uuid::Uuid;
use vestnik_clock::Clock as _;
use vestnik_model::{Cursor, NotificationId, Publication};
use vestnik_rules::log::Standing;
use vestnik_rules::session::Session;
use vestnik_store::{
    Logs as _, Operations as _, Publishing as _,
    logs::{Opened, Opening},
    publishing::{NewNotification, PublishOutcome},
};
use vestnik_store_sqlite::{Found, SqliteStore};

use crate::world::{World, app, open};

async fn publish(world: &World, store: &SqliteStore, number: u128) {
    let request = json!({"to": {"users": ["anna"]}, "notification": {"title": "hello"}});
    let request = serde_json::from_value(request).unwrap();
    let publication = Publication::parse(request).unwrap();
    let id = NotificationId::from_uuid(Uuid::from_u128(number));
    let new = NewNotification {
        app: app("shop"),
        notification: publication.accept(id, world.now()),
        publication,
        idempotency: None,
        keep: jiff::SignedDuration::from_hours(24),
        seed: world.clock.random(),
    };
    let accepted = store.publish(new).await.unwrap();
    assert!(
        matches!(accepted, PublishOutcome::Accepted(_)),
        "{accepted:?}"
    );
}

async fn greet(
    world: &World,
    store: &SqliteStore,
    session: &Session,
    cursor: Option<Cursor>,
) -> Opened {
    let opening = Opening {
        session: session.clone(),
        cursor,
        random: 77,
        now: world.now(),
    };
    store.open_log(opening).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_volume_that_is_set_back_is_noticed_by_a_devices_cursor() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    for number in 1..=4 {
        publish(&world, &world.store, number).await;
    }
    world.close().await;
    let snapshot = tempfile::tempdir().unwrap();
    for name in ["db.sqlite", "db.sqlite.life"] {
        fs::copy(world.beside(name), snapshot.path().join(name)).unwrap();
    }
    // Three more, which the device gets.
    let future = open(&world.path(), &world.clock, None).unwrap();
    for number in 5..=7 {
        publish(&world, &future, number).await;
    }
    let lost = greet(&world, &future, &anna, None).await.head;
    assert_eq!(lost.seq, 7);
    future.close().await;

    for name in ["db.sqlite", "db.sqlite.life"] {
        fs::copy(snapshot.path().join(name), world.beside(name)).unwrap();
    }
    let again = open(&world.path(), &world.clock, None).unwrap();
    assert_eq!(again.opening().found, Found::Same);
    // The new log overtakes the old cursor before the device returns.
    for number in 11..=15 {
        publish(&world, &again, number).await;
    }
    world.pass(24 * 3_600);
    let cursor = Cursor::parse(lost.to_string()).unwrap();
    let opened = greet(&world, &again, &anna, Some(cursor)).await;
    assert_ne!(opened.head.epoch, lost.epoch);
    assert_eq!(opened.head.seq, 9);
    assert_eq!(opened.standing, Standing::None);
    again.close().await;
}
