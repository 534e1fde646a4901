//! What became of a delivery, in words.

use serde_json::{Value, json};

use super::world::{INSTALLATION, World, text};

/// A shop in which Anna has a phone and one notification that waits for it.
async fn begin() -> (World, String) {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let body = json!({
        "to": {"users": ["anna", "bert"], "exclude_users": ["bert"]},
        "notification": {"title": "PLANTED", "body": "PLANTED", "data": {"secret": "PLANTED"}},
    });
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    let id = text(&accepted.body["id"]).to_owned();
    (world, id)
}

fn sentences(told: &Value) -> Vec<&str> {
    let statements = told["statements"].as_array().unwrap();
    statements.iter().map(|said| text(&said["text"])).collect()
}

#[tokio::test]
async fn a_delivery_is_explained_in_the_language_asked_for() {
    let (world, id) = begin().await;
    let path = format!("/v1/notifications/{id}/explain?user=anna");
    let told = world.admin(&format!("GET {path}"), None).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.body["language"], "en");
    assert_eq!(told.body["status"], "pending");
    assert_eq!(
        sentences(&told.body),
        [
            "The notification was accepted on 2026-11-28 at 09:00:00 (all times are UTC).",
            "The device has been offline since 09:00:00.",
            "The App uses no push service: a device gets it when it connects.",
            "It waits for a device of the person until 2026-12-05 09:00:00.",
        ]
    );
    let offline = &told.body["statements"][1];
    assert_eq!(offline["code"], "offline");
    assert_eq!(offline["rule"], "reachability");
    assert_eq!(offline["installation_id"], INSTALLATION);
    assert_eq!(offline["at"], "2026-11-28T09:00:00Z");
    assert!(!told.body.to_string().contains("PLANTED"));
    let delivery = text(&told.body["delivery_id"]);
    let line = format!("GET /v1/deliveries/{delivery}/explain?lang=ru");
    let told = world.admin(&line, None).await;
    assert_eq!(told.body["language"], "ru", "{told:?}");
    assert_eq!(
        sentences(&told.body)[1],
        "Связи с устройством нет с 09:00:00."
    );
}

#[tokio::test]
async fn who_gets_nothing_is_explained_too() {
    let (world, id) = begin().await;
    for (user, expected) in [
        (
            "bert",
            "The sender excluded this person from the recipients.",
        ),
        (
            "nobody",
            "This person was not among the recipients when they were looked up.",
        ),
    ] {
        let line = format!("GET /v1/notifications/{id}/explain?user={user}");
        let told = world.admin(&line, None).await;
        assert_eq!(told.body["delivery_id"], Value::Null);
        assert_eq!(sentences(&told.body)[1], expected);
    }
}

#[tokio::test]
async fn what_cannot_be_explained_is_refused() {
    let (world, id) = begin().await;
    let none = "ntf_00000000000070008000000000000009";
    for (line, expected) in [
        (format!("{none}/explain?user=anna"), (404, "not_found")),
        (format!("{id}/explain"), (422, "request.invalid")),
        (
            format!("{id}/explain?user=anna&lang=de"),
            (422, "request.invalid"),
        ),
        (format!("{id}/explain?usr=anna"), (422, "request.invalid")),
    ] {
        let line = format!("GET /v1/notifications/{line}");
        let told = world.admin(&line, None).await;
        assert_eq!(told.problem(), expected, "{line}");
    }
    let line = "GET /v1/deliveries/dlv_00000000000070008000000000000009/explain";
    assert_eq!(world.admin(line, None).await.problem(), (404, "not_found"));
    let scopes = json!({"name": "courier", "scopes": ["publish"]});
    let key = world.admin("POST /v1/keys", Some(scopes)).await;
    let line = format!("GET /v1/notifications/{id}/explain?user=anna");
    let told = world.call(&line, text(&key.body["key"]), None).await;
    assert_eq!(told.status, 403, "{told:?}");
}

#[tokio::test]
async fn what_was_lost_is_tried_anew_over_rest() {
    let world = World::new().await;
    let body = json!({"to": {"users": ["anna"]}, "notification": {"title": "Order 8812"}});
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    let path = format!("/v1/notifications/{}", text(&accepted.body["id"]));
    let line = format!("POST {path}:retry");
    let refused = world.admin(&line, None).await;
    assert_eq!(refused.problem(), (409, "notification.nothing_lost"));
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let retried = world.admin(&line, None).await;
    assert_eq!(retried.body, json!({"retried": 1, "is_complete": true}));
    let view = world.admin(&format!("GET {path}"), None).await;
    assert_eq!(view.body["counts"]["pending"], 1, "{view:?}");
    let again = world.admin(&line, None).await;
    assert_eq!(again.problem(), (409, "notification.nothing_lost"));
    world.admin(&format!("POST {path}:cancel"), None).await;
    let cancelled = world.admin(&line, None).await;
    assert_eq!(cancelled.problem(), (409, "notification.cancelled"));
    let scopes = json!({"name": "reader", "scopes": ["read"]});
    let key = world.admin("POST /v1/keys", Some(scopes)).await;
    let stranger = world.call(&line, text(&key.body["key"]), None).await;
    assert_eq!(stranger.status, 403, "{stranger:?}");
    let none = "POST /v1/notifications/ntf_00000000000070008000000000000009:retry";
    assert_eq!(world.admin(none, None).await.problem(), (404, "not_found"));
}
