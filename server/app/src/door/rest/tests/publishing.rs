//! Publishing, and what becomes of it.

use std::collections::HashSet;

use axum::{body::Body, http::Request};
use futures_util::FutureExt as _;
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};
use vestnik_model::AppId;

use super::world::{INSTALLATION, World, request, text};
use crate::{bus::Hint, operation};

fn to_anna() -> Value {
    json!({"to": {"users": ["anna"]}, "notification": {"title": "Order 8812"}})
}

#[tokio::test]
async fn a_notification_is_accepted_and_found_again() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let accepted = world.admin("POST /v1/notifications", Some(to_anna())).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let id = text(&accepted.body["id"]);
    // Relative to /v1/notifications, below whatever prefix the server stands.
    assert_eq!(
        accepted.headers["location"],
        format!("notifications/{id}").as_str()
    );
    let view = world
        .admin(&format!("GET /v1/notifications/{id}"), None)
        .await;
    assert_eq!(view.body["counts"]["pending"], 1, "{view:?}");
    let hints = world.hints.lock().unwrap();
    let is_annas = |hint: &Hint| matches!(hint, Hint::Log { user, .. } if user.as_str() == "anna");
    assert!(hints.iter().any(is_annas));
}

#[tokio::test]
async fn what_is_scheduled_is_shown_and_changed_until_its_time() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let in_an_hour = world.state.clock.now() + SignedDuration::from_hours(1);
    let mut body = to_anna();
    body["schedule"] = json!({"send_at": in_an_hour});
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(accepted.body["status"], "scheduled", "{accepted:?}");
    let path = format!("/v1/notifications/{}", text(&accepted.body["id"]));
    let view = world.admin(&format!("GET {path}"), None).await;
    assert_eq!(view.body["legacy_status"], "SCHEDULED", "{view:?}");
    assert_eq!(view.body["schedule"], json!({"send_at": in_an_hour}));
    let patch = async |body: Value| world.admin(&format!("PATCH {path}"), Some(body)).await;
    let changed = patch(json!({"notification": {"title": "Order 8813"}})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["notification"]["title"], "Order 8813");
    let wrong = patch(json!({"schedule": {"send_at": "at nine"}})).await;
    assert_eq!(wrong.problem(), (422, "request.invalid"));
    assert_eq!(wrong.body["errors"][0]["pointer"], "/schedule/send_at");
    let line = format!("PATCH {path}");
    let stranger = world.call(&line, "vk_wrong", Some(json!({}))).await;
    assert_eq!(stranger.status, 401);
    let cancel = world.admin(&format!("POST {path}:cancel"), None).await;
    assert_eq!(cancel.status, 200);
    assert_eq!(cancel.body["status"], "cancelled", "{cancel:?}");
    assert_eq!(cancel.body["is_recalled"], false);
    let late = patch(json!({"ttl_seconds": 60})).await;
    assert_eq!(late.problem(), (409, "notification.not_editable"));
    let view = world.admin(&format!("GET {path}"), None).await;
    assert_eq!(view.body["status"], "cancelled");
}

#[tokio::test]
async fn a_mailing_is_paused_and_resumed() {
    let world = World::new().await;
    let in_an_hour = (world.state.clock.now() + SignedDuration::from_hours(1)).to_string();
    let mut body = to_anna();
    body["schedule"] = json!({"send_at": in_an_hour});
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    let path = format!("/v1/notifications/{}", text(&accepted.body["id"]));
    let act = async |verb: &str| world.admin(&format!("POST {path}:{verb}"), None).await;
    for _ in 0..2 {
        let paused = act("pause").await;
        assert_eq!(paused.status, 200, "{paused:?}");
        assert!(paused.body["paused_at"].is_string(), "{paused:?}");
    }
    let resumed = act("resume").await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert!(resumed.body["paused_at"].is_null(), "{resumed:?}");
    let line = format!("POST {path}:pause");
    let stranger = world.call(&line, "vk_wrong", None).await;
    assert_eq!(stranger.status, 401);
    let unknown = "POST /v1/notifications/ntf_00000000000000000000000000000001:pause";
    assert_eq!(world.admin(unknown, None).await.status, 404);
    act("cancel").await;
    let late = act("pause").await;
    assert_eq!(late.problem(), (409, "notification.not_editable"));
}

#[tokio::test]
async fn a_schedule_that_cannot_be_kept_is_refused() {
    let world = World::new().await;
    let refused = async |schedule: Value| {
        let mut body = to_anna();
        body["schedule"] = schedule;
        let answer = world.admin("POST /v1/notifications", Some(body)).await;
        assert_eq!(answer.problem(), (422, "request.invalid"), "{answer:?}");
        text(&answer.body["errors"][0]["pointer"]).to_owned()
    };
    let far = json!({"send_at": "9999-01-01T00:00:00Z"});
    assert_eq!(refused(far).await, "/schedule/send_at");
    let nowhere = json!({"send_at": "2026-12-01T09:00:00", "time_zone": "Mars/Olympus"});
    assert_eq!(refused(nowhere).await, "/schedule/time_zone");
    let window = json!({"window": {"from": "nine", "to": "21:00"}, "time_zone": "Europe/Berlin"});
    assert_eq!(refused(window).await, "/schedule/window/from");
    let nobody = json!({"throttle_per_minute": 0});
    assert_eq!(refused(nobody).await, "/schedule/throttle_per_minute");
}

#[tokio::test]
async fn a_recipients_own_time_is_waited_for() {
    let world = World::new().await;
    let tomorrow = world.state.clock.now() + SignedDuration::from_hours(48);
    let day = tomorrow.to_zoned(TimeZone::UTC).date();
    let zone = json!({"time_zone": "asia/tokyo", "quiet_hours": {"from": "22:00", "to": "07:00"}});
    let put = world.admin("PUT /v1/users/anna", Some(zone)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let known = world.admin("GET /v1/users/anna", None).await;
    assert_eq!(known.body["time_zone"], "Asia/Tokyo");
    assert_eq!(known.body["quiet_hours"]["to"], "07:00");
    let mut body = to_anna();
    body["schedule"] = json!({
        "send_at": format!("{day}T09:00:00"), "time_zone": "recipient",
        "window": {"from": "09:00", "to": "21:00"}, "throttle_per_minute": 100,
    });
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(accepted.body["status"], "scheduled");
}

#[tokio::test]
async fn settings_are_set_whole() {
    let world = World::new().await;
    let settings = async || world.admin("GET /v1/settings", None).await.body;
    assert_eq!(settings().await, json!({}));
    let berlin = json!({"time_zone": "Europe/Berlin"});
    let put = world.admin("PUT /v1/settings", Some(berlin.clone())).await;
    assert_eq!(put.status, 204, "{put:?}");
    assert_eq!(settings().await, berlin);
    let nowhere = json!({"time_zone": "Mars/Olympus"});
    let put = world.admin("PUT /v1/settings", Some(nowhere)).await;
    assert_eq!(put.problem(), (422, "request.invalid"));
    let put = world.admin("PUT /v1/settings", Some(json!({}))).await;
    assert_eq!(put.status, 204, "{put:?}");
    assert_eq!(settings().await, json!({}));
    let nobody = world.admin("GET /v1/users/nobody", None).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn a_local_time_of_a_zone_is_a_moment() {
    let world = World::new().await;
    let mut body = to_anna();
    let tomorrow = world.state.clock.now() + SignedDuration::from_hours(48);
    let day = tomorrow.to_zoned(TimeZone::UTC).date();
    body["schedule"] = json!({"send_at": format!("{day}T09:00:00"), "time_zone": "Asia/Tokyo"});
    body["ttl_seconds"] = json!(60);
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    let path = format!("/v1/notifications/{}", text(&accepted.body["id"]));
    let view = world.admin(&format!("GET {path}"), None).await;
    assert_eq!(
        view.body["opens_at"],
        format!("{day}T00:00:00Z"),
        "{view:?}"
    );
    assert_eq!(view.body["expires_at"], format!("{day}T00:01:00Z"));
}

/// The caller's connection breaks right after the request was given to the store.
#[tokio::test]
async fn a_caller_who_goes_away_changes_nothing_of_what_was_committed() {
    let world = World::new().await;
    let asked = serde_json::from_value(to_anna()).unwrap();
    let app = AppId::parse("shop").unwrap();
    // One poll gives the request to the store. The future is dropped before its answer is taken, unless
    // the store was done within that poll.
    drop(operation::publish(world.state.publishing(), app, asked, None).now_or_never());
    // What is published later is written later.
    let body = json!({"to": {"users": ["boris"]}, "notification": {"title": "t"}});
    let later = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(later.status, 202, "{later:?}");
    let list = world.admin("GET /v1/notifications", None).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2);
    let hints = world.hints.lock().unwrap();
    let is_annas = |hint: &Hint| matches!(hint, Hint::Log { user, .. } if user.as_str() == "anna");
    assert!(hints.iter().any(is_annas));
    let changed = hints.iter().filter_map(|hint| match hint {
        Hint::Notification { id, .. } => Some(*id),
        Hint::Log { .. }
        | Hint::Event { .. }
        | Hint::Stopped { .. }
        | Hint::Revoked { .. }
        | Hint::WorkDue(_) => None,
    });
    assert_eq!(changed.collect::<HashSet<_>>().len(), 2);
}

#[tokio::test]
async fn a_repeated_request_is_accepted_though_it_could_not_be_published_any_more() {
    let world = World::new().await;
    let account = json!({"providers": [{
        "name": "main", "gateway": "sms", "origin": "https://sms.example",
        "settings": {"token": "secret"},
    }]});
    let put = world.admin("PUT /v1/providers/sms", Some(account)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let in_an_hour = world.state.clock.now() + SignedDuration::from_hours(1);
    let by_sms = json!({"steps": [{"channel": "sms"}]});
    let scheduled = json!({"schedule": {"send_at": in_an_hour}});
    let publish = async |own: &Value, key: &str| {
        let mut body = to_anna();
        body.as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        body["idempotency_key"] = json!(key);
        world.admin("POST /v1/notifications", Some(body)).await
    };
    let first = [publish(&by_sms, "a").await, publish(&scheduled, "b").await];
    assert_eq!(
        world.admin("DELETE /v1/providers/sms", None).await.status,
        204
    );
    world.advance(7_200);
    let again = [publish(&by_sms, "a").await, publish(&scheduled, "b").await];
    for (again, first) in again.iter().zip(&first) {
        assert_eq!((first.status, again.status), (202, 202), "{again:?}");
        assert_eq!(again.body["id"], first.body["id"]);
        assert_eq!(again.headers["idempotency-replayed"], "true");
    }
    // A new request is refused, also under a key that stands for another one.
    let refused = publish(&by_sms, "c").await;
    assert_eq!(refused.problem(), (422, "request.invalid"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/steps/0/channel");
    let other = publish(&scheduled, "a").await;
    assert_eq!(other.problem(), (422, "idempotency.mismatch"));
}

#[tokio::test]
async fn a_repeated_request_has_the_stored_answer() {
    let world = World::new().await;
    let publish = async |keys: &[&str], title: &str| {
        let body = json!({"to": {"users": ["anna"]}, "notification": {"title": title}});
        let mut asked = request("POST /v1/notifications", &world.keys.admin_key, Some(body));
        for key in keys {
            asked
                .headers_mut()
                .append("idempotency-key", key.parse().unwrap());
        }
        world.request(asked).await
    };
    let first = publish(&["a"], "t").await;
    let cancel = format!("POST /v1/notifications/{}:cancel", text(&first.body["id"]));
    assert_eq!(world.admin(&cancel, None).await.status, 200);
    let again = publish(&["a"], "t").await;
    assert_eq!((again.status, &again.body["id"]), (202, &first.body["id"]));
    // As it was answered then, not as it stands now.
    assert_eq!(again.body["status"], first.body["status"]);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = publish(&["a"], "u").await;
    assert_eq!(other.problem(), (422, "idempotency.mismatch"));
    assert_eq!(
        publish(&["b", "c"], "t").await.problem(),
        (422, "request.invalid")
    );
}

#[tokio::test]
async fn unknown_topics_are_refused_by_their_places() {
    let world = World::new().await;
    let put = world.admin("PUT /v1/topics/orders", Some(json!({}))).await;
    assert_eq!(put.status, 204, "{put:?}");
    let body =
        json!({"to": {"topics": ["oders", "orders", "news"]}, "notification": {"title": "t"}});
    let refused = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(refused.problem(), (422, "topic.unknown"));
    let pointers = refused.body["errors"].as_array().unwrap().iter();
    let pointers: Vec<_> = pointers.map(|error| text(&error["pointer"])).collect();
    assert_eq!(pointers, ["/to/topics/0", "/to/topics/2"]);
}

#[tokio::test]
async fn an_empty_audience_is_accepted_with_a_warning() {
    let world = World::new().await;
    let body = json!({
        "to": {"users": ["anna"], "exclude_users": ["anna"]}, "notification": {"title": "t"},
    });
    let accepted = world.admin("POST /v1/notifications", Some(body)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(accepted.body["warnings"], json!(["audience.empty"]));
}

#[tokio::test]
async fn a_recalled_notification_cannot_be_delivered() {
    let world = World::new().await;
    assert_eq!(world.log_in("anna", 1).await.status, 200);
    let accepted = world.admin("POST /v1/notifications", Some(to_anna())).await;
    let id = text(&accepted.body["id"]).to_owned();
    let act = async |verb: &str| {
        let line = format!("POST /v1/notifications/{id}{verb}");
        world.admin(&line, None).await
    };
    let recalled = act(":recall").await;
    assert_eq!(recalled.status, 200);
    assert_eq!(recalled.body["counts"]["cancelled"], 1, "{recalled:?}");
    let view = world
        .admin(&format!("GET /v1/notifications/{id}"), None)
        .await;
    assert_eq!(view.body["status"], "cancelled", "{view:?}");
    assert_eq!(view.body["is_recalled"], true);
    assert_eq!(recalled.body, view.body);
    assert_eq!(act("").await.problem(), (405, "method_not_allowed"));
    assert_eq!(act(":forget").await.problem(), (404, "not_found"));
    let unknown = "POST /v1/notifications/ntf_00000000000000000000000000000001:cancel";
    assert_eq!(
        world.admin(unknown, None).await.problem(),
        (404, "not_found")
    );
}

#[tokio::test]
async fn facts_are_answered_one_by_one() {
    let world = World::new().await;
    let access = world.log_in("anna", 1).await;
    let access = text(&access.body["access_token"]).to_owned();
    let accepted = world.admin("POST /v1/notifications", Some(to_anna())).await;
    let fact = |id: &str, kind: &str| {
        json!({"id": id, "kind": kind, "notificationId": accepted.body["id"],
            "at": "2026-11-28T09:00:00Z"})
    };
    let body = json!({"facts": [fact("1", "glanced"), fact("2", "delivered"), null]});
    let reported = world.call("POST /v1/receipts", &access, Some(body)).await;
    let results = reported.body["results"].as_array().unwrap().iter();
    let results: Vec<_> = results
        .map(|result| (text(&result["id"]), text(&result["outcome"])))
        .collect();
    assert_eq!(
        results,
        [("1", "refused"), ("2", "stored"), ("", "refused")]
    );
    let line = format!("DELETE /v1/installations/{INSTALLATION}");
    assert_eq!(world.call(&line, &access, None).await.status, 204);
    let body = json!({"facts": [fact("3", "read")]});
    let late = world.call("POST /v1/receipts", &access, Some(body)).await;
    assert_eq!(late.problem(), (401, "auth.revoked"));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_document() {
    let world = World::new().await;
    let key = &world.keys.admin_key;
    let path = world.admin("GET /v1/notifications/%FF", None).await;
    assert_eq!(path.problem(), (400, "request.malformed"));
    let path = world.admin("PUT /v1/topics/t/subscribers/%FF", None).await;
    assert_eq!(path.problem(), (400, "request.malformed"));
    let coded = Request::post("/v1/notifications")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(Body::from("x"))
        .unwrap();
    assert_eq!(
        world.request(coded).await.problem(),
        (415, "request.media_type")
    );
    let cursor = "GET /v1/notifications?cursor=dlv_00000000000000000000000000000001";
    assert_eq!(
        world.admin(cursor, None).await.problem(),
        (422, "request.invalid")
    );
}
