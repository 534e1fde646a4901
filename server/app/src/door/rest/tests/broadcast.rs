//! The doors of a broadcast worker.

use serde_json::{Value, json};

use super::world::{INSTALLATION, World, text};

const PUSH: &str = "POST /compat/broadcast/send_messages_push";
const EMAIL: &str = "POST /compat/broadcast/send_messages_email";

fn push() -> Value {
    json!({
        "key": "notice-17", "title": "Notice", "text": "Read it", "device_ids": [INSTALLATION],
    })
}

async fn notification(world: &World, id: &Value) -> Value {
    let line = format!("GET /v1/notifications/{}", text(id));
    world.admin(&line, None).await.body
}

#[tokio::test]
async fn a_message_to_a_device_is_a_notification_of_its_owner() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let unknown = "ins_ffffffffffffffffffffffffffffffff";
    let mut message = push();
    message["device_ids"] = json!([INSTALLATION, unknown, INSTALLATION]);
    let accepted = world.admin(PUSH, Some(message.clone())).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    let id = accepted.body["notification_id"].clone();
    // An unknown device is answered like a known one.
    let receivers = json!({"device_ids": [INSTALLATION, unknown], "emails": []});
    let expected =
        json!({"notification_id": id, "success_receivers": receivers, "replayed": false});
    assert_eq!(accepted.body, expected);
    let view = notification(&world, &id).await;
    assert_eq!(view["counts"]["pending"], 1, "{view}");
    assert_eq!(view["external_id"], "notice-17");
    assert_eq!(view["notification"]["body"], "Read it");

    let again = world.admin(PUSH, Some(message.clone())).await;
    assert_eq!((again.status, &again.body["replayed"]), (200, &json!(true)));
    assert_eq!(again.body["notification_id"], id);
    assert_eq!(again.body["success_receivers"], receivers);
    message["text"] = json!("Another");
    let other = world.admin(PUSH, Some(message)).await;
    assert_eq!(other.problem(), (422, "idempotency.mismatch"));
    let all = world.admin("GET /v1/notifications", None).await.body;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1), "{all}");
}

#[tokio::test]
async fn a_message_to_mailboxes_is_for_everybody_who_has_one() {
    let world = World::new().await;
    for user in ["anna", "bert"] {
        let line = format!("PUT /v1/users/{user}/email");
        let body = json!({"address": "home@shop.example"});
        assert_eq!(world.admin(&line, Some(body)).await.status, 204);
    }
    let emails = json!(["home@SHOP.example", "nobody@shop.example"]);
    let message = json!({"key": "notice-17", "title": "Notice", "text": "x", "emails": emails});
    let accepted = world.admin(EMAIL, Some(message)).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(accepted.body["success_receivers"]["emails"], emails);
    let id = text(&accepted.body["notification_id"]);
    let deliveries = format!("GET /v1/notifications/{id}/deliveries");
    let deliveries = world.admin(&deliveries, None).await.body;
    let users = deliveries["data"].as_array().unwrap().iter();
    let users: Vec<_> = users.map(|delivery| text(&delivery["user"])).collect();
    assert_eq!(users, ["anna", "bert"]);
    assert!(!deliveries.to_string().contains("shop.example"));
    // The same key is another message at the other door.
    assert_eq!(world.admin(PUSH, Some(push())).await.status, 200);
}

#[tokio::test]
async fn a_wrong_message_names_its_field_and_changes_nothing() {
    let world = World::new().await;
    let refused = |line: &'static str, field: &'static str, value: Value| {
        let world = &world;
        async move {
            let mut message = push();
            if line == EMAIL {
                message["emails"] = json!(["a@b.example"]);
                let fields = message.as_object_mut().unwrap();
                fields.remove("device_ids");
            }
            message[field] = value;
            let refused = world.admin(line, Some(message)).await;
            assert_eq!(refused.status, 422, "{field}: {refused:?}");
            assert!(!refused.body.to_string().contains("PLANTED"), "{refused:?}");
            text(&refused.body["errors"][0]["pointer"]).to_owned()
        }
    };
    for (line, field, value, pointer) in [
        (PUSH, "key", json!(""), "/key"),
        (PUSH, "key", json!("k".repeat(300)), "/key"),
        (PUSH, "title", json!(""), "/title"),
        (PUSH, "text", json!("PLANTED".repeat(600)), "/text"),
        (PUSH, "device_ids", json!([]), "/device_ids"),
        (PUSH, "device_ids", json!(["PLANTED"]), "/device_ids/0"),
        (PUSH, "to", json!({}), "/to"),
        (EMAIL, "emails", json!([]), "/emails"),
        (
            EMAIL,
            "emails",
            json!(["a@b.example", "PLANTED"]),
            "/emails/1",
        ),
        (EMAIL, "steps", json!([]), "/steps"),
    ] {
        assert_eq!(refused(line, field, value).await, pointer);
    }
    let all = world.admin("GET /v1/notifications", None).await.body;
    assert_eq!(all["data"], json!([]));
    let made = json!({"name": "reader", "scopes": ["read", "audience"]});
    let made = world.admin("POST /v1/keys", Some(made)).await;
    let key = text(&made.body["key"]).to_owned();
    assert_eq!(world.call(PUSH, &key, Some(push())).await.status, 403);
    assert_eq!(world.call(PUSH, "vk_wrong", Some(push())).await.status, 401);
}
