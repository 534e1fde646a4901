//! Credentials, routes, and every resource but publishing.

use reqwest::Method;
use serde_json::{Value, json};
use vestnik_model::problem::FieldCode::{Malformed, Missing, OutOfRange, TooLong};
use vestnik_testkit::name::installation;

use super::{As, Case, PUBLISH, good_but, publish};
use crate::bad_input::attacked::{Attacked, field, plain};

pub(super) fn credentials(attacked: &Attacked) -> Vec<Case> {
    let good = || publish("", plain(0, "")).body(good_but("/ttl_seconds", json!(60)));
    let case = |name, asks, want| Case {
        name,
        want,
        ..good().asked_by(asks)
    };
    let mut forged = attacked.server.backend.secrets().key.clone();
    forged.pop();
    forged.push('!');
    let (missing, invalid) = (plain(401, "auth.missing"), plain(401, "auth.invalid"));
    let forbidden = plain(403, "auth.forbidden");
    let get =
        |name, path: String, asks, want| Case::new(name, Method::GET, path, want).asked_by(asks);
    let notification = format!("/v1/notifications/{}", attacked.notification);
    let in_query = format!("/v1/notifications?access_token={}", attacked.token);
    let of_another = format!("/v1/installations/{}", installation(2));
    vec![
        case("no credentials", As::Nobody, missing),
        case("a password", As::Header("Basic YTpi"), missing),
        case("an empty bearer", As::Header("Bearer "), missing),
        case("nonsense", As::Header("Bearer nonsense"), invalid),
        case(
            "a key that never was",
            As::Key(format!("vk_ab_{}", "A".repeat(43))),
            invalid,
        ),
        case("a forged key", As::Key(forged), invalid),
        case("a key without the scope", As::Reader, forbidden),
        case("a device that publishes", As::Device, forbidden),
        get("a token in the query", in_query, As::Nobody, missing),
        get(
            "another App's notification",
            notification.clone(),
            As::OtherApp,
            plain(404, "not_found"),
        ),
        get(
            "a device that asks for the sender's view",
            notification,
            As::Device,
            forbidden,
        ),
        get("another's installation", of_another, As::Device, forbidden),
        Case::new(
            "a reader who makes keys",
            Method::POST,
            "/v1/keys",
            forbidden,
        )
        .body(r#"{"name":"x","scopes":["admin"]}"#)
        .asked_by(As::Reader),
        Case::new(
            "a device that lists keys",
            Method::GET,
            "/v1/keys",
            forbidden,
        )
        .asked_by(As::Device),
    ]
}

pub(super) fn routes(attacked: &Attacked) -> Vec<Case> {
    let not_found = plain(404, "not_found");
    let get = |name, path: &str, want| Case::new(name, Method::GET, path, want);
    let method = plain(405, "method_not_allowed");
    let unknown = "ntf_00000000000000000000000000000001";
    vec![
        get("no such route", "/v1/nothing", not_found),
        get("an old version", "/v0/notifications", not_found),
        get(
            "a climb",
            "/v1/notifications/..%2f..%2fetc%2fpasswd",
            not_found,
        ),
        get("no id", "/v1/notifications/x", not_found),
        get(
            "a shouted id",
            &format!(
                "/v1/notifications/{}",
                attacked.notification.to_string().to_uppercase()
            ),
            not_found,
        ),
        get(
            "an id of another kind",
            &format!("/v1/deliveries/{}", attacked.notification),
            not_found,
        ),
        get(
            "an unknown id",
            &format!("/v1/notifications/{unknown}"),
            not_found,
        ),
        get(
            "deliveries of an unknown id",
            &format!("/v1/notifications/{unknown}/deliveries"),
            not_found,
        ),
        get(
            "a broken cursor",
            "/v1/notifications?cursor=%00",
            field("/cursor", OutOfRange),
        ),
        get(
            "an empty page",
            "/v1/notifications?limit=0",
            field("", OutOfRange),
        ),
        get(
            "a page without end",
            "/v1/notifications?limit=1000000",
            field("", OutOfRange),
        ),
        get(
            "an event that is none",
            "/v1/events?after=7",
            field("/after", OutOfRange),
        ),
        get(
            "an event beyond the last",
            "/v1/events?after=evt_9223372036854775806",
            field("/after", OutOfRange),
        ),
        get(
            "an event beyond counting",
            "/v1/events?after=evt_9223372036854775807",
            field("/after", OutOfRange),
        ),
        get(
            "a delivery's event beyond counting",
            "/v1/events?after=evt_9223372036854775807_0192f0c1000070008000000000000002",
            field("/after", OutOfRange),
        ),
        get(
            "a number that needs all its bits",
            "/v1/events?after=evt_18446744073709551615",
            field("/after", OutOfRange),
        ),
        get(
            "a place beyond counting",
            "/v1/notifications?cursor=p9223372036854775808",
            field("/cursor", OutOfRange),
        ),
        get(
            "a page of words",
            "/v1/notifications?limit=many",
            field("", OutOfRange),
        ),
        Case::new("a wrong method", Method::PUT, PUBLISH, method),
        Case::new(
            "deleting what stays",
            Method::DELETE,
            format!("/v1/notifications/{}", attacked.notification),
            method,
        ),
        Case::new("reading a door", Method::GET, "/v1/token", method),
    ]
}

pub(super) fn receipts(attacked: &Attacked) -> Vec<Case> {
    let fact = |n: usize| {
        json!({ "id": n.to_string(), "kind": "read", "at": "2026-11-21T00:00:00Z",
            "notification_id": attacked.notification })
    };
    let case = |name, body: Value, want| {
        Case::new(name, Method::POST, "/v1/receipts", want)
            .body(body.to_string())
            .asked_by(As::Device)
    };
    let many: Vec<_> = (0..501).map(fact).collect();
    vec![
        case(
            "too many facts",
            json!({ "facts": many }),
            field("/facts", TooLong),
        ),
        case(
            "facts that are no list",
            json!({ "facts": "x" }),
            field("/facts", Malformed),
        ),
        case("no object", json!([]), field("", Malformed)),
        case(
            "facts by a backend",
            json!({ "facts": [fact(1)] }),
            plain(403, "auth.forbidden"),
        )
        .asked_by(As::Backend),
    ]
}

pub(super) fn installations() -> Vec<Case> {
    let put = |name, body: Value, want| {
        let path = format!("/v1/installations/{}", installation(1));
        Case::new(name, Method::PUT, path, want)
            .body(body.to_string())
            .asked_by(As::Device)
    };
    let many: Vec<_> = (0..17)
        .map(|n| json!({ "kind": format!("kind-{n}"), "value": "a" }))
        .collect();
    vec![
        put("no platform", json!({}), field("/platform", Missing)),
        put(
            "a long model",
            json!({ "platform": "linux", "model": "x".repeat(129) }),
            field("/model", TooLong),
        ),
        put(
            "too many addresses",
            json!({ "platform": "linux", "push_addresses": many }),
            field("/push_addresses", TooLong),
        ),
        put(
            "a long address",
            json!({ "platform": "linux",
                "push_addresses": [{ "kind": "apns", "value": "x".repeat(4_097) }] }),
            field("/push_addresses/0/value", TooLong),
        ),
        Case::new(
            "no installation's id",
            Method::GET,
            "/v1/installations/x",
            plain(404, "not_found"),
        ),
        Case::new(
            "an installation that never was",
            Method::GET,
            format!("/v1/installations/{}", installation(9)),
            plain(404, "not_found"),
        ),
    ]
}

pub(super) fn administration() -> Vec<Case> {
    let key = |name, body: Value, want| {
        Case::new(name, Method::POST, "/v1/keys", want).body(body.to_string())
    };
    let identity = |name, body: Value, want| {
        Case::new(name, Method::PUT, "/v1/identity-keys/k2", want).body(body.to_string())
    };
    let not_found = plain(404, "not_found");
    vec![
        key(
            "a key without a name",
            json!({ "name": "", "scopes": ["read"] }),
            field("/name", Malformed),
        ),
        key(
            "a key with a long name",
            json!({ "name": "x".repeat(65), "scopes": ["read"] }),
            field("/name", Malformed),
        ),
        key(
            "a key for nothing",
            json!({ "name": "x", "scopes": [] }),
            field("/scopes", Missing),
        ),
        key(
            "a key for everything",
            json!({ "name": "x", "scopes": ["*"] }),
            field("/scopes/0", Malformed),
        ),
        identity(
            "no signature",
            json!({ "algorithm": "none", "key": "" }),
            field("/algorithm", Malformed),
        ),
        identity(
            "a short secret",
            json!({ "algorithm": "HS256", "key": "c2hvcnQ" }),
            field("/key", Malformed),
        ),
        identity(
            "a secret of other letters",
            json!({ "algorithm": "HS256", "key": "!".repeat(64) }),
            field("/key", Malformed),
        ),
        identity(
            "no public key",
            json!({ "algorithm": "ES256", "key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----" }),
            field("/key", Malformed),
        ),
        Case::new(
            "a key that never was",
            Method::DELETE,
            "/v1/keys/nope",
            not_found,
        ),
        Case::new(
            "an identity key that never was",
            Method::DELETE,
            "/v1/identity-keys/nope",
            not_found,
        ),
        Case::new(
            "a topic with a space",
            Method::PUT,
            "/v1/topics/a%20b",
            not_found,
        )
        .body(r#"{"self_subscribe":true}"#),
        Case::new(
            "a topic that never was",
            Method::GET,
            "/v1/topics/nope",
            not_found,
        ),
        Case::new(
            "a subscriber of no topic",
            Method::PUT,
            "/v1/topics/nope/subscribers/anna",
            not_found,
        ),
    ]
}
