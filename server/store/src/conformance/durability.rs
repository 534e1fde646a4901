//! What outlives the store that is open.

use vestnik_model::ReceiptKind;
use vestnik_rules::{
    log::Standing,
    session::Session,
    work::{Progress, WorkKind},
};

use super::{
    Fixture,
    fact::receipt,
    name::{at, keyed, notification, topics, users},
    world::World,
};
use crate::{logs::Opening, operations::Secrets, publishing::PublishOutcome, work::FailedWork};

/// Does something of each kind.
async fn live(world: &World) -> Session {
    let secrets = Secrets {
        access: [1; 32],
        refresh: [2; 32],
    };
    world.store.secrets(secrets).await.unwrap();
    let session = world.login("anna", 1).await;
    world.topic("news", &["anna", "bert", "carla"]).await;
    world.store.publish(keyed(1, "k", 7, 9_000)).await.unwrap();
    world.publish(2, topics(&["news"])).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    world.perform(&claim, 2, 20).await;
    let told = vec![receipt(1, ReceiptKind::Read, 60)];
    world.report(&session, told).await;
    session
}

/// Everything is as it was, and the same log goes on.
async fn is_kept(world: &World, session: &Session, before: &vestnik_rules::log::Place) {
    world.is_sound().await;
    let other = Secrets {
        access: [8; 32],
        refresh: [9; 32],
    };
    let kept = world.store.secrets(other).await.unwrap();
    assert_eq!((kept.access, kept.refresh), ([1; 32], [2; 32]));
    let opening = Opening {
        session: session.clone(),
        cursor: Some(before.cursor()),
        random: 3,
        now: at(100),
    };
    let opened = world.store.open_log(opening).await.unwrap().unwrap();
    assert_eq!(opened.standing, Standing::Known(*before));
    assert_eq!(world.counts(1).await.read, 1);
    let again = world.store.publish(keyed(9, "k", 7, 9_000)).await.unwrap();
    let PublishOutcome::Replayed(accepted) = again else {
        panic!("not recognised: {again:?}");
    };
    assert_eq!(accepted.id, notification(1));
    let told = vec![receipt(1, ReceiptKind::Read, 60)];
    assert_eq!(world.report(session, told).await, ["duplicate"]);
}

pub async fn what_was_answered_survives_closing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = live(&world).await;
    let before = world.head("anna").await;
    world.store.close().await;
    let world = world.reopened(fixture, 90);
    is_kept(&world, &session, &before).await;
}

pub async fn what_was_answered_survives_a_drop(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = live(&world).await;
    let before = world.head("anna").await;
    let world = world.reopened(fixture, 90);
    is_kept(&world, &session, &before).await;
}

pub async fn work_goes_on_after_a_drop(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    live(&world).await;
    // Somebody held the row when the process ended.
    let lost = world.claim_one(WorkKind::Expand, 21).await;
    let world = world.reopened(fixture, 21);
    // Nobody waits for the lease of a process that is gone, and its claim does nothing any more.
    assert_eq!(world.perform(&lost, 10, 22).await, Progress::Lost);
    let next = world.claim_one(WorkKind::Expand, 22).await;
    assert_eq!(next.id, lost.id);
    assert!(next.fence > lost.fence);
    assert_eq!(world.perform(&lost, 10, 22).await, Progress::Lost);
    assert_eq!(world.claim(WorkKind::Expand, 23).await, []);
    assert_eq!(world.perform(&next, 10, 23).await, Progress::Finished);
    assert_eq!(world.deliveries(2).await.len(), 3);
    assert_eq!(world.log("carla").await, ["2@1"]);
    world.is_sound().await;
}

pub async fn a_failed_row_backs_off_over_a_drop(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    live(&world).await;
    let failed = world.claim_one(WorkKind::Expand, 21).await;
    let failure = FailedWork {
        claim: failed.clone(),
        due: at(200),
        error: "it cannot be read".to_owned(),
    };
    assert_eq!(world.store.put_back(failure).await, Ok(true));
    let world = world.reopened(fixture, 21);
    assert_eq!(world.claim(WorkKind::Expand, 199).await, []);
    assert_eq!(world.claim_one(WorkKind::Expand, 200).await.tries, 1);
    world.is_sound().await;
}

pub async fn event_numbers_go_on(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    live(&world).await;
    let last = world.store.last_event().await.unwrap();
    let rows = world.store.events(0, 1_000).await.unwrap();
    let world = world.reopened(fixture, 21);
    assert_eq!(world.store.last_event().await, Ok(last));
    assert_eq!(world.store.events(0, 1_000).await.unwrap(), rows);
    world.publish(3, users(&["anna"])).await;
    assert!(world.store.last_event().await.unwrap() > last);
    world.is_sound().await;
}
