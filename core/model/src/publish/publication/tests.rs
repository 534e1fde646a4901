use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    entry::{Arrival, Entry},
    id::DeliveryId,
    installation::Platform,
    limits::ENTRY_BYTES,
    notification::{Priority, TrafficType},
    problem::{FieldCode, ProblemCode, hub_pointer},
    publish::{MAX_DATA_BYTES, MAX_TTL_SECONDS, PublishAccepted, canonical},
    status::NotificationStatus,
    text::{Body, Title},
    warning::Warning,
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
        "schedule": {
            "send_at": "2026-11-21T10:00:00", "time_zone": "recipient", "on_no_time_zone": "drop",
            "window": {"from": "09:00", "to": "21:00", "weekdays": [1, 2, 3, 4, 5]},
            "on_missed_window": "drop", "deadline": "2026-11-23T18:00:00Z",
            "respect_quiet_hours": false, "throttle_per_minute": 1200,
        },
        "ttl_seconds": 3600, "external_id": "8812", "correlation_id": "proc-77", "collapse_key": "order-8812",
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
        "to": {"users": ["u"], "minAppVersion": {"ios": "3.0"}}, "ttlSeconds": 5, "externalId": "e",
        "notification": {"title": "t", "trafficType": "authentication"},
    });
    let publication = Publication::parse(request(spelled)).unwrap();
    assert_eq!(publication.ttl, SignedDuration::from_secs(5));
    assert_eq!(
        publication.content.traffic_type,
        TrafficType::Authentication
    );
    let oldest = publication.audience.min_app_version().of(Platform::Ios);
    assert_eq!(oldest, "3.0.0".parse().ok());
}

#[test]
fn an_oldest_version_of_the_app_is_checked_by_platform() {
    let asked = |versions: Value| {
        let mut asked = full();
        asked["to"]["min_app_version"] = versions;
        request(asked)
    };
    for none in [json!(null), json!({})] {
        assert_eq!(canonical(&asked(none.clone())), canonical(&request(full())));
        let publication = Publication::parse(asked(none)).unwrap();
        assert!(publication.audience.min_app_version().is_empty());
    }
    let form = canonical(&asked(json!({"ios": "3.0", "android": "3.1.0"})));
    let form = String::from_utf8(form).unwrap();
    assert!(
        form.contains(r#""min_app_version":{"android":"3.1.0","ios":"3.0"}"#),
        "{form}"
    );
    let wrong = json!({"android": "v3", "fridge": "1", "ios": "3.0"});
    let problem = Publication::parse(asked(wrong)).unwrap_err();
    let pointers = problem
        .errors
        .iter()
        .map(|error| hub_pointer(&error.pointer));
    let expected = ["/to/minAppVersion/android", "/to/minAppVersion/fridge"];
    assert_eq!(pointers.collect::<Vec<_>>(), expected);
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
    check_refused(
        "/schedule/send_at",
        json!("at nine"),
        ("/schedule/send_at", Malformed),
    );
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
    check_refused("/collapse_key", json!(""), ("/collapse_key", Missing));
    check_refused(
        "/collapse_key",
        json!("x".repeat(65)),
        ("/collapse_key", TooLong),
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

/// Reads JSON text as the server's door does, by a deserialiser that keeps the path.
fn read(text: &str) -> PublishRequest {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap()
}

#[track_caller]
fn pointers(request: PublishRequest) -> Vec<String> {
    let problem = Publication::parse(request).unwrap_err();
    problem
        .errors
        .into_iter()
        .map(|error| error.pointer)
        .collect()
}

#[test]
fn a_number_that_doubles_change_is_refused_in_its_place() {
    let text = r#"{"to": {"users": ["a"]}, "notification": {"title": "n", "data":
        {"n": 18446744073709551616, "pi": 3.14159265358979323846, "ok": 1.5, "list": [0, {"a/b": 9007199254740993}]}}}"#;
    let expected = [
        "/notification/data/list/1/a~1b",
        "/notification/data/n",
        "/notification/data/pi",
    ];
    assert_eq!(pointers(read(text)), expected);
    // Decoded values have lost their text: what rounding leaves of an integer is found, of a fraction not.
    let decoded: Value = serde_json::from_str(text).unwrap();
    assert_eq!(pointers(request(decoded)), expected[..2]);
    let packed = rmp_serde::to_vec_named(&json!({
        "to": {"users": ["a"]}, "notification": {"title": "n", "data": {"n": u64::MAX}},
    }))
    .unwrap();
    assert_eq!(
        pointers(rmp_serde::from_slice(&packed).unwrap()),
        expected[1..2]
    );
}

#[test]
fn an_error_policy_is_one_of_its_words_and_makes_another_request() {
    let asked = |policy: Value| {
        let asked = json!({
            "to": {"users": ["a"]}, "notification": {"title": "n"}, "error_policy": policy,
        });
        serde_json::from_value::<PublishRequest>(asked)
    };
    let policy = |word| {
        Publication::parse(asked(word).unwrap())
            .unwrap()
            .error_policy
    };
    for (word, expected) in [
        (Value::Null, ErrorPolicy::Any),
        (json!("any"), ErrorPolicy::Any),
        (json!("majority"), ErrorPolicy::Majority),
        (json!("all"), ErrorPolicy::All),
    ] {
        assert_eq!(policy(word), expected);
    }
    for wrong in [json!("most"), json!("ANY"), json!(1), json!(["any"])] {
        assert!(asked(wrong.clone()).is_err(), "{wrong}");
    }
    let form = |word| canonical(&asked(word).unwrap());
    // What says nothing is the request of a sender who knows no policy.
    assert_eq!(form(json!("any")), form(Value::Null));
    let forms = ["any", "majority", "all"].map(|word| form(json!(word)));
    assert!(forms[0] != forms[1] && forms[1] != forms[2] && forms[0] != forms[2]);
}

#[test]
fn numbers_that_doubles_keep_arrive_untouched() {
    let data = r#"{"amount":1999.99,"big":9007199254740992,"lat":55.75582600000001,"n":-0.1}"#;
    let text = format!(
        r#"{{"to": {{"users": ["a"]}}, "notification": {{"title": "n", "data": {data}}}}}"#
    );
    let publication = Publication::parse(read(&text)).unwrap();
    let arrived = serde_json::to_string(&publication.content.data).unwrap();
    assert_eq!(arrived, data);
}

#[test]
fn a_null_word_is_the_default() {
    let text = r#"{"to": {"users": ["a"]}, "notification":
        {"title": "t", "priority": null, "traffic_type": null, "click": null, "data": null, "image": null}}"#;
    let content = Publication::parse(read(text)).unwrap().content;
    assert_eq!(
        (content.priority, content.traffic_type),
        (Priority::Normal, TrafficType::Transactional)
    );
    let wrong = text.replacen("null", "\"urgent\"", 1);
    let error = serde_json::from_str::<PublishRequest>(&wrong).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("unknown variant `urgent`, expected one of `low`"),
        "{error}"
    );
}

#[test]
fn an_entry_is_measured_with_its_longest_ids_and_times() {
    let mut at_once = full();
    at_once["schedule"] = json!({});
    let publication = Publication::parse(request(at_once)).unwrap();
    let accepted_at = "2026-11-21T09:00:00.123456789Z".parse().unwrap();
    let arrival = Arrival {
        id: NotificationId::from_uuid(Uuid::from_u128(7)),
        at: accepted_at,
        delivery_id: DeliveryId::from_uuid(Uuid::from_u128(8)),
        read_at: Some(accepted_at),
        notification: publication
            .accept(NotificationId::from_uuid(Uuid::from_u128(7)), accepted_at),
    };
    let entry = Entry::Notification(Box::new(arrival));
    let json = serde_json::to_vec(&entry).unwrap().len();
    let packed = rmp_serde::to_vec_named(&entry).unwrap().len();
    assert!(json.max(packed) <= publication.entry_bytes());
    assert!(
        publication.entry_bytes() <= json.max(packed) + 4,
        "it is not measured too large"
    );
}

#[test]
fn the_largest_request_fits_an_entry_and_a_larger_one_is_refused() {
    let mut largest = full();
    largest["notification"]["title"] = json!("😀".repeat(Title::MAX_CHARS));
    largest["notification"]["body"] = json!("\"".repeat(Body::MAX_CHARS));
    largest["notification"]["data"] = json!({"x": "\"".repeat(1_000)});
    let mut publication = Publication::parse(request(largest)).unwrap();
    assert!(publication.entry_bytes() < ENTRY_BYTES);
    let huge = json!({"x": "y".repeat(ENTRY_BYTES)});
    publication.content.data = huge.as_object().cloned();
    let problem = publication.content.check_size().unwrap_err();
    assert_eq!(problem.code, ProblemCode::RequestTooLarge);
}

#[test]
fn the_answer_on_the_wire() {
    let accepted = PublishAccepted {
        id: NotificationId::from_uuid(Uuid::from_u128(7)),
        status: NotificationStatus::Sent,
        replayed: false,
        warnings: vec![Warning::AudienceEmpty.into()],
    };
    insta::assert_json_snapshot!(accepted);
    let newer = json!({"id": accepted.id, "status": "sent", "warnings": ["moon.full"], "mood": 1});
    let read: PublishAccepted = serde_json::from_value(newer).unwrap();
    assert_eq!(read.warnings[0].as_str(), "moon.full");
}
