//! Claims: fences, fairness, rows that fail.

use jiff::SignedDuration;
use vestnik_model::{AppId, open::Word as _};
use vestnik_rules::work::{Progress, WorkKind};
use vestnik_store::{
    Publishing as _, Tenants as _, Work as _,
    audiences::Subscription,
    publishing::PublishOutcome,
    work::{Backlog, ClaimQuery, FailedWork},
};

use crate::table::work::WALK;

use super::world::{World, after, start, to_topic, topic, user};

#[tokio::test]
async fn a_claim_whose_fence_has_passed_does_nothing() {
    let world = World::new().await;
    world.topic("news", &["anna", "boris"]).await;
    world.publish(to_topic("news")).await;
    let slow = world.claim(WorkKind::Expand, start()).await.remove(0);
    let quick = world.claim(WorkKind::Expand, after(31)).await.remove(0);
    assert!(quick.fence > slow.fence);
    assert_eq!(
        world.perform(slow.clone(), 10, after(31)).await,
        Progress::Lost
    );
    assert_eq!(
        world.perform(quick.clone(), 10, after(31)).await,
        Progress::Finished
    );
    assert_eq!(world.perform(quick, 10, after(31)).await, Progress::Lost);
    let failure = FailedWork {
        claim: slow,
        due: after(60),
        error: "slow".to_owned(),
    };
    assert!(!world.store.put_back(failure).await.unwrap());
    assert_eq!(world.log("anna", None).await.entries.len(), 1);
}

#[tokio::test]
async fn a_poisoned_row_backs_off_alone() {
    let world = World::new().await;
    world.topic("news", &["anna"]).await;
    world.publish(to_topic("news")).await;
    world.publish(to_topic("news")).await;
    world
        .connection()
        .execute_batch("UPDATE notification SET plan = 'poison' WHERE row = 1")
        .unwrap();
    let mut failed = 0;
    for _ in 0..2 {
        let claim = world.claim(WorkKind::Expand, start()).await.remove(0);
        let part = vestnik_store::work::Part {
            claim: claim.clone(),
            rows: 10,
            seed: [1; 32],
            now: start(),
        };
        if world.store.perform(part).await.is_err() {
            failed += 1;
            let failure = FailedWork {
                claim,
                due: after(2),
                error: "unreadable".to_owned(),
            };
            assert!(world.store.put_back(failure).await.unwrap());
        }
    }
    assert_eq!(failed, 1);
    assert_eq!(world.log("anna", None).await.entries.len(), 1);
    let backlog = world.store.backlog(after(1)).await.unwrap();
    let expand = backlog
        .into_iter()
        .find(|backlog| backlog.kind == WorkKind::Expand)
        .unwrap();
    let expected = Backlog {
        kind: WorkKind::Expand,
        oldest_due: Some(start()),
        failing: 1,
        error: Some("unreadable".to_owned()),
    };
    assert_eq!(expand, expected);
    assert_eq!(
        world.store.next_due(WorkKind::Expand).await.unwrap(),
        Some(after(2))
    );
    assert_eq!(world.claim(WorkKind::Expand, after(2)).await[0].tries, 1);
}

#[tokio::test]
async fn apps_take_turns() {
    let mut world = World::new().await;
    for name in ["a", "b", "c"] {
        world.app = AppId::parse(name).unwrap();
        world
            .store
            .create_app(world.app.clone(), start())
            .await
            .unwrap();
        world.topic("news", &[]).await;
        for _ in 0..3 {
            let new = world.notification(to_topic("news"), start());
            let outcome = world.store.publish(new).await.unwrap();
            assert!(matches!(outcome, PublishOutcome::Accepted(_)));
        }
    }
    let claim = async |behind: Option<&str>, limit| {
        let asked = ClaimQuery {
            kind: WorkKind::Expand,
            behind: behind.map(|name| AppId::parse(name).unwrap()),
            except: Vec::new(),
            limit,
            lease_until: start() + SignedDuration::from_secs(30),
            now: start(),
        };
        let claims = world.store.claim(asked).await.unwrap().claims;
        claims
            .into_iter()
            .map(|claim| claim.app.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(claim(None, 10).await, ["a", "b", "c"]);
    assert_eq!(claim(Some("b"), 2).await, ["c", "a"]);
    assert_eq!(claim(Some("c"), 10).await, ["a", "b", "c"]);
    assert_eq!(claim(None, 10).await, ["b"]);
    assert_eq!(claim(None, 10).await, Vec::<String>::new());
}

/// An App whose rows are due later costs a call as much as one whose row is due: a call looks at so
/// many Apps and the next goes on behind them.
#[tokio::test]
async fn a_call_looks_at_so_many_apps() {
    let world = World::new().await;
    let rows = 2 * WALK + 10;
    let db = world.connection();
    let due = |number: usize| if number == rows - 1 { 0 } else { i64::MAX };
    for number in 0..rows {
        let app = format!("a{number:04}");
        let insert = "INSERT INTO work (kind, app, target, due_at, ready_at) \
                      VALUES ('expire', ?1, 0, ?2, ?2)";
        db.execute(insert, (app, due(number))).unwrap();
    }
    let mut behind = None;
    for expected in [WALK, 2 * WALK] {
        let claimed = world.store.claim(expire(behind)).await.unwrap();
        assert_eq!((claimed.claims.len(), claimed.has_gone_round), (0, false));
        let last = AppId::parse(format!("a{:04}", expected - 1)).unwrap();
        assert_eq!(claimed.behind, Some(last));
        behind = claimed.behind;
    }
    let claimed = world.store.claim(expire(behind)).await.unwrap();
    let apps: Vec<_> = claimed
        .claims
        .iter()
        .map(|claim| claim.app.as_str())
        .collect();
    assert_eq!(apps, [format!("a{:04}", rows - 1)]);
}

fn expire(behind: Option<AppId>) -> ClaimQuery {
    ClaimQuery {
        kind: WorkKind::Expire,
        behind,
        except: Vec::new(),
        limit: 4,
        lease_until: after(30),
        now: start(),
    }
}

/// What somebody may hold beyond the row's life does not name a later row.
#[tokio::test]
async fn the_number_of_a_deleted_row_is_not_given_again() {
    let world = World::new().await;
    let db = world.connection();
    for (table, insert) in [
        (
            "user",
            "INSERT INTO user (app, id, hash) VALUES ('a', 'x', 1)",
        ),
        (
            "topic",
            "INSERT INTO topic (app, name, self_subscribe) VALUES ('a', 'x', 0)",
        ),
        (
            "notification",
            "INSERT INTO notification (id, app, content, bytes, plan, ttl, accepted_at, opens_at, \
                 expires_at, forget_at) \
             VALUES (x'00', 'a', '{}', 0, '{}', 0, 0, 0, 0, 0)",
        ),
        (
            "work",
            "INSERT INTO work (kind, app, target, due_at, ready_at) VALUES ('expire', 'a', 0, 0, 0)",
        ),
    ] {
        db.execute(insert, []).unwrap();
        let first = db.last_insert_rowid();
        let deleted = db.execute(&format!("DELETE FROM {table} WHERE rowid = ?1"), [first]);
        assert_eq!(deleted.unwrap(), 1, "{table}");
        db.execute(insert, []).unwrap();
        assert_ne!(db.last_insert_rowid(), first, "{table}");
    }
}

#[tokio::test]
async fn every_kind_can_be_asked_for() {
    let world = World::new().await;
    for kind in WorkKind::WORDS {
        world.work(*kind, 10, start()).await;
    }
    let next = world.store.next_due(WorkKind::Sweep).await.unwrap();
    assert_eq!(next, Some(after(3_600)));
}

#[tokio::test]
async fn a_user_joins_no_more_topics_than_allowed() {
    use vestnik_store::{Audiences as _, audiences::SubscribeOutcome};
    let world = World::new().await;
    for name in ["a", "b", "c"] {
        world.topic(name, &[]).await;
    }
    let join = async |name| {
        let subscription = Subscription {
            app: world.app.clone(),
            topic: topic(name),
            user: user("anna"),
            by_user: true,
            max_topics: 2,
        };
        world.store.subscribe(subscription).await.unwrap()
    };
    assert_eq!(join("a").await, SubscribeOutcome::Subscribed);
    assert_eq!(join("b").await, SubscribeOutcome::Subscribed);
    assert_eq!(join("b").await, SubscribeOutcome::Subscribed);
    assert_eq!(join("c").await, SubscribeOutcome::TooMany);
    assert_eq!(join("d").await, SubscribeOutcome::Unavailable);
}
