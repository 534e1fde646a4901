//! What users do not want.

use serde_json::{Value, json};

use super::world::{World, text};

const OF_ANNA: &str = "/v1/users/anna/preferences";

async fn change(world: &World, value: Value) -> Value {
    let changed = world.admin(&format!("PATCH {OF_ANNA}"), Some(value)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    changed.body
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
    let changed = change(
        &world,
        json!({"opt_out": {"categories": {"promotions": true}}}),
    )
    .await;
    let said = json!({"opt_out": {"all": false, "categories": ["promotions"], "topics": []}});
    assert_eq!(changed, said);
    let (delivery, told) = promotion(&world).await;
    assert_eq!(delivery["status"], "suppressed");
    assert_eq!(delivery["reason"], "optout.category");
    assert!(told.contains("category"), "{told}");
    // The user changes it, on a device of theirs.
    let own = world.call("GET /v1/preferences", token, None).await;
    assert_eq!(own.body, said);
    let again = json!({"opt_out": {"categories": {"promotions": false}, "topics": {"news": true}}});
    let again = world
        .call("PATCH /v1/preferences", token, Some(again))
        .await;
    assert_eq!(again.status, 200, "{again:?}");
    let left = json!({"opt_out": {"all": false, "categories": [], "topics": ["news"]}});
    assert_eq!(again.body, left);
    let (delivery, _) = promotion(&world).await;
    assert_eq!(delivery["status"], "pending");
    let shown = world.admin(&format!("GET {OF_ANNA}"), None).await;
    assert_eq!(shown.body, left);
}

#[tokio::test]
async fn what_is_said_badly_changes_nothing() {
    let world = World::new().await;
    let said = change(&world, json!({"opt_out": {"all": true}})).await;
    let names = |count: usize| -> Value { (0..count).map(|n| (format!("c{n}"), true)).collect() };
    for (wrong, pointer) in [
        (
            json!({"opt_out": {"categories": {"two words": true}}}),
            "/opt_out/categories/two words",
        ),
        (
            json!({"opt_out": {"categories": ["news"]}}),
            "/opt_out/categories",
        ),
        (
            json!({"opt_out": {"topics": {"news": "no"}}}),
            "/opt_out/topics/news",
        ),
        (json!({"opt_out": {"colours": {}}}), "/opt_out/colours"),
        (json!({"colours": {}}), "/colours"),
        (
            json!({"opt_out": {"all": false, "categories": names(101)}}),
            "/opt_out/categories",
        ),
        (
            json!({"opt_out": {"topics": names(201)}}),
            "/opt_out/topics",
        ),
    ] {
        let answer = world.admin(&format!("PATCH {OF_ANNA}"), Some(wrong)).await;
        assert_eq!(answer.problem(), (422, "request.invalid"), "{answer:?}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{answer:?}");
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
    let key = world.admin("PATCH /v1/preferences", all()).await;
    assert_eq!(key.status, 403, "a key is no device: {key:?}");
    let device = world.call(&format!("PATCH {OF_ANNA}"), &token, all()).await;
    assert_eq!(device.status, 403, "a device is no backend: {device:?}");
    let whole = world.call("PUT /v1/preferences", &token, all()).await;
    assert_eq!(
        whole.status, 405,
        "nobody overwrites what others said: {whole:?}"
    );
    assert_eq!(world.log_in("bert", 1).await.status, 200);
    let former = world.call("PATCH /v1/preferences", &token, all()).await;
    assert_eq!(former.status, 401, "{former:?}");
    let shown = world.admin(&format!("GET {OF_ANNA}"), None).await;
    assert_eq!(shown.body["opt_out"]["all"], false);
    let nobody = world.admin("GET /v1/users/nobody/preferences", None).await;
    assert_eq!(nobody.body["opt_out"]["all"], false);
}
