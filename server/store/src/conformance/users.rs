//! The end of a user.

use vestnik_model::{Expansion, ReceiptKind};
use vestnik_rules::{explain::Findings, work::WorkKind};

use super::{
    Fixture,
    fact::receipt,
    name::{
        accepted_at, at, installation, new, notification, scheduled, shop, topic, topics, user,
        users,
    },
    world::{World, due, revoked},
};
use crate::{
    effect::{Cause, Revocation},
    ledger::FindingsQuery,
};

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
    let second = accepted_at(new(&shop(), 2, users(&["anna"])), 101);
    world.store.publish(second).await.unwrap();
    world.publish(3, topics(&["news"])).await;
    world.work(WorkKind::Expand, 10, 101).await;
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

/// When what is scheduled here is due: later than the erasure.
const OPENS: i64 = 300;
const DAY: i64 = 24 * 60 * 60;

async fn findings(world: &World, number: u32, who: &str) -> Findings {
    let asked = FindingsQuery {
        app: shop(),
        notification: notification(number),
        user: user(who),
        now: at(OPENS),
    };
    let found = world.store.findings(asked).await.unwrap();
    found.expect("there is such a notification")
}

pub async fn what_waits_is_not_for_who_has_the_name_next(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    world.topic("news", &["bert"]).await;
    let mut to = users(&["anna", "bert", "carl"]);
    to.topics = vec![topic("news")];
    world.store.publish(scheduled(1, to, OPENS)).await.unwrap();
    assert!(world.erase("anna").await);
    assert!(world.erase("bert").await);
    // Other people take the names; one of them joins the topic, and is meant by that alone.
    world.login("anna", 2).await;
    world.subscribe("news", "bert", true).await;
    world.work(WorkKind::EraseUser, 10, 100).await;
    world.work(WorkKind::Expand, 10, OPENS).await;
    let told = world.deliveries(1).await;
    let mut told: Vec<_> = told.iter().map(|view| view.user.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["bert", "carl"]);
    assert_eq!(world.log("anna").await, [""; 0]);
    assert_eq!(world.counts(1).await.total(), 2);
    let (anna, dora) = (
        findings(&world, 1, "anna").await,
        findings(&world, 1, "dora").await,
    );
    assert!(anna.notification.is_erased && anna.delivery.is_none());
    assert_eq!(anna.notification.expansion, Expansion::Done);
    assert!(!dora.notification.is_erased);
    assert!(!findings(&world, 1, "bert").await.notification.is_erased);
    // Who lists the name now means who has it now.
    let later = accepted_at(new(&shop(), 2, users(&["anna"])), 101);
    world.store.publish(later).await.unwrap();
    assert_eq!(world.log("anna").await, ["2@1"]);
    world.is_sound().await;
}

pub async fn a_name_is_nobodys_before_anything_is_known_of_it(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let waits = scheduled(1, users(&["anna"]), OPENS);
    world.store.publish(waits).await.unwrap();
    // The store has met the name in an audience only.
    assert!(!world.erase("anna").await);
    world.login("anna", 1).await;
    world.work(WorkKind::Expand, 10, OPENS).await;
    assert_eq!(world.deliveries(1).await, []);
    assert_eq!(world.log("anna").await, [""; 0]);
    let view = world.view(1).await;
    assert_eq!(view.counts.total(), 0);
    assert_eq!(view.warnings.len(), 1, "the audience was empty");
    world.is_sound().await;
}

pub async fn who_is_erased_between_two_parts_is_passed_over(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names: Vec<_> = (0..150).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    world.publish(1, users(&names)).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    world.perform(&claim, 10, 20).await;
    // One has a delivery, one would have been the next, and one comes later.
    assert!(world.erase("u0").await);
    for name in ["u10", "u77"] {
        world.erase(name).await;
        world.login(name, 1).await;
    }
    world.work(WorkKind::Expand, 10, 100).await;
    world.work(WorkKind::EraseUser, 10, 100).await;
    let view = world.view(1).await;
    assert_eq!(view.counts.total(), 147);
    let told = world.deliveries(1).await;
    assert_eq!(told.len(), 147);
    let is_erased = |name: &str| ["u0", "u10", "u77"].contains(&name);
    assert!(told.iter().all(|view| !is_erased(view.user.as_str())));
    world.is_sound().await;
}

pub async fn an_erasure_is_remembered_while_an_older_audience_waits(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let to = || users(&["anna"]);
    for (number, opens) in [(1, 3 * DAY), (2, 6 * DAY)] {
        let waits = scheduled(number, to(), opens);
        world.store.publish(waits).await.unwrap();
    }
    world.erase("anna").await;
    world.work(WorkKind::Sweep, 10, 2 * DAY).await;
    world.login("anna", 1).await;
    world.work(WorkKind::Expand, 10, 3 * DAY).await;
    assert_eq!(world.deliveries(1).await, []);
    world.work(WorkKind::Sweep, 10, 4 * DAY).await;
    assert!(findings(&world, 1, "anna").await.notification.is_erased);
    // What was cancelled waits for nothing.
    let cancelled = world.store.cancel(shop(), notification(2), at(4 * DAY));
    assert_eq!(cancelled.await, Ok(true));
    world.work(WorkKind::Sweep, 10, 5 * DAY).await;
    assert!(!findings(&world, 2, "anna").await.notification.is_erased);
    world.is_sound().await;
}
