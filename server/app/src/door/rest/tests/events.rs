//! What happened, read by the App's backend.

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::world::{Answer, World, text};

async fn publish(world: &World, title: &str) {
    let body =
        json!({"to": {"users": ["anna"]}, "notification": {"title": title}, "external_id": title});
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
}

/// The events of a page, each by its kind and the sender's number.
fn told(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let events = answer.body["data"].as_array().unwrap().iter();
    let told = |event: &Value| {
        format!(
            "{} {}",
            text(&event["type"]),
            text(&event["data"]["external_id"])
        )
    };
    events.map(told).collect()
}

#[tokio::test]
async fn events_are_read_in_pages_each_once() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    for title in ["a", "b", "c"] {
        publish(&world, title).await;
    }
    let whole = world.admin("GET /v1/events", None).await;
    let expected = [
        "notification.queued a",
        "notification.queued b",
        "notification.queued c",
    ];
    assert_eq!(told(&whole), expected);
    let mut line = "GET /v1/events?limit=2".to_owned();
    let mut read = Vec::new();
    loop {
        let page = world.admin(&line, None).await;
        let part = told(&page);
        if part.is_empty() {
            break;
        }
        read.extend(part);
        line = format!(
            "GET /v1/events?limit=2&after={}",
            text(&page.body["next_cursor"])
        );
    }
    assert_eq!(read, expected);
    let last = &whole.body["data"][2]["id"];
    assert_eq!(whole.body["next_cursor"], *last);
}

#[tokio::test]
async fn a_request_waits_for_the_next_event() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    publish(&world, "a").await;
    let first = world.admin("GET /v1/events", None).await;
    let line = format!(
        "GET /v1/events?wait=20&after={}",
        text(&first.body["next_cursor"])
    );
    let (waited, ()) = tokio::join!(world.admin(&line, None), publish(&world, "b"));
    assert_eq!(told(&waited), ["notification.queued b"]);
}

#[tokio::test]
async fn a_key_waits_in_so_many_requests_only() {
    let world = World::with(|config| config.feed.watches_per_key = 1).await;
    let waiting = world.admin("GET /v1/events?wait=20", None);
    tokio::pin!(waiting);
    // Polled until it waits: it registers before it reads.
    while waiting.as_mut().now_or_never().is_none() {
        let other = world.admin("GET /v1/events?wait=20", None).now_or_never();
        if let Some(other) = other {
            assert_eq!(other.problem(), (429, "request.rate_limited"));
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing happened, and the request was answered");
}

#[tokio::test]
async fn odd_parameters_and_other_histories_are_refused() {
    let world = World::new().await;
    for query in [
        "after=7",
        "after=evt_7",
        "limit=0",
        "limit=501",
        "wait=26",
        "wait=x",
        "cursor=evt_1",
    ] {
        let answer = world.admin(&format!("GET /v1/events?{query}"), None).await;
        assert_eq!(answer.problem(), (422, "request.invalid"), "{query}");
    }
}

#[tokio::test]
async fn a_key_without_the_scope_reads_nothing() {
    let world = World::new().await;
    let scopes = json!({"name": "p", "scopes": ["publish"]});
    let key = world.admin("POST /v1/keys", Some(scopes)).await;
    assert_eq!(key.status, 201, "{key:?}");
    let answer = world
        .call("GET /v1/events", text(&key.body["key"]), None)
        .await;
    assert_eq!(answer.problem(), (403, "auth.forbidden"));
}
