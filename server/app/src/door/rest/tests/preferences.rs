//! What users do not want.

use serde_json::{Value, json};

use super::world::{World, text};

const OF_ANNA: &str = "/v1/users/anna/preferences";

async fn put(world: &World, value: Value) {
    let put = world.admin(&format!("PUT {OF_ANNA}"), Some(value)).await;
    assert_eq!(put.status, 204, "{put:?}");
}

/// Publishes a promotion to Anna and tells what became of it to her, and how that is explained.
async fn promotion(world: &World) -> (Value, String) {
    let body = json!({
        "to": {"users": ["anna"]},
        "notification": {"title": "Sale", "category": "promotions", "priority": "critical"},
    });
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let id = text(&accepted.body["id"]);
    let deliveries = world
        .admin(&format!("GET /v1/notifications/{id}/deliveries"), None)
        .await;
    let path = format!("/v1/notifications/{id}/explain?user=anna");
    let told = world.admin(&format!("GET {path}"), None).await;
    (
        deliveries.body["data"][0].clone(),
        told.body["statements"].to_string(),
    )
}

#[tokio::test]
async fn nothing_goes_round_an_opt_out() {
    let world = World::new().await;
    let session = world.log_in("anna", 1).await;
    let token = text(&session.body["access_token"]);
    put(&world, json!({"opt_out": {"categories": ["promotions"]}})).await;
    let (delivery, told) = promotion(&world).await;
    assert_eq!(delivery["status"], "suppressed");
    assert_eq!(delivery["reason"], "optout.category");
    assert!(told.contains("category"), "{told}");
    // The user changes it, on a device of theirs.
    let own = world.call("GET /v1/preferences", token, None).await;
    let said = json!({"all": false, "categories": ["promotions"], "topics": []});
    assert_eq!(own.body, json!({"opt_out": said}));
    let again = world
        .call("PUT /v1/preferences", token, Some(json!({})))
        .await;
    assert_eq!(again.status, 204, "{again:?}");
    let (delivery, _) = promotion(&world).await;
    assert_eq!(delivery["status"], "pending");
    let shown = world.admin(&format!("GET {OF_ANNA}"), None).await;
    let nothing = json!({"all": false, "categories": [], "topics": []});
    assert_eq!(shown.body, json!({"opt_out": nothing}));
}

#[tokio::test]
async fn what_is_said_badly_changes_nothing() {
    let world = World::new().await;
    let said = json!({"opt_out": {"all": true, "categories": [], "topics": []}});
    put(&world, said.clone()).await;
    let many: Vec<_> = (0..101).map(|number| format!("c{number}")).collect();
    for (wrong, pointer) in [
        (
            json!({"opt_out": {"categories": ["two words"]}}),
            "/opt_out/categories/0",
        ),
        (json!({"opt_out": {"topics": [""]}}), "/opt_out/topics/0"),
        (json!({"opt_out": {"colours": []}}), "/opt_out/colours"),
        (
            json!({"opt_out": {"categories": many}}),
            "/opt_out/categories",
        ),
    ] {
        let put = world.admin(&format!("PUT {OF_ANNA}"), Some(wrong)).await;
        assert_eq!(put.problem(), (422, "request.invalid"), "{put:?}");
        assert_eq!(put.body["errors"][0]["pointer"], pointer, "{put:?}");
    }
    let shown = world.admin(&format!("GET {OF_ANNA}"), None).await;
    assert_eq!(shown.body, said);
}

#[tokio::test]
async fn preferences_are_the_users_and_their_apps() {
    let world = World::new().await;
    let session = world.log_in("anna", 1).await;
    let token = text(&session.body["access_token"]).to_owned();
    let all = || Some(json!({"opt_out": {"all": true}}));
    let key = world.admin("PUT /v1/preferences", all()).await;
    assert_eq!(key.status, 403, "a key is no device: {key:?}");
    let device = world.call(&format!("PUT {OF_ANNA}"), &token, all()).await;
    assert_eq!(device.status, 403, "a device is no backend: {device:?}");
    assert_eq!(world.log_in("bert", 1).await.status, 200);
    let former = world.call("PUT /v1/preferences", &token, all()).await;
    assert_eq!(former.status, 401, "{former:?}");
    let shown = world.admin(&format!("GET {OF_ANNA}"), None).await;
    assert_eq!(shown.body["opt_out"]["all"], false);
    let nobody = world.admin("GET /v1/users/nobody/preferences", None).await;
    assert_eq!(nobody.body["opt_out"]["all"], false);
}
