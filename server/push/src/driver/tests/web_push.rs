use serde_json::json;
use vestnik_model::Reason;
use vestnik_outbound::Reach;

use super::{Peer, Script, Stage, reply, vapid};
use crate::{
    account::Service,
    address::{Address, Subscription, SubscriptionKeys},
    driver::{Breakers, Config, Driver, Health},
    fixture::{UA_AUTH, UA_PUBLIC},
    outcome::Verdict,
};

fn address(endpoint: &str) -> Address {
    let keys = SubscriptionKeys::parse(UA_PUBLIC, UA_AUTH).unwrap();
    Address::WebPush(Box::new(Subscription::new(endpoint, keys).unwrap()))
}

fn at(peer: &Peer, path: &str) -> Address {
    address(&format!("{}{path}", peer.origin()))
}

#[tokio::test]
async fn a_push_is_encrypted_anew_each_time_and_its_token_is_kept_for_hours() {
    let script = Script::new([reply(201, "").with("location", "https://push.test/m/1")]);
    let (stage, peer) = (Stage::new(), script.peer().await);
    for hours in [0, 10, 1] {
        stage.pass(hours * 3_600);
        let sent = stage.send(&vapid(), &at(&peer, "/s/1")).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { id: Some(_) }));
    }
    let tokens = script.header("authorization");
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
    let state = script.0.lock().unwrap();
    let bodies: Vec<_> = state
        .requests
        .iter()
        .map(|request| request.body())
        .collect();
    assert_ne!(bodies[0], bodies[1]);
    assert_eq!(bodies[0].len(), bodies[1].len());
}

#[tokio::test]
async fn one_push_service_that_fails_stops_no_other() {
    let (bad, good) = (Script::new([reply(500, "")]), Script::new([reply(201, "")]));
    let (bad_peer, good_peer) = (bad.peer().await, good.peer().await);
    let (stage, account) = (Stage::new(), vapid());
    for _ in 0..9 {
        stage.send(&account, &at(&bad_peer, "/s/1")).await;
    }
    assert_eq!(bad.count(), 5);
    let sent = stage.send(&account, &at(&good_peer, "/s/1")).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn a_breaker_that_opens_and_closes_is_counted_once() {
    let script = Script::new([reply(500, "")]);
    let (stage, peer) = (Stage::new(), script.peer().await);
    let counted = || {
        let Breakers { opened, closed } = stage.driver.breakers();
        (opened, closed)
    };
    for _ in 0..4 {
        stage.send(&vapid(), &at(&peer, "/s/1")).await;
    }
    assert_eq!(counted(), (0, 0));
    for _ in 0..9 {
        stage.send(&vapid(), &at(&peer, "/s/1")).await;
    }
    assert_eq!(counted(), (1, 0));
    // A probe that fails opens nothing.
    stage.pass(5);
    stage.send(&vapid(), &at(&peer, "/s/1")).await;
    assert_eq!(counted(), (1, 0));
    script.set([reply(201, "")]);
    stage.pass(10);
    stage.send(&vapid(), &at(&peer, "/s/1")).await;
    assert_eq!(counted(), (1, 1));
}

#[tokio::test]
async fn an_endpoint_inside_is_not_connected_to_and_not_killed() {
    let script = Script::new([reply(201, "")]);
    let peer = script.peer().await;
    let stage = Stage::new();
    let clock = std::sync::Arc::new(stage.clock.clone());
    let config = Config {
        reach: Reach::public(),
        ..Config::default()
    };
    let driver = Driver::new(clock, config);
    let (account, push) = (vapid(), stage.push());
    for address in [at(&peer, "/s/1"), address("https://127.0.0.1/s/1")] {
        let sent = super::bounded(driver.send(&account, &address, &push)).await;
        let reason = Reason::ConfigNoRoute;
        assert_eq!(sent.verdict, Verdict::Rejected { reason });
        assert!(!sent.was_tried());
    }
    assert_eq!(peer.accepted(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inside = Script::new([reply(200, "")]);
    let inside_peer = inside.peer().await;
    let script = Script::new([reply(307, "").with("location", &inside_peer.origin())]);
    let (stage, peer) = (Stage::new(), script.peer().await);
    let sent = stage.send(&vapid(), &at(&peer, "/s/1")).await;
    assert!(matches!(sent.verdict, Verdict::Rejected { .. }), "{sent:?}");
    assert_eq!(inside_peer.accepted(), 0);
}

#[tokio::test]
async fn a_check_of_a_key_asks_nobody() {
    let check = super::bounded(Stage::new().driver.check(&vapid())).await;
    assert_eq!(check.findings[0].health, Health::Good);
}

/// After a change of the key, subscriptions that were made for the old one are refused, and others not.
#[tokio::test]
async fn subscriptions_for_another_key_stop_no_others() {
    for status in [401, 403] {
        let script = Script::new([reply(status, "")]);
        let (stage, peer) = (Stage::new(), script.peer().await);
        for number in 0..9 {
            let sent = stage
                .send(&vapid(), &at(&peer, &format!("/s/{number}")))
                .await;
            assert_eq!(sent.verdict.reason(), Some(Reason::ConfigProviderAuth));
            assert_eq!(sent.held, None);
        }
        script.set([reply(201, "")]);
        let sent = stage.send(&vapid(), &at(&peer, "/s/new")).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    }
}

/// A browser that subscribed before the key was rotated is reached by the former key; one that subscribed
/// since costs one request.
#[tokio::test]
async fn a_subscription_of_a_former_key_is_reached_with_it() {
    let account = super::account(
        Service::WebPush,
        json!({
            "private_key": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
            "former_keys": ["yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"],
            "contact": "mailto:push@shop.example",
        }),
    );
    for status in [403, 401] {
        let refusals = if status == 401 { 2 } else { 1 };
        let answers = std::iter::repeat_n(reply(status, ""), refusals);
        let script = Script::new(answers.chain([reply(201, "")]));
        let (stage, peer) = (Stage::new(), script.peer().await);
        let sent = stage.send(&account, &at(&peer, "/s/old")).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        let keys = script.header("authorization");
        let keys: Vec<_> = keys
            .iter()
            .map(|header| header.rsplit_once("k=").map(|(_, key)| key.to_owned()))
            .collect();
        assert_eq!(keys.len(), refusals + 1);
        let own = account.subscription_key();
        let former = vapid().subscription_key();
        assert_eq!((&keys[0], &keys[refusals]), (&own, &former), "{status}");
    }
    let script = Script::new([reply(201, "")]);
    let (stage, peer) = (Stage::new(), script.peer().await);
    stage.send(&account, &at(&peer, "/s/new")).await;
    assert_eq!(script.count(), 1);
}
