//! The end of a user.

use vestnik_model::ReceiptKind;
use vestnik_rules::work::WorkKind;

use super::{
    Fixture,
    fact::receipt,
    name::{at, installation, shop, topic, topics, user, users},
    world::{World, due, revoked},
};
use crate::effect::{Cause, Revocation};

pub async fn an_erased_user_is_gone_at_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.publish(1, users(&["anna", "bert"])).await;
    world.taken();
    assert!(world.erase("anna").await);
    let effects = world.taken();
    let told = revoked(&effects);
    let ended = Revocation::Session {
        installation: installation(1),
        user: user("anna"),
        generation: session.generation,
        cause: Cause::UserRevoked,
    };
    assert!(told.contains(&ended), "{told:?}");
    assert!(told.contains(&Revocation::User { user: user("anna") }));
    assert_eq!(due(&effects), [(WorkKind::EraseUser, 100)]);
    let left = world.store.session(shop(), installation(1)).await;
    assert_eq!(left, Ok(None));
    assert_eq!(world.log("anna").await, [""; 0]);
    assert!(!world.erase("anna").await);
    world.work(WorkKind::EraseUser, 10, 100).await;
    world.is_sound().await;
}

pub async fn an_erased_user_is_deleted_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    for name in ["a", "b", "c"] {
        world.topic(name, &["anna", "bert"]).await;
    }
    for number in 1..=5 {
        world.publish(number, users(&["anna", "bert"])).await;
    }
    world.hand_over(&session, 1, 50).await;
    let read = vec![receipt(2, ReceiptKind::Read, 60)];
    world.report(&session, read).await;
    assert!(world.erase("anna").await);
    let parts = world.work(WorkKind::EraseUser, 2, 100).await;
    assert!(parts >= 3, "{parts}");
    for number in 1..=5 {
        let left = world.deliveries(number).await;
        assert_eq!(left.len(), 1, "{number}");
        assert_eq!(world.counts(number).await.total(), 1);
    }
    for name in ["a", "b", "c"] {
        let left = world.store.topic(shop(), topic(name)).await.unwrap();
        assert_eq!(left.unwrap().subscribers, 1);
    }
    // What she read was no news to others.
    assert_eq!(world.log("bert").await.len(), 5);
    world.is_sound().await;
}

pub async fn an_erased_name_is_free(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("news", &["anna", "bert"]).await;
    world.login("anna", 1).await;
    world.publish(1, users(&["anna"])).await;
    assert!(world.erase("anna").await);
    // Another person takes the name before the parts are done.
    let session = world.login("anna", 2).await;
    assert_eq!(world.log("anna").await, [""; 0]);
    world.publish(2, users(&["anna"])).await;
    world.publish(3, topics(&["news"])).await;
    world.work(WorkKind::Expand, 10, 100).await;
    world.work(WorkKind::EraseUser, 1, 100).await;
    assert_eq!(world.log("anna").await, ["2@1"]);
    assert_eq!(world.deliveries(3).await.len(), 1);
    let told = vec![
        receipt(1, ReceiptKind::Read, 60),
        receipt(2, ReceiptKind::Read, 60),
    ];
    let told = world.report(&session, told).await;
    assert_eq!(told, [super::fact::UNKNOWN, "stored"]);
    assert!(
        world
            .store
            .session(shop(), installation(2))
            .await
            .unwrap()
            .is_some()
    );
    world.is_sound().await;
}

pub async fn an_unknown_user_is_not_erased(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let erased = world.store.erase_user(shop(), user("nobody"), at(100));
    assert_eq!(erased.await, Ok(false));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}
