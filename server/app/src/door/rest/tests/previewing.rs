//! What a publish request would come to.

use serde_json::{Value, json};

use super::world::{World, text};

fn request(body: &str) -> Value {
    json!({
        "to": {"users": ["anna", "bert", "carl"], "exclude_users": ["carl"]},
        "notification": {"title": "PLANTED", "body": body},
        "steps": [{"channel": "push", "within_seconds": 60}, {"channel": "email", "on_unproven": "give_up"}],
    })
}

#[tokio::test]
async fn a_preview_counts_and_renders_and_changes_nothing() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let line = "POST /v1/notifications:preview";
    let preview = world.admin(line, Some(request("small"))).await;
    assert_eq!(preview.status, 200, "{preview:?}");
    let expected = json!({
        "users": 2, "is_exact": true, "opted_out": 0, "without_device": 1, "too_old": 0, "blocked": 0,
        "by_channel": {},
        "waiting": 0, "left_out": 0, "last_at": preview.body["opens_at"],
    });
    assert_eq!(preview.body["audience"], expected);
    assert_eq!(preview.body["steps"][0]["within_seconds"], 60);
    assert_eq!(preview.body["steps"][1]["channel"], "email");
    assert_eq!(preview.body["steps"][1]["on_unproven"], "give_up");
    let payloads = preview.body["payloads"].as_array().unwrap();
    assert_eq!(payloads.len(), 5);
    for payload in payloads {
        assert_eq!(payload["form"], "sealed", "{payload}");
        assert_eq!(payload["has_credentials"], false);
        assert!(payload["bytes"].as_u64() <= payload["max_bytes"].as_u64());
        assert!(!payload.to_string().contains("PLANTED"));
    }
    let list = world.admin("GET /v1/notifications", None).await;
    assert_eq!(list.body["data"], json!([]), "nothing was stored");
    let events = world.admin("GET /v1/events", None).await;
    let mut events = events.body["data"].as_array().unwrap().iter();
    let is_of_notification = |event: &Value| event["data"].get("notification_id").is_some();
    assert!(!events.any(is_of_notification), "nothing happened");
    let large = world.admin(line, Some(request(&"Щ".repeat(2_000)))).await;
    assert_eq!(large.body["payloads"][0]["form"], "hint", "{large:?}");
}

#[tokio::test]
async fn a_preview_shows_what_the_backend_would_be_asked() {
    let world = World::new().await;
    let account = json!({
        "url": "https://shop.example/deliver", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    });
    let put = world
        .admin("PUT /v1/providers/webhook", Some(account))
        .await;
    assert_eq!(put.status, 204, "{put:?}");
    let mut body = request("small");
    body["steps"] = json!([{"channel": "push", "within_seconds": 60}, {"channel": "webhook"}]);
    let line = "POST /v1/notifications:preview";
    let preview = world.admin(line, Some(body)).await.body;
    assert_eq!(preview["audience"]["by_channel"], json!({"webhook": 2}));
    let payloads = preview["payloads"].as_array().unwrap();
    let [.., asked] = payloads.as_slice() else {
        panic!("{preview}");
    };
    assert_eq!((payloads.len(), &asked["channel"]), (6, &json!("webhook")));
    assert_eq!(
        (&asked["form"], &asked["has_credentials"]),
        (&json!("plain"), &json!(true))
    );
    let bytes = asked["payload"].to_string().len();
    assert_eq!(asked["bytes"].as_u64(), u64::try_from(bytes).ok());
    let content = &asked["payload"]["data"]["content"];
    assert_eq!(
        (&content["title"], &content["body"]),
        (&json!("PLANTED"), &json!("small"))
    );
    assert_eq!(asked["payload"]["data"]["user"], "anna");
}

#[tokio::test]
async fn a_preview_counts_who_has_only_old_apps() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let mut body = request("small");
    body["to"]["min_app_version"] = json!({"android": "3.1.0"});
    let line = "POST /v1/notifications:preview";
    let preview = world.admin(line, Some(body)).await;
    let audience = &preview.body["audience"];
    let counts = ["users", "without_device", "too_old"].map(|name| audience[name].as_u64());
    assert_eq!(counts, [Some(2), Some(1), Some(1)], "{preview:?}");
}

#[tokio::test]
async fn a_preview_is_checked_as_a_request_that_is_published() {
    let world = World::new().await;
    let mut unknown = request("");
    unknown["to"]["topics"] = json!(["odd"]);
    let mut wrong = request("");
    wrong["notification"]["title"] = json!("");
    let mut late = request("");
    late["schedule"] = json!({"send_at": "9999-01-01T00:00:00Z"});
    for body in [unknown, wrong, late] {
        let published = world
            .admin("POST /v1/notifications", Some(body.clone()))
            .await;
        let previewed = world
            .admin("POST /v1/notifications:preview", Some(body))
            .await;
        assert_eq!(previewed.status, 422, "{previewed:?}");
        assert_eq!(previewed.body, published.body);
    }
    let scopes = json!({"name": "reader", "scopes": ["read"]});
    let key = world.admin("POST /v1/keys", Some(scopes)).await;
    let key = text(&key.body["key"]);
    let refused = world
        .call("POST /v1/notifications:preview", key, Some(request("")))
        .await;
    assert_eq!(refused.status, 403, "{refused:?}");
}
