//! Web Push.

use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::json;
use std::time::Duration;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_sim::{
    Content, Death, DropReason, Ending, Fate, Kind, Order, Registration, Simulator,
    SubscriptionView,
};

use crate::{
    client::{Answer, options, send_h1},
    jws::{seconds, with_header},
    sealing::{Vapid, seal},
};

struct Browser {
    simulator: Simulator,
    clock: ManualClock,
    vapid: Vapid,
    device: String,
    subscription: SubscriptionView,
}

/// The headers and the body of a push.
struct Push {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
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

    fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

impl Browser {
    async fn start() -> Self {
        let clock = ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
        let simulator = Simulator::start(options(&clock)).await.unwrap();
        let vapid = Vapid::generate();
        let device = simulator
            .register(Registration {
                application_server_key: Some(vapid.public.clone()),
                ..Registration::new(Kind::WebPush)
            })
            .unwrap();
        Self {
            simulator,
            clock,
            vapid,
            device: device.id,
            subscription: device.subscription.unwrap(),
        }
    }

    fn push(&self, text: &str) -> Push {
        let origin = &self.simulator.setup().web_push_url;
        let authorization = self
            .vapid
            .authorization(origin, seconds(&self.clock) + 3_600);
        let push = Push {
            headers: Vec::new(),
            body: seal(&self.subscription, text.as_bytes()),
        };
        push.with("authorization", &authorization)
            .with("content-encoding", "aes128gcm")
            .with("ttl", "60")
    }

    async fn send(&self, push: &Push) -> Answer {
        self.send_to(&self.subscription.endpoint, push).await
    }

    async fn send_to(&self, endpoint: &str, push: &Push) -> Answer {
        let path = endpoint
            .strip_prefix(&self.simulator.setup().web_push_url)
            .unwrap();
        let start = Request::post(path).header("host", "localhost");
        let headers = push.headers.iter();
        let request = headers.fold(start, |request, (name, value)| request.header(*name, value));
        let request = request.body(Full::from(push.body.clone())).unwrap();
        let to = self.simulator.addresses().web_push;
        send_h1(&self.simulator, to, &["http/1.1"], request)
            .await
            .unwrap()
    }

    /// The status of a push with this `authorization`.
    async fn identified(&self, authorization: &str) -> u16 {
        let push = self.push("").with("authorization", authorization);
        self.send(&push).await.status.as_u16()
    }

    fn texts(&self) -> Vec<String> {
        let received = self.simulator.received(&self.device);
        let text = |content: &Content| {
            if let Content::WebPush { text, .. } = content {
                text.clone().unwrap_or_default()
            } else {
                format!("{content:?}")
            }
        };
        received
            .iter()
            .map(|event| text(&event.message.content))
            .collect()
    }
}

#[tokio::test]
async fn a_push_is_decrypted_as_a_browser_would() {
    let browser = Browser::start().await;
    let answer = browser
        .send(&browser.push("{\"v\":1}").with("ttl", "9999999999999"))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("ttl"), Some("2592000"));
    let location = answer.header("location").unwrap();
    assert!(
        location.starts_with(&browser.simulator.setup().web_push_url),
        "{location}"
    );
    assert_eq!(browser.texts(), ["{\"v\":1}"]);
    // What travelled is not the clear text.
    assert!(!browser.simulator.journal(0)[0].contains("\"v\":1"));
    // Without a body it only wakes the worker.
    let empty = browser
        .push("")
        .body(Vec::new())
        .without("content-encoding");
    assert_eq!(browser.send(&empty).await.status, StatusCode::CREATED);
    assert_eq!(browser.texts(), ["{\"v\":1}", ""]);
}

#[tokio::test]
async fn a_declarative_push_is_recognised() {
    let browser = Browser::start().await;
    let text = json!({"web_push": 8030, "notification": {"title": "a", "navigate": "https://a/"}});
    browser.send(&browser.push(&text.to_string())).await;
    let received = browser.simulator.received(&browser.device);
    let content = &received[0].message.content;
    assert!(
        matches!(
            content,
            Content::WebPush {
                declarative: true,
                ..
            }
        ),
        "{content:?}"
    );
}

#[tokio::test]
async fn what_a_browser_cannot_read_is_accepted_and_dropped_by_it() {
    let browser = Browser::start().await;
    let whole = browser.push("text");
    let short = whole.body[..whole.body.len() - 1].to_vec();
    let mut two = whole.body.clone();
    let record = u32::try_from(whole.body.len() - 86).unwrap();
    two[16..20].copy_from_slice(&record.to_be_bytes());
    two.extend_from_slice(&whole.body[86..]);
    for (body, expected) in [
        (short, "authentication"),
        (two, "more than one record"),
        (b"plain text".to_vec(), "header"),
    ] {
        assert_eq!(
            browser.send(&browser.push("").body(body)).await.status,
            StatusCode::CREATED
        );
        let events = browser.simulator.events(0);
        let last = events.last().unwrap();
        let why = DropReason::Undecryptable;
        assert_eq!(last.fate, Fate::Dropped { why });
        let Content::Unreadable { why } = &last.message.content else {
            panic!("{:?}", last.message.content);
        };
        assert!(why.contains(expected), "{why}");
    }
    assert!(browser.texts().is_empty());
}

#[tokio::test]
async fn the_claims_of_the_sender_are_checked() {
    let browser = Browser::start().await;
    let origin = browser.simulator.setup().web_push_url.clone();
    let now = seconds(&browser.clock);
    for (claim, value, status) in [
        ("aud", json!(origin), 201),
        ("aud", json!("https://other.example"), 403),
        ("aud", json!(format!("{origin}/")), 403),
        ("exp", json!(now), 403),
        ("exp", json!(now + 86_400), 201),
        ("exp", json!(now + 86_401), 403),
        ("exp", json!(null), 403),
        ("sub", json!("a@b.example"), 403),
    ] {
        let mut claims = json!({"aud": origin, "exp": now + 60, "sub": "mailto:a@b.example"});
        claims[claim] = value;
        let token = browser.vapid.token(&claims);
        let header = format!("vapid t={token}, k={}", browser.vapid.public);
        assert_eq!(browser.identified(&header).await, status, "{claims}");
    }
}

#[tokio::test]
async fn the_sender_must_be_who_it_says() {
    let browser = Browser::start().await;
    let origin = &browser.simulator.setup().web_push_url;
    let end = seconds(&browser.clock) + 60;
    let (other, public) = (Vapid::generate(), &browser.vapid.public);
    let claims = json!({"aud": origin, "exp": end, "sub": "mailto:a@b.example"});
    let good = browser.vapid.token(&claims);
    let of_other = other.token(&claims);
    let unsigned = with_header(&good, "{\"alg\":\"none\"}");
    for (header, status) in [
        (format!("vapid t={good}, k={public}"), 201),
        (format!("vapid k={public},t={good}"), 201),
        (format!("vapid t={good}, k={}", other.public), 403),
        (format!("vapid t={of_other}, k={public}"), 403),
        (other.authorization(origin, end), 403),
        (format!("vapid t={unsigned}, k={public}"), 403),
        (format!("vapid t=a.b.c, k={public}"), 403),
        (format!("vapid t={good}, k=AAAA"), 403),
        (format!("WebPush {good}"), 401),
        ("vapid t=a".to_owned(), 401),
    ] {
        assert_eq!(browser.identified(&header).await, status, "{header}");
    }
    let answer = browser
        .send(&browser.push("").without("authorization"))
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("www-authenticate"), Some("vapid"));
}

#[tokio::test]
async fn headers_and_size_are_checked() {
    let browser = Browser::start().await;
    let push = || browser.push("text");
    let body = |length| push().body(vec![0; length]);
    for (push, status) in [
        (push().without("ttl"), 400),
        (push().with("ttl", "-1"), 400),
        (push().with("ttl", "1.5"), 400),
        (push().with("urgency", "urgent"), 400),
        (push().with("urgency", "very-low"), 201),
        (push().with("topic", &"t".repeat(32)), 201),
        (push().with("topic", &"t".repeat(33)), 400),
        (push().with("topic", "a.b"), 400),
        (push().with("content-encoding", "aesgcm"), 400),
        (push().without("content-encoding"), 400),
        (body(4_096), 201),
        (body(4_097), 413),
        (body(200_000), 413),
    ] {
        let answer = browser.send(&push).await;
        assert_eq!(answer.status.as_u16(), status, "{:?}", push.headers);
    }
}

#[tokio::test]
async fn endpoints_end() {
    let browser = Browser::start().await;
    let unknown = format!("{}/push/0123", browser.simulator.setup().web_push_url);
    let answer = browser.send_to(&unknown, &browser.push("")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let at = browser.clock.now();
    for (ending, status) in [
        (Ending::Expired, StatusCode::NOT_FOUND),
        (Ending::Unregistered, StatusCode::GONE),
    ] {
        browser
            .simulator
            .kill(&browser.device, Death { at, ending })
            .unwrap();
        assert_eq!(browser.send(&browser.push("")).await.status, status);
    }
}

#[tokio::test]
async fn a_topic_replaces_what_waits() {
    let browser = Browser::start().await;
    browser.simulator.set_offline(&browser.device).unwrap();
    for (text, ttl, topic) in [
        ("old", "60", "order"),
        ("now or never", "0", "a"),
        ("brief", "10", "b"),
        ("new", "60", "order"),
    ] {
        let push = browser.push(text).with("ttl", ttl).with("topic", topic);
        assert_eq!(browser.send(&push).await.status, StatusCode::CREATED);
    }
    browser.clock.advance(Duration::from_secs(30));
    browser
        .simulator
        .set_online(&browser.device, Order::Accepted)
        .unwrap();
    assert_eq!(browser.texts(), ["new"]);
}
