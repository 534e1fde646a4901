//! REST: bodies, headers, ids, routes, credentials.

use reqwest::Method;
use serde_json::{Value, json};
use vestnik_model::problem::FieldCode::{
    Malformed, Missing, NotAllowed, OutOfRange, TooLong, Unknown,
};
use vestnik_testkit::name::installation;

use super::attacked::{Attacked, Want, field, plain};

/// Who asks.
#[derive(Clone)]
enum As {
    Backend,
    Reader,
    Device,
    OtherApp,
    Nobody,
    Header(&'static str),
    Key(String),
}

struct Case {
    name: &'static str,
    method: Method,
    path: String,
    asks: As,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    want: Want,
}

impl Case {
    fn new(name: &'static str, method: Method, path: impl Into<String>, want: Want) -> Self {
        Self {
            name,
            method,
            path: path.into(),
            asks: As::Backend,
            headers: Vec::new(),
            body: Vec::new(),
            want,
        }
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn asked_by(self, asks: As) -> Self {
        Self { asks, ..self }
    }
}

/// What a device reports of itself is read leniently: unknown words are kept, and what cannot be kept is
/// dropped alone.
#[tokio::test]
async fn odd_installations_are_served() -> anyhow::Result<()> {
    let attacked = Attacked::prepare().await?;
    let path = format!("/v1/installations/{}", installation(1));
    let url = attacked.server.url().join(&path)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let state = json!({
        "platform": "toaster", "permission": "maybe", "model": "a\0", "locale": 7,
        "app_version": "9", "crumbs": { "count": 7 },
        "push_addresses": [
            { "kind": "fcm_fid", "value": "first" }, "odd", { "kind": "pigeon", "value": "grey" },
            { "kind": "fcm_fid", "value": "second" },
        ],
    });
    let put = http
        .put(url.clone())
        .bearer_auth(&attacked.token)
        .json(&state);
    put.send().await?.error_for_status()?;
    let get = http.get(url).bearer_auth(&attacked.token).send().await?;
    let view: Value = get.error_for_status()?.json().await?;
    let kept = ["platform", "permission", "model", "locale", "app_version"];
    assert_eq!(
        kept.map(|name| view["state"][name].clone()),
        [
            json!("toaster"),
            json!("maybe"),
            Value::Null,
            Value::Null,
            json!("9")
        ]
    );
    attacked.end(1).await
}

async fn check(attacked: &mut Attacked, case: Case) -> anyhow::Result<()> {
    let backend = &attacked.server.backend;
    let mut request = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .request(
            case.method,
            format!("http://{}{}", attacked.server.address(), case.path),
        )
        .body(case.body);
    let bearer = match case.asks {
        As::Backend => format!("Bearer {}", backend.secrets().key),
        As::Reader => format!("Bearer {}", attacked.reader),
        As::Device => format!("Bearer {}", attacked.token),
        As::OtherApp => format!("Bearer {}", attacked.server.other.secrets().key),
        As::Key(key) => format!("Bearer {key}"),
        As::Header(header) => header.to_owned(),
        As::Nobody => String::new(),
    };
    if !bearer.is_empty() {
        request = request.header("authorization", bearer);
    }
    for (name, value) in case.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await?;
    attacked.check(case.name, answer, case.want).await
}

async fn check_all(cases: impl FnOnce(&Attacked) -> Vec<Case>) -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let cases = cases(&attacked);
    let count = cases.len();
    for case in cases {
        check(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

#[tokio::test]
async fn publishing() -> anyhow::Result<()> {
    check_all(|_| [unreadable(), misshapen(), bad_content(), bad_audience()].concat_all()).await
}

#[tokio::test]
async fn credentials_and_routes() -> anyhow::Result<()> {
    check_all(|attacked| [credentials(attacked), routes(attacked)].concat_all()).await
}

#[tokio::test]
async fn other_resources() -> anyhow::Result<()> {
    check_all(|attacked| [receipts(attacked), installations(), administration()].concat_all()).await
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Case>;
}

impl<const N: usize> ConcatAll for [Vec<Case>; N] {
    fn concat_all(self) -> Vec<Case> {
        self.into_iter().flatten().collect()
    }
}

const PUBLISH: &str = "/v1/notifications";

fn publish(name: &'static str, want: Want) -> Case {
    Case::new(name, Method::POST, PUBLISH, want)
}

/// A good request with one thing in it changed.
fn good_but(pointer: &str, value: Value) -> Vec<u8> {
    let mut request = json!({
        "to": { "users": ["anna"] },
        "notification": { "title": "hello", "click": { "type": "link", "url": "https://a.example" } },
    });
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let object = request.pointer_mut(parent).expect("the parent is there");
    object[name] = value;
    request.to_string().into_bytes()
}

fn unreadable() -> Vec<Case> {
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

fn misshapen() -> Vec<Case> {
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

fn bad_content() -> Vec<Case> {
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

fn bad_audience() -> Vec<Case> {
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
            "to everyone",
            json!({ "everyone": true }),
            field("/to/everyone", Unknown),
        ),
    ]
}

fn credentials(attacked: &Attacked) -> Vec<Case> {
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

fn routes(attacked: &Attacked) -> Vec<Case> {
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
            field("", OutOfRange),
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

fn receipts(attacked: &Attacked) -> Vec<Case> {
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

fn installations() -> Vec<Case> {
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

fn administration() -> Vec<Case> {
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
