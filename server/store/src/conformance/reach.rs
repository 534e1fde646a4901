//! Whom an audience would reach now.

use serde_json::json;
use vestnik_model::{Audience, AudienceRequest, Channel};
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

async fn reach(world: &World, to: AudienceRequest, limit: u32) -> ReachOutcome {
    let asked = ReachQuery {
        app: shop(),
        devices: to.devices,
        plan: Plan::from(&Audience::parse(to).unwrap()),
        limit,
        now: at(50),
    };
    world.store.reach(asked).await.unwrap()
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
