//! Whom an audience would reach now.

use jiff::SignedDuration;
use serde_json::json;
use vestnik_model::{Audience, AudienceRequest, Channel, publish::Schedule};
use vestnik_rules::audience::Plan;

use super::{
    Fixture,
    name::{at, shop, topic, topics, user, users},
    world::World,
};
use crate::{
    audiences::{ReachOutcome, ReachQuery},
    tenants::Provider,
};

fn query(to: AudienceRequest, limit: u32) -> ReachQuery {
    ReachQuery {
        app: shop(),
        devices: to.devices,
        plan: Plan::from(&Audience::parse(to).unwrap()),
        schedule: Schedule::default(),
        ttl: SignedDuration::from_hours(1),
        is_critical: false,
        limit,
        now: at(50),
    }
}

async fn reach(world: &World, to: AudienceRequest, limit: u32) -> ReachOutcome {
    world.store.reach(query(to, limit)).await.unwrap()
}

pub async fn everybody_is_counted_once_by_how_they_are_reached(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let provider = Provider {
        channel: Channel::Fcm,
        account: "{}".to_owned(),
        set_at: at(1),
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
