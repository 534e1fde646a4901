//! APNs.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use std::time::Duration;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_sim::{
    Content, Death, DeviceView, Ending, Environment, Fate, Kind, Order, Registration, Simulator,
};

use crate::{
    client::{Answer, Connection, options, send, send_h1, tls},
    jws::{es256, seconds, with_header},
};

/// A simulator, its clock, and a sender.
struct Apple {
    simulator: Simulator,
    clock: ManualClock,
    token: String,
}

/// A request that APNs accepts, to be changed.
struct Push {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Push {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }
}

impl Apple {
    async fn start() -> Self {
        let clock = ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
        let simulator = Simulator::start(options(&clock)).await.unwrap();
        let token = provider_token(&simulator, seconds(&clock));
        Self {
            simulator,
            clock,
            token,
        }
    }

    fn phone(&self, kind: Kind) -> DeviceView {
        self.simulator.register(Registration::new(kind)).unwrap()
    }

    fn push(&self, to: &DeviceView) -> Push {
        let bundle = &self.simulator.setup().credentials.bundle;
        let token = to.token.as_deref().unwrap();
        let push = Push {
            path: format!("/3/device/{token}"),
            headers: Vec::new(),
            body: json!({"aps": {"alert": {"title": "New", "body": "Open the app"}}}).to_string(),
        };
        push.with("authorization", &format!("bearer {}", self.token))
            .with("apns-topic", bundle)
            .with("apns-push-type", "alert")
    }

    fn request(&self, push: &Push) -> Request<Full<Bytes>> {
        let url = format!("{}{}", self.simulator.setup().apns_url, push.path);
        let start = Request::post(url);
        let headers = push.headers.iter();
        let request = headers.fold(start, |request, (name, value)| request.header(*name, value));
        request.body(Full::from(push.body.clone())).unwrap()
    }

    async fn send(&self, push: &Push) -> Answer {
        let to = self.simulator.addresses().apns;
        send(&self.simulator, to, self.request(push)).await.unwrap()
    }

    /// The status and the reason of an answer.
    async fn reason(&self, push: &Push) -> (u16, String) {
        let answer = self.send(push).await;
        let reason = answer.json()["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (answer.status.as_u16(), reason)
    }
}

fn provider_token(simulator: &Simulator, issued: i64) -> String {
    let credentials = &simulator.setup().credentials;
    let claims = json!({"iss": credentials.team_id, "iat": issued});
    es256(Some(&credentials.key_id), &claims, &credentials.apns_key)
}

fn said(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}

#[tokio::test]
async fn an_alert_reaches_the_phone() {
    let apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    let id = "7f2c1f9e-0000-4000-8000-0123456789ab";
    let push = apple
        .push(&phone)
        .with("apns-id", id)
        .with("apns-priority", "5");
    let answer = apple.send(&push).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("apns-id"), Some(id));
    assert_eq!(answer.header("apns-unique-id"), None);
    let received = apple.simulator.received(&phone.id);
    assert_eq!(received.len(), 1);
    let message = &received[0].message;
    assert_eq!((message.id.as_str(), message.urgency.as_str()), (id, "5"));
    let Content::Apns { payload, push_type } = &message.content else {
        panic!("{:?}", message.content);
    };
    assert_eq!(push_type, "alert");
    assert_eq!(payload["aps"]["alert"]["title"], "New");
    // Without a name of the sender's, the service gives one.
    let answer = apple.send(&apple.push(&phone)).await;
    assert_eq!(answer.header("apns-id").map(str::len), Some(36));
}

#[tokio::test]
async fn http_1_is_refused() {
    let apple = Apple::start().await;
    let to = apple.simulator.addresses().apns;
    assert!(tls(&apple.simulator, to, &["http/1.1"]).await.is_err());
    // Nor does it help to offer no protocol, or HTTP/2 and then speak the other.
    for protocols in [&[][..], &["h2"]] {
        let request = apple.request(&apple.push(&apple.phone(Kind::Apns)));
        let answer = send_h1(&apple.simulator, to, protocols, request).await;
        assert!(answer.is_err(), "{answer:?}");
    }
    assert!(apple.simulator.journal(0).is_empty());
}

#[tokio::test]
async fn provider_tokens_are_checked() {
    let apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    let credentials = &apple.simulator.setup().credentials;
    let now = seconds(&apple.clock);
    let key = &credentials.apns_key;
    let kid = Some(credentials.key_id.as_str());
    let team = &credentials.team_id;
    let good = json!({"iss": team, "iat": now});
    let none = with_header(&apple.token, "{\"alg\":\"none\",\"kid\":\"SIMKEY0000\"}");
    let foreign = crate::sealing::Vapid::generate();
    for token in [
        es256(Some("OTHERKEY00"), &good, key),
        es256(None, &good, key),
        es256(kid, &json!({"iss": "OTHERTEAM0", "iat": now}), key),
        es256(kid, &json!({"iss": team}), key),
        es256(kid, &json!({"iss": team, "iat": now + 301}), key),
        foreign.token(&good),
        none,
        "made.up".to_owned(),
    ] {
        let push = apple
            .push(&phone)
            .with("authorization", &format!("bearer {token}"));
        let reason = apple.reason(&push).await;
        assert_eq!(reason, said(403, "InvalidProviderToken"), "{token}");
    }
    for missing in [
        apple.push(&phone).without("authorization"),
        apple.push(&phone).with("authorization", "basic abc"),
    ] {
        assert_eq!(
            apple.reason(&missing).await,
            said(403, "MissingProviderToken")
        );
    }
    apple.clock.advance(Duration::from_secs(3_600));
    assert_eq!(apple.send(&apple.push(&phone)).await.status, StatusCode::OK);
    apple.clock.advance(Duration::from_secs(1));
    let reason = apple.reason(&apple.push(&phone)).await;
    assert_eq!(reason, said(403, "ExpiredProviderToken"));
}

#[tokio::test]
async fn a_token_may_be_replaced_after_twenty_minutes() {
    let mut apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    let to = apple.simulator.addresses().apns;
    let mut connection = Connection::open(&apple.simulator, to).await.unwrap();
    for (minutes, expected) in [(0, 200), (19, 429), (1, 200)] {
        apple.clock.advance(Duration::from_secs(60 * minutes));
        apple.token = provider_token(&apple.simulator, seconds(&apple.clock));
        let request = apple.request(&apple.push(&phone));
        let answer = connection.send(request).await.unwrap();
        assert_eq!(answer.status.as_u16(), expected);
        if expected == 429 {
            assert_eq!(answer.json()["reason"], "TooManyProviderTokenUpdates");
            // Another connection is not concerned: a process that was started again has a new token.
            assert_eq!(apple.send(&apple.push(&phone)).await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn a_team_changes_its_key() {
    let mut apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    let to = apple.simulator.addresses().apns;
    let team = apple.simulator.setup().credentials.team_id.clone();
    let claims = json!({"iss": team, "iat": seconds(&apple.clock)});
    let mut connection = Connection::open(&apple.simulator, to).await.unwrap();
    let request = apple.request(&apple.push(&phone));
    assert_eq!(
        connection.send(request).await.unwrap().status,
        StatusCode::OK
    );

    let made = apple.simulator.add_apns_key(None).unwrap();
    apple.token = es256(Some(&made.key_id), &claims, &made.key);
    let request = apple.request(&apple.push(&phone));
    let answer = connection.send(request).await.unwrap();
    assert_eq!(answer.json()["reason"], "UnrelatedKeyIdInToken");
    // A new connection takes the new key, until that is revoked.
    assert_eq!(apple.send(&apple.push(&phone)).await.status, StatusCode::OK);
    assert!(apple.simulator.revoke_apns_key(&made.key_id));
    let reason = apple.reason(&apple.push(&phone)).await;
    assert_eq!(reason, said(403, "InvalidProviderToken"));

    let sandbox = apple
        .simulator
        .add_apns_key(Some(Environment::Sandbox))
        .unwrap();
    apple.token = es256(Some(&sandbox.key_id), &claims, &sandbox.key);
    let reason = apple.reason(&apple.push(&phone)).await;
    assert_eq!(reason, said(403, "BadEnvironmentKeyIdInToken"));
}

#[tokio::test]
async fn headers_are_checked() {
    let apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    let push = || apple.push(&phone);
    let background = json!({"aps": {"content-available": 1}}).to_string();
    for (push, reason) in [
        (push().without("apns-topic"), "MissingTopic"),
        (
            push().with("apns-topic", "com.example.other"),
            "TopicDisallowed",
        ),
        (
            push().with("apns-topic", "dev.vestnik.sim.voip"),
            "BadTopic",
        ),
        (push().with("apns-push-type", "liveactivity"), "BadTopic"),
        (push().without("apns-push-type"), "InvalidPushType"),
        (push().with("apns-push-type", "loud"), "InvalidPushType"),
        (push().with("apns-push-type", "background"), "BadPriority"),
        (push().with("apns-priority", "7"), "BadPriority"),
        (push().with("apns-expiration", "soon"), "BadExpirationDate"),
        (push().with("apns-expiration", "-1"), "BadExpirationDate"),
        (push().with("apns-id", "7"), "BadMessageId"),
        (
            push().with("apns-collapse-id", &"x".repeat(65)),
            "BadCollapseId",
        ),
        (push().path("/3/device/"), "MissingDeviceToken"),
        (push().path("/3/device/xyz"), "BadDeviceToken"),
        (
            push().path(&format!("/3/device/{}", "ab".repeat(32))),
            "BadDeviceToken",
        ),
        (push().body(""), "PayloadEmpty"),
        (push().body("[]"), "PayloadEmpty"),
        (push().body("{\"aps\":{}}"), "InvalidPushType"),
        (push().body(&background), "InvalidPushType"),
        (
            push()
                .with("apns-push-type", "background")
                .with("apns-priority", "5"),
            "InvalidPushType",
        ),
    ] {
        assert_eq!(
            apple.reason(&push).await,
            said(400, reason),
            "{:?}",
            push.headers
        );
    }
    assert!(apple.simulator.events(0).is_empty());
    let good = push()
        .with("apns-push-type", "background")
        .with("apns-priority", "5");
    let answer = apple.send(&good.body(&background)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_must_be_one_post_to_the_path() {
    let apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    let push = || apple.push(&phone);
    let mut twice = push();
    twice
        .headers
        .push(("apns-topic", "dev.vestnik.sim".to_owned()));
    assert_eq!(apple.reason(&twice).await, said(400, "DuplicateHeaders"));
    assert_eq!(
        apple.reason(&push().path("/4/device/ab")).await,
        said(404, "BadPath")
    );
    let (mut head, body) = apple.request(&push()).into_parts();
    head.method = http::Method::PUT;
    let request = Request::from_parts(head, body);
    let to = apple.simulator.addresses().apns;
    let answer = send(&apple.simulator, to, request).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.json()["reason"].as_str()),
        (405, Some("MethodNotAllowed"))
    );
    assert!(apple.simulator.events(0).is_empty());
}

#[tokio::test]
async fn a_payload_has_its_largest_size() {
    let apple = Apple::start().await;
    let padded = |length: usize| {
        let empty = json!({"aps": {"alert": ""}}).to_string().len();
        json!({"aps": {"alert": "x".repeat(length - empty)}}).to_string()
    };
    let phone = apple.phone(Kind::Apns);
    let voip = apple.phone(Kind::ApnsVoip);
    let alert = || apple.push(&phone);
    let call = || {
        let push = apple.push(&voip).with("apns-push-type", "voip");
        push.with("apns-topic", "dev.vestnik.sim.voip")
    };
    for (push, length, status) in [
        (alert(), 4_096, 200),
        (alert(), 4_097, 413),
        (call(), 5_120, 200),
        (call(), 5_121, 413),
    ] {
        let (found, reason) = apple.reason(&push.body(&padded(length))).await;
        assert_eq!(found, status, "{length}");
        assert_eq!(reason == "PayloadTooLarge", status == 413);
    }
    // A token for alerts takes no calls.
    let wrong = apple.push(&phone).with("apns-push-type", "voip");
    let wrong = wrong.with("apns-topic", "dev.vestnik.sim.voip");
    assert_eq!(
        apple.reason(&wrong).await,
        said(400, "DeviceTokenNotForTopic")
    );
}

#[tokio::test]
async fn live_activities_have_tokens_of_their_own() {
    let apple = Apple::start().await;
    let topic = "dev.vestnik.sim.push-type.liveactivity";
    let start = json!({"aps": {"timestamp": 1, "event": "start", "content-state": {},
        "attributes-type": "Order", "attributes": {}, "alert": {"title": "a", "body": "b"}}});
    let update = json!({"aps": {"timestamp": 2, "event": "update", "content-state": {}}});
    let untimed = json!({"aps": {"event": "update", "content-state": {}}});
    for (kind, payload, expected) in [
        (Kind::ApnsLiveStart, &start, said(200, "")),
        (Kind::ApnsLiveUpdate, &update, said(200, "")),
        (Kind::ApnsLiveUpdate, &start, said(400, "InvalidPushType")),
        (Kind::ApnsLiveStart, &update, said(400, "InvalidPushType")),
        (Kind::ApnsLiveUpdate, &untimed, said(400, "InvalidPushType")),
        (Kind::Apns, &update, said(400, "DeviceTokenNotForTopic")),
    ] {
        let device = apple.phone(kind);
        let push = apple.push(&device).with("apns-push-type", "liveactivity");
        let push = push.with("apns-topic", topic).body(&payload.to_string());
        assert_eq!(apple.reason(&push).await, expected, "{kind:?} {payload}");
    }
}

#[tokio::test]
async fn a_token_of_the_other_environment_is_a_bad_one() {
    let apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    apple
        .simulator
        .move_to(&phone.id, Environment::Sandbox)
        .unwrap();
    let push = apple.push(&phone);
    assert_eq!(apple.reason(&push).await, said(400, "BadDeviceToken"));
    let to = apple.simulator.addresses().apns_sandbox;
    let answer = send(&apple.simulator, to, apple.request(&push))
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("apns-unique-id").is_some());
}

#[tokio::test]
async fn dead_tokens_say_since_when() {
    let apple = Apple::start().await;
    for (ending, reason) in [
        (Ending::Unregistered, "Unregistered"),
        (Ending::Expired, "ExpiredToken"),
    ] {
        let phone = apple.phone(Kind::Apns);
        let at = apple.clock.now();
        apple
            .simulator
            .kill(&phone.id, Death { at, ending })
            .unwrap();
        apple.clock.advance(Duration::from_secs(5));
        let answer = apple.send(&apple.push(&phone)).await;
        assert_eq!(answer.status, StatusCode::GONE);
        let expected: Value = json!({"reason": reason, "timestamp": at.as_millisecond()});
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn notifications_wait_for_a_phone_that_is_offline() {
    let apple = Apple::start().await;
    let phone = apple.phone(Kind::Apns);
    apple.simulator.set_offline(&phone.id).unwrap();
    let later = (seconds(&apple.clock) + 60).to_string();
    let names =
        ["0", "1", "2", "3"].map(|last| format!("7f2c1f9e-0000-4000-8000-00000000000{last}"));
    for (name, expiration, collapse) in [
        (&names[0], "0", None),
        (&names[1], later.as_str(), Some("order")),
        (&names[2], later.as_str(), None),
        (&names[3], later.as_str(), Some("order")),
    ] {
        let push = apple
            .push(&phone)
            .with("apns-id", name)
            .with("apns-expiration", expiration);
        let push = match collapse {
            Some(id) => push.with("apns-collapse-id", id),
            None => push,
        };
        assert_eq!(apple.send(&push).await.status, StatusCode::OK);
    }
    apple
        .simulator
        .set_online(&phone.id, Order::Reversed)
        .unwrap();
    let received = apple.simulator.received(&phone.id);
    let received: Vec<_> = received
        .iter()
        .map(|event| event.message.id.as_str())
        .collect();
    assert_eq!(received, [names[3].as_str(), names[2].as_str()]);
    let events = apple.simulator.events(0);
    let collapsed = events
        .iter()
        .find(|event| matches!(event.fate, Fate::Collapsed { .. }));
    assert_eq!(
        collapsed.map(|event| event.message.id.as_str()),
        Some(names[1].as_str())
    );
}
