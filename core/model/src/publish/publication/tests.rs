use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    notification::TrafficType,
    problem::FieldCode,
    publish::{MAX_DATA_BYTES, MAX_TTL_SECONDS},
};

fn full() -> Value {
    json!({
        "to": {
            "users": ["u-42"], "topics": ["orders"],
            "installations": ["ins_0192f0c1000070008000000000000001"], "exclude_users": ["u-7"],
        },
        "notification": {
            "title": "Order 8812", "body": "On its way", "image": "https://cdn.example/x.jpg",
            "category": "order_status", "traffic_type": "service", "priority": "high",
            "click": {"type": "app", "url": "shop://orders/8812"}, "data": {"order": {"id": 8812}},
        },
        "ttl_seconds": 3600, "external_id": "8812", "correlation_id": "proc-77",
        "idempotency_key": "order-8812-shipped",
    })
}

fn request(value: Value) -> PublishRequest {
    serde_json::from_value(value).unwrap()
}

#[track_caller]
fn check_refused(path: &str, value: Value, expected: (&str, FieldCode)) {
    let mut wrong = full();
    *wrong.pointer_mut(path).unwrap() = value;
    let problem = Publication::parse(request(wrong)).unwrap_err();
    let found: Vec<_> = problem
        .errors
        .iter()
        .map(|e| (e.pointer.as_str(), e.code.known().unwrap()))
        .collect();
    assert_eq!(found, [expected]);
}

#[test]
fn a_full_request_becomes_a_notification() {
    let publication = Publication::parse(request(full())).unwrap();
    let id = NotificationId::from_uuid(Uuid::from_u128(7));
    let accepted_at = "2026-11-21T09:00:00Z".parse().unwrap();
    insta::assert_json_snapshot!(publication.accept(id, accepted_at));
}

#[test]
fn the_request_survives_its_own_json() {
    let request = request(full());
    insta::assert_json_snapshot!(request);
    let again = serde_json::from_value(serde_json::to_value(&request).unwrap()).unwrap();
    assert_eq!(request, again);
}

#[test]
fn the_hub_spelling_is_understood() {
    let spelled = json!({
        "to": {"users": ["u"]}, "ttlSeconds": 5, "externalId": "e",
        "notification": {"title": "t", "trafficType": "authentication"},
    });
    let publication = Publication::parse(request(spelled)).unwrap();
    assert_eq!(publication.ttl, SignedDuration::from_secs(5));
    assert_eq!(
        publication.content.traffic_type,
        TrafficType::Authentication
    );
}

#[test]
fn each_wrong_field_is_named() {
    use FieldCode::{Malformed, Missing, OutOfRange, TooLong};
    check_refused("/to", json!({}), ("/to", Missing));
    check_refused(
        "/notification/title",
        json!(" "),
        ("/notification/title", Missing),
    );
    check_refused(
        "/notification/title",
        json!("x".repeat(257)),
        ("/notification/title", TooLong),
    );
    check_refused(
        "/notification/body",
        json!("\u{0}"),
        ("/notification/body", Malformed),
    );
    check_refused(
        "/notification/image",
        json!("http://a/b"),
        ("/notification/image", Malformed),
    );
    check_refused(
        "/notification/click",
        json!({"type": "webview", "url": "javascript:alert(1)"}),
        ("/notification/click/url", Malformed),
    );
    let data = json!({"x": "y".repeat(MAX_DATA_BYTES)});
    check_refused("/notification/data", data, ("/notification/data", TooLong));
    check_refused("/ttl_seconds", json!(0), ("/ttl_seconds", OutOfRange));
    check_refused(
        "/ttl_seconds",
        json!(MAX_TTL_SECONDS + 1),
        ("/ttl_seconds", OutOfRange),
    );
    check_refused("/external_id", json!(""), ("/external_id", Missing));
    check_refused(
        "/correlation_id",
        json!("x".repeat(65)),
        ("/correlation_id", TooLong),
    );
    check_refused(
        "/idempotency_key",
        json!("a\tb"),
        ("/idempotency_key", Malformed),
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let wrong = json!({"to": {}, "notification": {"title": "", "image": "x"}, "ttl_seconds": 0});
    assert_eq!(
        Publication::parse(request(wrong)).unwrap_err().errors.len(),
        4
    );
}

#[test]
fn a_misspelt_field_is_refused() {
    let mut wrong = full();
    wrong["tll_seconds"] = json!(1);
    let error = serde_json::from_value::<PublishRequest>(wrong).unwrap_err();
    assert!(
        error.to_string().contains("unknown field `tll_seconds`"),
        "{error}"
    );
}
