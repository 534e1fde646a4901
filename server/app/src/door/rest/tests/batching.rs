//! Many publish requests at once.

use axum::{body::Body, http::Request};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{Answer, World, text};

const LINE: &str = "POST /v1/notifications:batch";

fn item(user: &str) -> Value {
    json!({"to": {"users": [user]}, "notification": {"title": format!("for {user}")}})
}

async fn keyed(world: &World, key: &str, body: &Value) -> Answer {
    let request = Request::post("/v1/notifications:batch")
        .header("authorization", format!("Bearer {}", world.keys.admin_key))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()));
    world.request(request.unwrap()).await
}

fn ids(answer: &Answer) -> Vec<String> {
    let results = answer.body["results"].as_array().unwrap();
    let ids = results.iter().map(|result| text(&result["accepted"]["id"]));
    ids.map(str::to_owned).collect()
}

async fn published(world: &World) -> usize {
    let list = world.admin("GET /v1/notifications?limit=200", None).await;
    list.body["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn each_item_is_accepted_or_refused_by_itself() {
    let world = World::new().await;
    let mut titleless = item("carl");
    titleless["notification"] = json!({"title": ""});
    let mut misspelt = item("dora");
    misspelt["notification"]["titel"] = json!("PLANTED");
    let nowhere = json!({"to": {"topics": ["a", "b"]}, "notification": {"title": "Hi"}});
    let items = json!([item("anna"), titleless, misspelt, 7, nowhere, item("bert")]);
    let answer = world.admin(LINE, Some(json!({"items": items}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        (&answer.body["accepted"], &answer.body["refused"]),
        (&json!(2), &json!(4))
    );
    let results = answer.body["results"].as_array().unwrap();
    for (place, code, pointers) in [
        (1, "request.invalid", vec!["/items/1/notification/title"]),
        (2, "request.invalid", vec!["/items/2/notification/titel"]),
        (3, "request.invalid", vec!["/items/3"]),
        (
            4,
            "topic.unknown",
            vec!["/items/4/to/topics/0", "/items/4/to/topics/1"],
        ),
    ] {
        let problem = &results[place]["problem"];
        assert_eq!(problem["code"], code, "{problem}");
        let errors = problem["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|error| text(&error["pointer"])).collect();
        assert_eq!(found, pointers);
    }
    for place in [0, 5] {
        let id = text(&results[place]["accepted"]["id"]);
        let found = world
            .admin(&format!("GET /v1/notifications/{id}"), None)
            .await;
        let user = ["anna", "", "", "", "", "bert"][place];
        assert_eq!(found.body["notification"]["title"], format!("for {user}"));
    }
    assert!(!answer.page.contains("PLANTED"));
    assert_eq!(published(&world).await, 2);
}

#[tokio::test]
async fn a_batch_that_is_repeated_publishes_once() {
    let world = World::new().await;
    let mut own = item("carl");
    own["idempotency_key"] = json!("order-1");
    let first = json!({"items": [item("anna"), item("bert"), own.clone()]});
    let answer = keyed(&world, "batch-1", &first).await;
    let before = ids(&answer);
    let again = keyed(&world, "batch-1", &first).await;
    assert_eq!(ids(&again), before);
    assert_eq!(again.body["results"][0]["accepted"]["replayed"], true);
    // Also if it could not be published any more.
    let in_an_hour = world.state.clock.now() + SignedDuration::from_hours(1);
    let mut timed = item("anna");
    timed["schedule"] = json!({"send_at": in_an_hour});
    let timed = json!({"items": [timed]});
    let answer = keyed(&world, "batch-3", &timed).await;
    world.advance(7_200);
    let again = keyed(&world, "batch-3", &timed).await;
    assert_eq!(ids(&again), ids(&answer));
    // An item has changed, one has its own key, and one is new.
    let changed = json!({"items": [item("eve"), item("bert"), own.clone(), item("dora")]});
    let answer = keyed(&world, "batch-1", &changed).await;
    let results = answer.body["results"].as_array().unwrap();
    assert_eq!(results[0]["problem"]["code"], "idempotency.mismatch");
    assert_eq!(text(&results[1]["accepted"]["id"]), before[1]);
    assert_eq!(results[3]["accepted"]["replayed"], false);
    // Its own key counts in every batch.
    let other = keyed(&world, "batch-2", &json!({"items": [own]})).await;
    assert_eq!(ids(&other), before[2..]);
    assert_eq!(published(&world).await, 5);
}

#[tokio::test]
async fn a_batch_is_recognised_by_no_key_that_is_none() {
    let world = World::new().await;
    for key in ["", &"k".repeat(256)] {
        let refused = keyed(&world, key, &json!({"items": [item("anna")]})).await;
        assert_eq!(refused.problem(), (422, "request.invalid"), "{key}");
        let pointer = &refused.body["errors"][0]["pointer"];
        assert_eq!(pointer, "/idempotency_key");
    }
    assert_eq!(published(&world).await, 0);
}

#[tokio::test]
async fn a_batch_has_a_thousand_items_and_more_bytes_than_a_request() {
    let world = World::with(|config| {
        config.rates.key_per_second = 1;
        config.rates.key_burst = 8_000;
    })
    .await;
    let items = |count: usize| {
        let items: Vec<_> = (0..count)
            .map(|number| item(&format!("user-{number}")))
            .collect();
        json!({"items": items, })
    };
    for (count, pointer) in [(0, "/items"), (1_001, "/items")] {
        let refused = world.admin(LINE, Some(items(count))).await;
        assert_eq!(refused.problem(), (422, "request.invalid"));
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    // What there is too much of is counted and not read.
    let refused = world
        .admin(LINE, Some(json!({"items": vec![7; 5_000]})))
        .await;
    let detail = &refused.body["errors"][0]["detail"];
    assert_eq!(detail, "must have at most 1000 entries, has 5000");
    let mut full = items(1_000);
    for item in full["items"].as_array_mut().unwrap() {
        item["notification"]["body"] = json!("x".repeat(500));
    }
    let answer = world.admin(LINE, Some(full)).await;
    assert_eq!(
        (answer.status, &answer.body["accepted"]),
        (200, &json!(1_000))
    );
    // Each item counts, and a batch for which there is no room publishes nothing.
    let refused = world.admin(LINE, Some(items(1_000))).await;
    assert_eq!(refused.problem(), (429, "request.rate_limited"));
}

#[tokio::test]
async fn a_batch_larger_than_a_bucket_is_taken_when_that_is_full() {
    let world = World::with(|config| {
        config.rates.key_per_second = 1;
        config.rates.key_burst = 10;
    })
    .await;
    let items: Vec<_> = (0..100)
        .map(|number| item(&format!("user-{number}")))
        .collect();
    let answer = world.admin(LINE, Some(json!({"items": items}))).await;
    assert_eq!(
        (answer.status, &answer.body["accepted"]),
        (200, &json!(100))
    );
    let refused = world.admin("GET /v1/notifications", None).await;
    assert_eq!(refused.problem(), (429, "request.rate_limited"));
}
