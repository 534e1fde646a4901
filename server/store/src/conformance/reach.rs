//! Whom an audience would reach now.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;
use vestnik_model::{
    Audience, AudienceRequest, Channel, Reason, email::EmailAddress, publish::Schedule,
};
use vestnik_rules::{attempt::Outcome, work::WorkKind};

use super::{
    Fixture,
    name::{at, installation, shop, topic, topics, user, users},
    pushing::{dispatch_of, has_address, provide, settle, tried},
    world::World,
};
use crate::{
    audiences::{ReachOutcome, ReachQuery},
    tenants::Provider,
};

fn query(to: AudienceRequest, limit: u32) -> ReachQuery {
    ReachQuery {
        app: shop(),
        audience: Audience::parse(to).unwrap(),
        schedule: Schedule::default(),
        ttl: SignedDuration::from_hours(1),
        is_critical: false,
        category: None,
        limit,
        now: at(50),
    }
}

fn mailbox(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@a.example")).unwrap()
}

pub(super) async fn reach(world: &World, to: AudienceRequest, limit: u32) -> ReachOutcome {
    world.store.reach(query(to, limit)).await.unwrap()
}

pub async fn everybody_is_counted_once_by_how_they_are_reached(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Fcm,
        account: "{}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    let anna = world.login("anna", 1).await;
    world.login("bert", 2).await;
    let state = json!({
        "platform": "android", "permission": "granted",
        "push_addresses": [{"kind": "fcm_token", "value": "token"}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(anna.clone(), state, at(3));
    assert!(put.await.unwrap());
    world.topic("orders", &["anna", "carl", "dora"]).await;
    let to = AudienceRequest {
        topics: vec![topic("orders")],
        installations: vec![anna.installation],
        exclude_users: vec![user("dora")],
        ..users(&["anna", "bert"])
    };
    world.taken();
    let ReachOutcome::Reach { reach, is_exact } = reach(&world, to, 10).await else {
        panic!("the topic is known");
    };
    assert!(is_exact);
    assert_eq!(
        (reach.users, reach.without_device, reach.blocked),
        (3, 1, 0)
    );
    assert_eq!(reach.by_channel, [(Channel::Fcm, 1)].into());
    assert!(world.taken().is_empty(), "nothing was changed");
    world.is_sound().await;
}

pub async fn a_large_audience_is_not_looked_at_whole(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.topic("orders", &["a", "b", "c"]).await;
    for (limit, counted, exact) in [(2, 2, false), (3, 3, true)] {
        let ReachOutcome::Reach { reach, is_exact } =
            reach(&world, topics(&["orders"]), limit).await
        else {
            panic!("the topic is known");
        };
        assert_eq!((reach.users, is_exact), (counted, exact));
    }
    let unknown = reach(&world, topics(&["orders", "odd"]), 9).await;
    assert_eq!(unknown, ReachOutcome::UnknownTopics(vec![topic("odd")]));
    world.is_sound().await;
}

/// Who would wait for their own time, and who would never be notified, is known before anything is sent.
pub async fn who_would_wait_is_counted(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login_in("anna", 1, "Europe/Berlin").await;
    world.login_in("bert", 2, "Pacific/Kiritimati").await;
    world.login("carl", 3).await;
    let schedule = json!({
        "send_at": "2027-01-20T09:00:00", "time_zone": "recipient", "on_no_time_zone": "drop",
    });
    let to = users(&["anna", "bert", "carl"]);
    let asked = ReachQuery {
        schedule: Schedule::parse(&serde_json::from_value(schedule).unwrap()).unwrap(),
        ..query(to, 10)
    };
    let outcome = world.store.reach(asked).await.unwrap();
    let ReachOutcome::Reach { reach, .. } = outcome else {
        panic!("there are recipients: {outcome:?}");
    };
    // Bert's clock is the first on earth: he is notified when the mailing opens.
    assert_eq!((reach.users, reach.waiting, reach.left_out), (3, 1, 1));
    assert_eq!(reach.last_at, "2027-01-20T08:00:00Z".parse().ok());
    world.is_sound().await;
}

/// Drawn numbers, the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn some<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        all.iter().filter(|_| self.below(3) == 0).cloned().collect()
    }
}

/// Of a publish to the same audience: the deliveries, those that ended because nobody is logged in, and the
/// users who are pushed to.
async fn published(
    world: &World,
    number: u32,
    to: AudienceRequest,
    second: i64,
) -> (u64, u64, u64) {
    world.publish(number, to).await;
    world.work(WorkKind::Expand, 100, second).await;
    let mut pushed = BTreeSet::new();
    for claim in world.claim(WorkKind::Dispatch, second).await {
        for push in dispatch_of(world, &claim, second).await.begun {
            settle(world, second, tried(&push, second, Outcome::Accepted)).await;
            pushed.insert(push.user);
        }
    }
    let deliveries = world.deliveries(number).await;
    let none = Some(Reason::DeviceNoneActive.into());
    let without = deliveries.iter().filter(|delivery| delivery.reason == none);
    let without = without.count() as u64;
    (deliveries.len() as u64, without, pushed.len() as u64)
}

pub async fn a_preview_counts_as_a_publish_reaches(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    // Anna has two phones of which one has no address, Bert has one, Carl has one without, the others none.
    for (who, number, token) in [
        ("anna", 1, Some("token-1")),
        ("anna", 2, None),
        ("bert", 3, Some("token-3")),
        ("carl", 4, None),
    ] {
        let session = world.login(who, number).await;
        if let Some(token) = token {
            has_address(&world, &session, token, 2).await;
        }
    }
    world.topic("orders", &["anna", "dora"]).await;
    world.topic("news", &["bert", "emil"]).await;
    // An address of two people, one of somebody without a device, and one of nobody.
    for (who, address) in [("anna", "home"), ("dora", "home"), ("carl", "carl")] {
        world.email(who, &format!("{address}@a.example"), 2).await;
    }
    let everybody = ["anna", "bert", "carl", "dora", "emil"].map(user);
    let mut draw = Draw(9);
    for round in 1..=40_u32 {
        let to = AudienceRequest {
            users: draw.some(&everybody),
            installations: draw.some(&[1, 2, 3, 4, 9].map(installation)),
            topics: draw.some(&["orders", "news"].map(topic)),
            emails: draw.some(&["home", "carl", "nobody"].map(mailbox)),
            exclude_users: draw.some(&everybody),
            ..AudienceRequest::default()
        };
        if Audience::parse(to.clone()).is_err() {
            continue;
        }
        let ReachOutcome::Reach { reach, is_exact } = reach(&world, to.clone(), 10).await else {
            panic!("the topics are known");
        };
        let second = 100 + i64::from(round);
        let fcm = reach
            .by_channel
            .get(&Channel::Fcm)
            .copied()
            .unwrap_or_default();
        let counted = (reach.users, reach.without_device, fcm);
        assert!(is_exact);
        assert_eq!(
            counted,
            published(&world, round, to.clone(), second).await,
            "{to:?}"
        );
    }
    world.is_sound().await;
}

pub async fn who_has_a_mailbox_is_reached_by_e_mail(fixture: &impl Fixture) {
    let world = super::letters::begin(fixture).await;
    let to = users(&["anna", "bert"]);
    let ReachOutcome::Reach { reach, .. } = reach(&world, to, 10).await else {
        panic!("there is no topic");
    };
    assert_eq!((reach.users, reach.without_device), (2, 2));
    assert_eq!(reach.by_channel, [(Channel::Email, 1)].into());
    world.is_sound().await;
}
