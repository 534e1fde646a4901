//! Work: leases, fences, turns.

use jiff::SignedDuration;
use vestnik_model::AppId;
use vestnik_rules::work::{Claim, EVENTS_KEPT, Progress, WorkKind};

use super::{
    Fixture,
    name::{at, bank, shop, topics, users},
    world::World,
};
use crate::work::{Backlog, ClaimQuery, FailedWork};

/// Publishes to a topic of five, so that a row of work is due.
async fn begin(fixture: &impl Fixture) -> World {
    let world = World::begin(fixture).await;
    world.topic("news", &["a", "b", "c", "d", "e"]).await;
    world.publish(1, topics(&["news"])).await;
    world
}

async fn put_back(world: &World, claim: &Claim, second: i64) -> bool {
    let failure = FailedWork {
        claim: claim.clone(),
        due: at(second),
        error: "the row cannot be read".to_owned(),
    };
    world.store.put_back(failure).await.unwrap()
}

async fn backlog(world: &World, second: i64) -> Backlog {
    let all = world.store.backlog(at(second)).await.unwrap();
    let mut of_kind = all.into_iter().filter(|one| one.kind == WorkKind::Expand);
    of_kind.next().unwrap_or(Backlog {
        kind: WorkKind::Expand,
        oldest_due: None,
        failing: 0,
        error: None,
    })
}

pub async fn a_claim_is_a_lease(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    assert_eq!(
        (claim.kind, &claim.app, claim.tries),
        (WorkKind::Expand, &shop(), 0)
    );
    assert_eq!(world.claim(WorkKind::Expand, 21).await, []);
    assert_eq!(world.perform(&claim, 10, 21).await, Progress::Finished);
    world.is_sound().await;
}

pub async fn a_part_is_done_by_one_claimant(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    assert_eq!(world.perform(&claim, 2, 20).await, Progress::More);
    world.taken();
    // A part ends its claim, so that the same claim does nothing twice.
    assert_eq!(world.perform(&claim, 2, 20).await, Progress::Lost);
    let forged = Claim {
        fence: claim.fence + 100,
        ..claim
    };
    assert_eq!(world.perform(&forged, 2, 20).await, Progress::Lost);
    assert_eq!(world.taken(), []);
    assert_eq!(world.deliveries(1).await.len(), 2);
    world.is_sound().await;
}

pub async fn an_ended_lease_is_claimed_anew(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let slow = world.claim_one(WorkKind::Expand, 20).await;
    let quick = world.claim_one(WorkKind::Expand, 50).await;
    assert_eq!(quick.id, slow.id);
    assert!(quick.fence > slow.fence);
    assert_eq!(world.perform(&slow, 2, 50).await, Progress::Lost);
    assert!(!put_back(&world, &slow, 60).await);
    assert_eq!(world.deliveries(1).await, []);
    assert_eq!(world.perform(&quick, 10, 50).await, Progress::Finished);
    assert_eq!(world.deliveries(1).await.len(), 5);
    world.is_sound().await;
}

pub async fn an_old_claim_holds_no_later_row(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    // The row of a deleted topic is gone when its work is done.
    let delete = async |name: &str| {
        world.topic(name, &["a"]).await;
        let topic = vestnik_model::TopicName::parse(name).unwrap();
        assert_eq!(
            world.store.delete_topic(shop(), topic, at(20)).await,
            Ok(true)
        );
        world.claim_one(WorkKind::DeleteTopic, 20).await
    };
    let old = delete("one").await;
    assert_eq!(world.perform(&old, 10, 20).await, Progress::Finished);
    let new = delete("two").await;
    assert_ne!(new.id, old.id);
    assert_eq!(world.perform(&old, 10, 20).await, Progress::Lost);
    assert!(!put_back(&world, &old, 100).await);
    assert_eq!(world.perform(&new, 10, 20).await, Progress::Finished);
    world.is_sound().await;
}

pub async fn a_claim_holds_its_apps_row_only(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    let other = Claim {
        app: bank(),
        ..claim.clone()
    };
    assert_eq!(world.perform(&other, 10, 20).await, Progress::Lost);
    assert!(!put_back(&world, &other, 100).await);
    assert_eq!(world.perform(&claim, 10, 20).await, Progress::Finished);
    world.is_sound().await;
}

pub async fn a_failing_row_backs_off_alone(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    world.publish(2, topics(&["news"])).await;
    let failing = world.claim_one(WorkKind::Expand, 20).await;
    assert!(put_back(&world, &failing, 100).await);
    assert!(!put_back(&world, &failing, 100).await);
    assert_eq!(world.perform(&failing, 10, 20).await, Progress::Lost);
    let seen = backlog(&world, 20).await;
    assert_eq!(seen.failing, 1);
    assert_eq!(seen.error.as_deref(), Some("the row cannot be read"));
    // The other one goes on.
    assert_eq!(world.work(WorkKind::Expand, 10, 21).await, 1);
    assert_eq!(world.claim(WorkKind::Expand, 99).await, []);
    let again = world.claim_one(WorkKind::Expand, 100).await;
    assert_eq!((again.id, again.tries), (failing.id, 1));
    assert!(put_back(&world, &again, 200).await);
    let again = world.claim_one(WorkKind::Expand, 200).await;
    assert_eq!(again.tries, 2);
    // What succeeds has no failures any more.
    assert_eq!(world.perform(&again, 2, 200).await, Progress::More);
    let last = world.claim_one(WorkKind::Expand, 201).await;
    assert_eq!(last.tries, 0);
    assert_eq!(backlog(&world, 201).await.failing, 0);
    world.perform(&last, 10, 201).await;
    world.is_sound().await;
}

pub async fn apps_take_turns(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let mall = AppId::parse("mall").unwrap();
    world.store.create_app(mall.clone(), at(0)).await.unwrap();
    let many: Vec<_> = (0..101).map(|number| format!("u{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    for number in 0..3 {
        world.publish(number, users(&many)).await;
        world.publish_to(&bank(), 10 + number, users(&many)).await;
    }
    world.publish_to(&mall, 20, users(&many)).await;
    // At most one of an App in a call.
    let claims = world.claim(WorkKind::Expand, 20).await;
    let mut apps: Vec<_> = claims.into_iter().map(|claim| claim.app).collect();
    apps.sort();
    assert_eq!(apps, [bank(), mall.clone(), shop()]);
    // One at a time, behind the one that was served last.
    let mut behind = None;
    let mut served = Vec::new();
    for _ in 0..5 {
        let asked = ClaimQuery {
            kind: WorkKind::Expand,
            behind: behind.clone(),
            except: Vec::new(),
            limit: 1,
            lease_until: at(200),
            now: at(100),
        };
        let claims = world.store.claim(asked).await.unwrap().claims;
        assert_eq!(claims.len(), 1);
        behind = Some(claims[0].app.clone());
        world.perform(&claims[0], 500, 100).await;
        served.push(claims[0].app.clone());
    }
    assert_eq!(served, [bank(), mall, shop(), bank(), shop()]);
    world.work(WorkKind::Expand, 500, 300).await;
    world.is_sound().await;
}

pub async fn the_next_row_is_known(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let next = || world.store.next_due(WorkKind::Expand);
    assert!(next().await.unwrap().unwrap() <= at(20));
    let oldest = backlog(&world, 50).await.oldest_due;
    assert_eq!(oldest, Some(at(super::name::ACCEPTED)));
    let claim = world.claim_one(WorkKind::Expand, 20).await;
    assert_eq!(next().await, Ok(Some(at(50))));
    world.perform(&claim, 10, 20).await;
    assert_eq!(next().await, Ok(None));
    world.is_sound().await;
}

pub async fn two_workers_do_each_part_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names: Vec<_> = (0..60).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    world.topic("news", &names).await;
    for number in 1..=3 {
        world.publish(number, topics(&["news"])).await;
    }
    // Their leases have always ended, so that both hold each row again and again.
    let worker = async || {
        while world
            .store
            .next_due(WorkKind::Expand)
            .await
            .unwrap()
            .is_some()
        {
            let asked = ClaimQuery {
                kind: WorkKind::Expand,
                behind: None,
                except: Vec::new(),
                limit: 5,
                lease_until: at(20),
                now: at(20),
            };
            for claim in world.store.claim(asked).await.unwrap().claims {
                world.perform(&claim, 7, 20).await;
            }
        }
    };
    futures_util::future::join(worker(), worker()).await;
    for number in 1..=3 {
        assert_eq!(world.deliveries(number).await.len(), 60);
    }
    for name in names {
        let mut log = world.log(name).await;
        log.sort();
        assert_eq!(log.len(), 3, "{log:?}");
    }
    world.is_sound().await;
}

pub async fn what_is_kept_for_a_while_is_swept(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    for number in 1..=3 {
        world.publish(number, users(&["anna"])).await;
    }
    let last = world.store.last_event().await.unwrap();
    let later = 200 + EVENTS_KEPT.as_secs();
    let claim = world.claim_one(WorkKind::Sweep, later).await;
    world.perform(&claim, 100, later).await;
    // The last one is never deleted: numbers are never given again.
    let left = world.store.events(0, 100).await.unwrap();
    assert!(left.len() <= 1, "{left:?}");
    assert_eq!(world.store.last_event().await, Ok(last));
    let next = world.store.next_due(WorkKind::Sweep).await.unwrap();
    assert!(next.unwrap() > at(later));
    assert!(next.unwrap() <= at(later) + SignedDuration::from_hours(24));
    assert_eq!(world.store.check_integrity().await, Ok(vec![]));
}
