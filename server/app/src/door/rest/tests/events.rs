//! What happened, read by the App's backend.

use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_clock::Clock as _;
use vestnik_rules::work::WorkKind;
use vestnik_store::work::{ClaimQuery, Part};

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
        let number = event["data"]["external_id"].as_str();
        let line = format!("{} {}", text(&event["type"]), number.unwrap_or_default());
        line.trim_end().to_owned()
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
        "installation.registered",
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
    let last = &whole.body["data"][3]["id"];
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
        "after=evt_9223372036854775807",
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

/// Works until what is kept for a while is deleted.
async fn sweep(world: &World) {
    let now = world.clock.now();
    let asked = ClaimQuery {
        kind: WorkKind::Sweep,
        behind: None,
        except: Vec::new(),
        limit: 10,
        lease_until: now + SignedDuration::from_secs(30),
        now,
    };
    for claim in world.state.store.claim(asked).await.unwrap().claims {
        let part = Part {
            claim,
            rows: 1_000,
            seed: [1; 32],
            now,
        };
        world.state.store.perform(part).await.unwrap();
    }
}

/// A reader that was away for longer than events are kept is told so: it would take what it missed for what
/// did not happen.
#[tokio::test]
async fn a_reader_that_fell_behind_is_told() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let begun = world.admin("GET /v1/events", None).await;
    let behind = format!("GET /v1/events?after={}", text(&begun.body["next_cursor"]));
    for title in ["a", "b"] {
        publish(&world, title).await;
    }
    let read = world.admin("GET /v1/events", None).await;
    let up_to_date = format!("GET /v1/events?after={}", text(&read.body["next_cursor"]));
    world.clock.advance(Duration::from_secs(8 * 86_400));
    publish(&world, "c").await;
    sweep(&world).await;
    for wait in ["", "&wait=20"] {
        let told_so = world.admin(&format!("{behind}{wait}"), None).await;
        assert_eq!(told_so.problem(), (410, "events.gap"));
        // Where to go on is said in a way that a program can read.
        assert_eq!(told_so.body["errors"][0]["pointer"], "/after");
    }
    // Who has read what is gone, and who begins, missed nothing that is kept.
    for line in [up_to_date.as_str(), "GET /v1/events"] {
        let page = world.admin(line, None).await;
        assert_eq!(told(&page), ["notification.queued c"]);
    }
}

/// The cursor of a reader that began when everything was gone is none of the past.
#[tokio::test]
async fn a_reader_that_begins_late_has_no_gap() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    publish(&world, "a").await;
    world.clock.advance(Duration::from_secs(8 * 86_400));
    // Another App's event is the last of all, which is never deleted.
    let key = json!({"name": "p", "scopes": ["publish"]});
    let key = world.admin("POST /v1/keys", Some(key)).await;
    let revoked = format!("DELETE /v1/keys/{}", text(&key.body["id"]));
    assert_eq!(world.admin(&revoked, None).await.status, 204);
    sweep(&world).await;
    let begun = world.admin("GET /v1/events", None).await;
    assert!(told(&begun).is_empty());
    let line = format!("GET /v1/events?after={}", text(&begun.body["next_cursor"]));
    assert!(told(&world.admin(&line, None).await).is_empty());
}
