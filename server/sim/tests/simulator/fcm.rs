//! FCM and its token endpoint.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_sim::{Content, Death, DropReason, Ending, Fate, Kind, Order, Registration, Simulator};

use crate::{
    client::{Answer, options, send, send_h1},
    jws::{rs256, seconds, with_header},
};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// A simulator, its clock, and a sender that has an access token.
pub(crate) struct Google {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
    pub(crate) bearer: String,
}

impl Google {
    pub(crate) async fn start() -> Self {
        let clock = ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
        let simulator = Simulator::start(options(&clock)).await.unwrap();
        let answer = grant(&simulator, &good_assertion(&simulator, &clock)).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
        let bearer = answer.json()["access_token"].as_str().unwrap().to_owned();
        Self {
            simulator,
            clock,
            bearer,
        }
    }

    pub(crate) async fn send(&self, body: &Value) -> Answer {
        let request = self.request(&body.to_string());
        send(&self.simulator, self.simulator.addresses().fcm, request)
            .await
            .unwrap()
    }

    pub(crate) fn request(&self, body: &str) -> Request<Full<Bytes>> {
        let url = format!(
            "{}/v1/projects/vestnik-sim/messages:send",
            self.simulator.setup().fcm_url
        );
        Request::post(url)
            .header("authorization", format!("Bearer {}", self.bearer))
            .header("content-type", "application/json")
            .body(Full::from(body.to_owned()))
            .unwrap()
    }

    pub(crate) fn phone(&self) -> (String, String) {
        let registration = Registration::new(Kind::FcmToken);
        let device = self.simulator.register(registration).unwrap();
        (device.id, device.token.unwrap())
    }

    /// What became of the messages for a device.
    fn fates(&self, device: &str) -> Vec<Fate> {
        let events = self.simulator.events(0);
        let events = events.into_iter().filter(|event| event.device == device);
        events.map(|event| event.fate).collect()
    }
}

/// An assertion with one claim changed.
fn assertion(simulator: &Simulator, clock: &ManualClock, claim: &str, value: Value) -> String {
    let now = seconds(clock);
    let account = simulator.setup().service_account();
    let mut claims = json!({
        "iss": account["client_email"], "scope": SCOPE, "aud": account["token_uri"],
        "iat": now, "exp": now + 3_600,
    });
    claims[claim] = value;
    rs256(simulator, &claims)
}

fn good_assertion(simulator: &Simulator, clock: &ManualClock) -> String {
    assertion(simulator, clock, "scope", SCOPE.into())
}

pub(crate) async fn grant(simulator: &Simulator, assertion: &str) -> Answer {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let body = format!("grant_type={grant}&assertion={assertion}");
    let request = Request::post(format!("{}/token", simulator.setup().fcm_url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(body))
        .unwrap();
    send(simulator, simulator.addresses().fcm, request)
        .await
        .unwrap()
}

/// The first violated field and the code of the FCM error, as a client reads them.
fn details(answer: &Answer) -> (String, String) {
    let error = &answer.json()["error"];
    let details = error["details"].as_array().cloned().unwrap_or_default();
    let text = |pointer: &str| {
        let mut texts = details
            .iter()
            .filter_map(|detail| detail.pointer(pointer)?.as_str());
        texts.next().unwrap_or_default().to_owned()
    };
    (text("/fieldViolations/0/field"), text("/errorCode"))
}

#[tokio::test]
async fn a_message_reaches_the_phone() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let message = json!({"token": token, "data": {"id": "att_1", "envelope": "c2VhbGVk"},
        "android": {"priority": "high", "ttl": "3600s"}});
    let answer = google.send(&json!({"message": message})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let name = answer.json()["name"].as_str().unwrap().to_owned();
    assert!(
        name.starts_with("projects/vestnik-sim/messages/0:"),
        "{name}"
    );

    let received = google.simulator.received(&phone);
    assert_eq!(received.len(), 1);
    let got = &received[0].message;
    assert_eq!(
        (got.id.as_str(), got.urgency.as_str()),
        (name.as_str(), "HIGH")
    );
    let Content::Fcm { message } = &got.content else {
        panic!("{:?}", got.content);
    };
    assert_eq!(message["data"]["envelope"], "c2VhbGVk");
    assert!(message.get("token").is_none());
}

#[tokio::test]
async fn http_1_and_installation_ids_work_too() {
    let google = Google::start().await;
    let device = google
        .simulator
        .register(Registration::new(Kind::FcmFid))
        .unwrap();
    let fid = device.token.unwrap();
    assert_eq!(fid.len(), 22);
    let request = google.request(&json!({"message": {"fid": fid}}).to_string());
    let to = google.simulator.addresses().fcm;
    let answer = send_h1(&google.simulator, to, &["http/1.1"], request)
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(google.simulator.received(&device.id).len(), 1);
    // A FID is not a token.
    let answer = google.send(&json!({"message": {"token": fid}})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(details(&answer).0, "message.token");
}

#[tokio::test]
async fn a_message_that_is_only_validated_reaches_nobody() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let body = json!({"validate_only": true, "message": {"token": token}});
    let answer = google.send(&body).await;
    assert_eq!(
        answer.json()["name"],
        "projects/vestnik-sim/messages/fake_message_id"
    );
    assert!(google.fates(&phone).is_empty());
}

#[tokio::test]
async fn assertions_that_google_refuses_are_refused() {
    let google = Google::start().await;
    let (simulator, clock) = (&google.simulator, &google.clock);
    let now = seconds(clock);
    for (claim, value, expected) in [
        ("iss", json!("other@x.example"), "invalid_grant"),
        (
            "aud",
            json!("https://oauth2.googleapis.com/token"),
            "invalid_grant",
        ),
        ("exp", json!(now + 3_601), "invalid_grant"),
        ("exp", json!(now), "invalid_grant"),
        ("iat", json!(now + 301), "invalid_grant"),
        ("exp", Value::Null, "invalid_grant"),
        ("scope", json!("openid"), "invalid_scope"),
        ("scope", Value::Null, "invalid_scope"),
    ] {
        let answer = grant(simulator, &assertion(simulator, clock, claim, value)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["error"], expected, "{}", answer.json());
    }
}

#[tokio::test]
async fn assertions_that_are_not_signed_are_refused() {
    let google = Google::start().await;
    let simulator = &google.simulator;
    let good = good_assertion(simulator, &google.clock);
    let mut forged = good.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'Q' } else { 'A' });
    let headers = [
        "{\"alg\":\"none\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"ES256\"}",
        "{}",
    ];
    let hostile = headers.map(|header| with_header(&good, header));
    let nameless = with_header(&good, "{\"alg\":\"none\"}");
    let unsigned = format!("{}.", nameless.rsplit_once('.').unwrap().0);
    let mut all = vec![forged, unsigned, String::new(), "a.b.c".to_owned()];
    all.extend(hostile);
    for assertion in all {
        let answer = grant(simulator, &assertion).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{assertion}");
    }
    assert_eq!(grant(simulator, &good).await.status, StatusCode::OK);
    // An hour later it is of no use any more.
    google.clock.advance(Duration::from_secs(3_600));
    assert_eq!(
        grant(simulator, &good).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_send_needs_an_access_token_that_is_valid() {
    let mut google = Google::start().await;
    let (_, token) = google.phone();
    let body = json!({"message": {"token": token}});
    let good = google.bearer.clone();
    google.bearer = "ya29.made-up".to_owned();
    let answer = google.send(&body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"]["status"], "UNAUTHENTICATED");
    // It is no error of FCM's registry: nothing is wrong with the address.
    assert_eq!(details(&answer).1, "");
    google.bearer = good;
    assert_eq!(google.send(&body).await.status, StatusCode::OK);
    google.clock.advance(Duration::from_secs(3_599));
    let answer = google.send(&body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.json()["error"]["details"][0]["reason"],
        "ACCESS_TOKEN_EXPIRED"
    );

    let url = format!(
        "{}/v1/projects/vestnik-sim/messages:send",
        google.simulator.setup().fcm_url
    );
    let request = Request::post(url)
        .body(Full::from(body.to_string()))
        .unwrap();
    let to = google.simulator.addresses().fcm;
    let answer = send(&google.simulator, to, request).await.unwrap();
    assert_eq!(
        answer.json()["error"]["details"][0]["reason"],
        "CREDENTIALS_MISSING"
    );
}

#[tokio::test]
async fn another_project_and_another_path_are_refused() {
    let google = Google::start().await;
    let to = google.simulator.addresses().fcm;
    let body = json!({"message": {"token": google.phone().1}}).to_string();
    for (path, expected) in [
        ("/v1/projects/other/messages:send", StatusCode::FORBIDDEN),
        (
            "/v1/projects/vestnik-sim/messages:sent",
            StatusCode::NOT_FOUND,
        ),
        ("/v1/projects//messages:send", StatusCode::NOT_FOUND),
        ("/fcm/send", StatusCode::NOT_FOUND),
    ] {
        let (mut head, payload) = google.request(&body).into_parts();
        head.uri = format!("{}{path}", google.simulator.setup().fcm_url)
            .parse()
            .unwrap();
        let request = Request::from_parts(head, payload);
        let answer = send(&google.simulator, to, request).await.unwrap();
        assert_eq!(answer.status, expected, "{path}");
        assert_eq!(details(&answer).1, "", "{path}");
    }
}

#[tokio::test]
async fn what_breaks_the_rules_is_an_invalid_argument() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let large = "x".repeat(4_096);
    for (message, field) in [
        (json!({"data": {}}), "message"),
        (json!({"token": "made up"}), "message.token"),
        (json!({"token": token, "topic": "all"}), "message"),
        (json!({"token": token, "colour": "red"}), "message"),
        (
            json!({"token": token, "data": {"a": 1}}),
            "message.data[0].value",
        ),
        (
            json!({"token": token, "data": {"a": {"b": "c"}}}),
            "message.data[0].value",
        ),
        (
            json!({"token": token, "data": {"from": "x"}}),
            "message.data",
        ),
        (
            json!({"token": token, "data": {"google.x": "x"}}),
            "message.data",
        ),
        (
            json!({"token": token, "android": {"data": {"gcm.x": "x"}}}),
            "message.android.data",
        ),
        (
            json!({"token": token, "android": {"ttl": "2419201s"}}),
            "message.android.ttl",
        ),
        (
            json!({"token": token, "android": {"ttl": "-1s"}}),
            "message.android.ttl",
        ),
        (
            json!({"token": token, "android": {"ttl": 60}}),
            "message.android.ttl",
        ),
        (
            json!({"token": token, "android": {"priority": "urgent"}}),
            "message.android.priority",
        ),
        (
            json!({"token": token, "apns": {"payload": "x"}}),
            "message.apns.payload",
        ),
        (json!({"token": token, "data": {"a": large}}), ""),
        (
            json!({"topic": "all", "data": {"a": "x".repeat(2_048)}}),
            "",
        ),
    ] {
        let answer = google.send(&json!({"message": message})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{message}");
        assert_eq!(answer.json()["error"]["status"], "INVALID_ARGUMENT");
        assert_eq!(details(&answer).0, field, "{message}");
    }
    assert!(google.fates(&phone).is_empty());
}

#[tokio::test]
async fn a_message_may_have_4096_bytes() {
    let google = Google::start().await;
    let (_, token) = google.phone();
    let fits = "x".repeat(4_095);
    let answer = google
        .send(&json!({"message": {"token": token, "data": {"a": fits}}}))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_no_message_is_an_invalid_argument() {
    let google = Google::start().await;
    for body in [
        "",
        "{",
        "[]",
        "{\"message\": null}",
        "{\"message\": {}, \"dry\": 1}",
    ] {
        let request = google.request(body);
        let to = google.simulator.addresses().fcm;
        let answer = send(&google.simulator, to, request).await.unwrap();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    // A body without an end is not read to its end.
    let request = google.request(&" ".repeat(1_000_000));
    let to = google.simulator.addresses().fcm;
    let answer = send(&google.simulator, to, request).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn dead_and_foreign_addresses_have_their_own_errors() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let foreign = google
        .simulator
        .register(Registration {
            project: Some("other".to_owned()),
            ..Registration::new(Kind::FcmToken)
        })
        .unwrap();
    let answer = google
        .send(&json!({"message": {"token": foreign.token}}))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(details(&answer).1, "SENDER_ID_MISMATCH");

    let at = google.clock.now() + SignedDuration::from_secs(60);
    let ending = Ending::Unregistered;
    google.simulator.kill(&phone, Death { at, ending }).unwrap();
    let body = json!({"message": {"token": token}});
    assert_eq!(google.send(&body).await.status, StatusCode::OK);
    google.clock.advance(Duration::from_secs(60));
    let answer = google.send(&body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"]["status"], "NOT_FOUND");
    assert_eq!(details(&answer).1, "UNREGISTERED");
    // A token that was given out and is not known any more.
    google.simulator.remove(&phone).unwrap();
    assert_eq!(details(&google.send(&body).await).1, "UNREGISTERED");
}

#[tokio::test]
async fn a_device_is_sent_no_more_than_its_quota() {
    let google = Google::start().await;
    let (_, token) = google.phone();
    let body = json!({"message": {"token": token}});
    let to = google.simulator.addresses().fcm;
    let mut connection = crate::client::Connection::open(&google.simulator, to)
        .await
        .unwrap();
    for _ in 0..240 {
        let answer = connection
            .send(google.request(&body.to_string()))
            .await
            .unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    let answer = google.send(&body).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.json()["error"]["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(details(&answer).1, "QUOTA_EXCEEDED");
    assert_eq!(answer.header("retry-after"), Some("60"));
    google.clock.advance(Duration::from_secs(60));
    assert_eq!(google.send(&body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn messages_wait_for_a_device_that_is_offline() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    google.simulator.set_offline(&phone).unwrap();
    let send = async |android: Value| {
        let body = json!({"message": {"token": token, "android": android}});
        let name = google.send(&body).await.json()["name"].clone();
        name.as_str().unwrap().to_owned()
    };
    let old = send(json!({"collapse_key": "order", "ttl": "600s"})).await;
    let short = send(json!({"ttl": "10s"})).await;
    let none = send(json!({"ttl": "0s"})).await;
    let new = send(json!({"collapse_key": "order", "ttl": "600s"})).await;
    google.clock.advance(Duration::from_secs(30));
    google
        .simulator
        .set_online(&phone, Order::Accepted)
        .unwrap();
    let events = google.simulator.events(0);
    let events = events
        .iter()
        .map(|event| (event.message.id.clone(), event.fate.clone()));
    let expected = [
        (old.clone(), Fate::Stored),
        (short.clone(), Fate::Stored),
        (
            none,
            Fate::Dropped {
                why: DropReason::NotStored,
            },
        ),
        (old, Fate::Collapsed { by: new.clone() }),
        (new.clone(), Fate::Stored),
        (short, Fate::Expired),
        (new, Fate::Delivered),
    ];
    assert_eq!(events.collect::<Vec<_>>(), expected);
}
