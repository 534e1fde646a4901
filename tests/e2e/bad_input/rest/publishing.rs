//! Requests to publish: what cannot be read, has another form, or says what is not allowed.

use serde_json::json;
use vestnik_model::problem::FieldCode::{
    Malformed, Missing, NotAllowed, OutOfRange, TooLong, Unknown,
};

use super::{Case, good_but, publish};
use crate::bad_input::attacked::{field, plain};

pub(super) fn unreadable() -> Vec<Case> {
    let malformed = plain(400, "request.malformed");
    let deep = format!(
        r#"{{"to":{{"users":["a"]}},"notification":{{"title":"x","data":{{"x":{}1{}}}}}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let large = good_but("/notification/body", json!("x".repeat(300 * 1024)));
    let good = good_but("/ttl_seconds", json!(60));
    vec![
        publish("no body", malformed).body(""),
        publish("half an object", malformed).body("{"),
        publish("two values", malformed).body([&good[..], b"{}"].concat()),
        publish("not text", malformed).body(vec![b'"', 0xff, 0xfe, b'"']),
        publish("half a surrogate", malformed)
            .body(r#"{"to":{"users":["a"]},"notification":{"title":"\ud800"}}"#),
        publish("a number too many", malformed)
            .body(r#"{"to":{"users":["a"]},"notification":{"title":"x"},"ttl_seconds":1e999}"#),
        publish("nested 200 deep", field("/notification/data", TooLong)).body(deep),
        publish("too large", plain(413, "request.too_large")).body(large),
        publish("no content type", plain(415, "request.media_type")).header("content-type", ""),
        Case {
            body: good.clone(),
            ..publish("plain text", plain(415, "request.media_type"))
                .header("content-type", "text/plain")
        },
        Case {
            body: good,
            ..publish("a form", plain(415, "request.media_type"))
                .header("content-type", "application/x-www-form-urlencoded")
        },
    ]
}

pub(super) fn misshapen() -> Vec<Case> {
    let case =
        |name, pointer: &str, value, want| publish(name, want).body(good_but(pointer, value));
    vec![
        publish("an array", field("", Malformed)).body("[]"),
        publish("null", field("", Malformed)).body("null"),
        publish("nothing said", field("/notification", Missing)).body(r#"{"to":{"users":["a"]}}"#),
        publish("to nobody", field("/to", Missing)).body(r#"{"notification":{"title":"x"}}"#),
        publish("no title", field("/notification/title", Missing))
            .body(r#"{"to":{"users":["a"]},"notification":{}}"#),
        publish("a field twice", field("/to", NotAllowed))
            .body(r#"{"to":{"users":["a"]},"to":{},"notification":{"title":"x"}}"#),
        case(
            "an unknown field",
            "/colour",
            json!("red"),
            field("/colour", Unknown),
        ),
        case(
            "an unknown field within",
            "/notification/colour",
            json!("red"),
            field("/notification/colour", Unknown),
        ),
        case(
            "a number for a title",
            "/notification/title",
            json!(7),
            field("/notification/title", Malformed),
        ),
        case(
            "an unknown priority",
            "/notification/priority",
            json!("urgent"),
            field("/notification/priority", Malformed),
        ),
        case(
            "an unknown traffic type",
            "/notification/traffic_type",
            json!("spam"),
            field("/notification/traffic_type", Malformed),
        ),
        case(
            "a list for data",
            "/notification/data",
            json!([1]),
            field("/notification/data", Malformed),
        ),
        case(
            "a text for ttl",
            "/ttl_seconds",
            json!("60"),
            field("/ttl_seconds", Malformed),
        ),
        case(
            "a negative ttl",
            "/ttl_seconds",
            json!(-1),
            field("/ttl_seconds", Malformed),
        ),
        case(
            "a fraction for ttl",
            "/ttl_seconds",
            json!(1.5),
            field("/ttl_seconds", Malformed),
        ),
    ]
}

pub(super) fn bad_content() -> Vec<Case> {
    let at = |name, pointer: &'static str, value, kind| {
        publish(name, field(pointer, kind)).body(good_but(pointer, value))
    };
    let title = "/notification/title";
    let data = json!({ "x": "y".repeat(2_048) });
    vec![
        at("an empty title", title, json!(""), Missing),
        at(
            "an invisible title",
            title,
            json!("\u{200b}\u{2066} "),
            Missing,
        ),
        at("a long title", title, json!("я".repeat(257)), TooLong),
        at("a title of two lines", title, json!("a\nb"), Malformed),
        at("a title with a null", title, json!("a\0b"), Malformed),
        at(
            "a long body",
            "/notification/body",
            json!("я".repeat(4_001)),
            TooLong,
        ),
        at(
            "a body that rings",
            "/notification/body",
            json!("\u{7}"),
            Malformed,
        ),
        at(
            "a picture by http",
            "/notification/image",
            json!("http://a/x"),
            Malformed,
        ),
        at(
            "a picture by javascript",
            "/notification/image",
            json!("javascript:x"),
            Malformed,
        ),
        at(
            "a picture inside",
            "/notification/image",
            json!("data:image/png,x"),
            Malformed,
        ),
        at(
            "a link to javascript",
            "/notification/click/url",
            json!("javascript://%0aalert(1)"),
            Malformed,
        ),
        at(
            "a link to a file",
            "/notification/click/url",
            json!("file:///etc/passwd"),
            Malformed,
        ),
        at(
            "an unknown click",
            "/notification/click/type",
            json!("run"),
            Malformed,
        ),
        at(
            "a click with more",
            "/notification/click/run",
            json!("x"),
            Unknown,
        ),
        at(
            "a category with a space",
            "/notification/category",
            json!("a b"),
            Malformed,
        ),
        at("much data", "/notification/data", data, TooLong),
        at("no time to live", "/ttl_seconds", json!(0), OutOfRange),
        at(
            "too much time to live",
            "/ttl_seconds",
            json!(28 * 86_400 + 1),
            OutOfRange,
        ),
        at(
            "a long reference",
            "/external_id",
            json!("x".repeat(65)),
            TooLong,
        ),
        at("an empty reference", "/correlation_id", json!(""), Missing),
        at("an empty collapse key", "/collapse_key", json!(""), Missing),
        at(
            "a long collapse key",
            "/collapse_key",
            json!("x".repeat(65)),
            TooLong,
        ),
        at(
            "an empty idempotency key",
            "/idempotency_key",
            json!(""),
            Missing,
        ),
        at(
            "a long idempotency key",
            "/idempotency_key",
            json!("x".repeat(256)),
            TooLong,
        ),
        publish(
            "two idempotency keys",
            field("/idempotency_key", NotAllowed),
        )
        .body(good_but("/idempotency_key", json!("a")))
        .header("idempotency-key", "b"),
        publish(
            "a long idempotency header",
            field("/idempotency_key", TooLong),
        )
        .body(good_but("/ttl_seconds", json!(60)))
        .header("idempotency-key", "x".repeat(256)),
    ]
}

pub(super) fn bad_audience() -> Vec<Case> {
    let to = |name, value, want| publish(name, want).body(good_but("/to", value));
    let many: Vec<String> = (0..2_001).map(|n| n.to_string()).collect();
    vec![
        to("to nobody at all", json!({}), field("/to", Missing)),
        to(
            "only without somebody",
            json!({ "exclude_users": ["a"] }),
            field("/to", Missing),
        ),
        to("to a text", json!("anna"), field("/to", Malformed)),
        to(
            "to a user without a name",
            json!({ "users": [""] }),
            field("/to/users/0", Malformed),
        ),
        to(
            "to a user of two lines",
            json!({ "users": ["a", "a\nb"] }),
            field("/to/users/1", Malformed),
        ),
        to(
            "to a numbered user",
            json!({ "users": [7] }),
            field("/to/users/0", Malformed),
        ),
        to(
            "to too many",
            json!({ "users": many }),
            field("/to/users", TooLong),
        ),
        to(
            "to no installation's id",
            json!({ "installations": ["ntf_0192f0c1000000000000000000000000"] }),
            field("/to/installations/0", Malformed),
        ),
        to(
            "to a topic with a space",
            json!({ "topics": ["a b"] }),
            field("/to/topics/0", Malformed),
        ),
        to(
            "to apps of a word",
            json!({ "users": ["a"], "min_app_version": { "android": "latest" } }),
            field("/to/min_app_version/android", Malformed),
        ),
        to(
            "to apps of a number",
            json!({ "users": ["a"], "min_app_version": { "android": 3 } }),
            field("/to/min_app_version/android", Malformed),
        ),
        to(
            "to apps on a fridge",
            json!({ "users": ["a"], "min_app_version": { "fridge": "3.1" } }),
            field("/to/min_app_version/fridge", Unknown),
        ),
        to(
            "to one version",
            json!({ "users": ["a"], "min_app_version": "3.1" }),
            field("/to/min_app_version", Malformed),
        ),
        to(
            "to everyone",
            json!({ "everyone": true }),
            field("/to/everyone", Unknown),
        ),
    ]
}
