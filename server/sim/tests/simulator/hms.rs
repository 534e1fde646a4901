//! Huawei Push Kit and its token endpoint.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use vestnik_clock::ManualClock;
use vestnik_sim::{
    Content, Death, DeviceView, DropReason, Ending, Fate, Kind, Order, Registration, Simulator,
};

use crate::{
    client::{Answer, options, send},
    jws::{ps256, seconds},
};

struct Huawei {
    simulator: Simulator,
    clock: ManualClock,
}

impl Huawei {
    async fn start() -> Self {
        let clock = ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
        let simulator = Simulator::start(options(&clock)).await.unwrap();
        Self { simulator, clock }
    }

    async fn post(&self, request: http::request::Builder, body: String) -> Answer {
        let request = request.body(Full::from(body)).unwrap();
        let to = self.simulator.addresses().hms;
        send(&self.simulator, to, request).await.unwrap()
    }

    async fn grant(&self, secret: &str) -> Answer {
        let client = self.simulator.setup().hms_client();
        let id = client["app_id"].as_str().unwrap();
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let uri = client["token_uri"].as_str().unwrap().to_owned();
        self.post(Request::post(uri), body).await
    }

    async fn bearer(&self) -> String {
        let client = self.simulator.setup().hms_client();
        let answer = self.grant(client["client_secret"].as_str().unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The token of a service account, with one claim changed.
    fn signed(&self, claim: &str, value: Value) -> String {
        let account = self.simulator.setup().hms_service_account();
        let now = seconds(&self.clock);
        let mut claims = json!({
            "iss": account["sub_account"], "aud": account["token_uri"], "iat": now, "exp": now + 3_600,
        });
        claims[claim] = value;
        ps256(&self.simulator, &claims)
    }

    async fn one(&self, bearer: &str, body: &Value) -> Answer {
        let client = self.simulator.setup().hms_client();
        let (url, id) = (&self.simulator.setup().hms_url, client["app_id"].as_str());
        let url = format!("{url}/v1/{}/messages:send", id.unwrap());
        let request = Request::post(url).header("authorization", format!("Bearer {bearer}"));
        self.post(request, body.to_string()).await
    }

    async fn three(&self, bearer: &str, push_type: &str, body: &Value) -> Answer {
        let account = self.simulator.setup().hms_service_account();
        let (url, id) = (
            &self.simulator.setup().hms_url,
            account["project_id"].as_str(),
        );
        let url = format!("{url}/v3/{}/messages:send", id.unwrap());
        let request = Request::post(url)
            .header("authorization", format!("Bearer {bearer}"))
            .header("push-type", push_type);
        self.post(request, body.to_string()).await
    }

    fn phone(&self) -> DeviceView {
        self.simulator
            .register(Registration::new(Kind::Hms))
            .unwrap()
    }
}

fn token(phone: &DeviceView) -> Value {
    json!(phone.token.as_ref().unwrap())
}

fn message(phone: &DeviceView) -> Value {
    json!({ "message": {
        "data": "{\"vestnik\":\"x\"}", "android": { "ttl": "60s", "urgency": "NORMAL" },
        "token": [token(phone)],
    }})
}

fn alert(phone: &DeviceView) -> Value {
    json!({
        "payload": { "notification": {
            "category": "EXPRESS", "title": "t", "body": "b", "clickAction": { "actionType": 0 },
        }},
        "target": { "token": [token(phone)] },
    })
}

fn code(answer: &Answer) -> String {
    answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_secret_is_exchanged_for_a_token_of_an_hour() {
    let huawei = Huawei::start().await;
    let denied = huawei.grant("wrong").await;
    assert_eq!(denied.status, StatusCode::BAD_REQUEST);
    assert_eq!(denied.json()["error"], 1_101);
    let (bearer, phone) = (huawei.bearer().await, huawei.phone());
    assert!(bearer.contains('/'));
    let answer = huawei.one(&bearer, &message(&phone)).await;
    assert_eq!(
        (answer.status, code(&answer)),
        (StatusCode::OK, "80000000".to_owned())
    );
    let answer = huawei.one("other", &message(&phone)).await;
    assert_eq!(code(&answer), "80200001");
    huawei.clock.advance(Duration::from_secs(3_600));
    let answer = huawei.one(&bearer, &message(&phone)).await;
    assert_eq!(
        (answer.status, code(&answer)),
        (StatusCode::UNAUTHORIZED, "80200003".to_owned())
    );
    let received = huawei.simulator.received(&phone.id);
    assert_eq!(received.len(), 1);
    let Content::Hms {
        message,
        push_type: None,
        tag: _,
    } = &received[0].message.content
    else {
        panic!("it is a message of version 1");
    };
    assert_eq!(message["data"], "{\"vestnik\":\"x\"}");
}

#[tokio::test]
async fn a_service_account_signs_its_tokens() {
    let huawei = Huawei::start().await;
    let phone = huawei.phone();
    let good = huawei.signed("x", Value::Null);
    let answer = huawei.three(&good, "0", &alert(&phone)).await;
    assert_eq!(code(&answer), "80000000", "{:?}", answer.json());
    let now = seconds(&huawei.clock);
    for (claim, value, wanted) in [
        ("iss", json!("other"), "80200001"),
        ("aud", json!("https://other.example"), "80200001"),
        ("iat", json!(now + 301), "80200001"),
        ("exp", json!(now), "80200005"),
        ("exp", json!(now + 86_401), "80300036"),
    ] {
        let bearer = huawei.signed(claim, value);
        let answer = huawei.three(&bearer, "0", &alert(&phone)).await;
        assert_eq!(code(&answer), wanted, "{claim}");
    }
    // A token of version 1 is none of version 3.
    let bearer = huawei.bearer().await;
    let answer = huawei.three(&bearer, "0", &alert(&phone)).await;
    assert_eq!(code(&answer), "80200001");
}

#[tokio::test]
async fn what_is_wrong_with_a_message_has_its_code() {
    let huawei = Huawei::start().await;
    let (bearer, phone) = (huawei.bearer().await, huawei.phone());
    let with = |pointer: &str, value: Value| {
        let mut body = message(&phone);
        let (holder, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(holder).unwrap()[name] = value;
        body
    };
    for (body, wanted) in [
        (with("/message/colour", json!(1)), "80100003"),
        (with("/message/data", json!(7)), "80100003"),
        (with("/message/data", Value::Null), "80100003"),
        (
            with("/message/android/category", json!("GOSSIP")),
            "80100003",
        ),
        (with("/message/android/ttl", json!("0s")), "80100004"),
        (with("/message/android/ttl", json!("1296001s")), "80100001"),
        (
            with("/message/android/collapse_key", json!(101)),
            "80100013",
        ),
        (with("/message/android/urgency", json!("HIGH")), "80300011"),
        (
            with("/message/android/bi_tag", json!("x".repeat(65))),
            "80100001",
        ),
        (with("/message/data", json!("x".repeat(4_096))), "80300008"),
        (with("/message/token", json!([])), "80300010"),
        (with("/message/token", json!(["unknown"])), "80300007"),
        (
            with("/message/token", json!(["unknown", token(&phone)])),
            "80100000",
        ),
        (with("/validate_only", json!(true)), "80000000"),
    ] {
        let answer = huawei.one(&bearer, &body).await;
        assert_eq!(code(&answer), wanted, "{body}");
    }
    // Of these only the partial success brought anything.
    assert_eq!(huawei.simulator.received(&phone.id).len(), 1);
}

#[tokio::test]
async fn version_3_tells_what_is_wrong_with_a_token() {
    let huawei = Huawei::start().await;
    let bearer = huawei.signed("x", Value::Null);
    let (phone, gone) = (huawei.phone(), huawei.phone());
    let death = Death {
        at: "2026-11-29T12:00:00Z".parse().unwrap(),
        ending: Ending::Unregistered,
    };
    huawei.simulator.kill(&gone.id, death).unwrap();
    let mut foreign = Registration::new(Kind::Hms);
    foreign.project = Some("another".to_owned());
    let foreign = huawei.simulator.register(foreign).unwrap();
    for (push_type, phone, wanted) in [
        ("0", &gone, "tokenFormatError"),
        ("0", &foreign, "noRight"),
        ("7", &phone, "noPushTypeRight"),
    ] {
        let answer = huawei.three(&bearer, push_type, &alert(phone)).await;
        assert_eq!(code(&answer), "80300007");
        let message = answer.json()["msg"].as_str().unwrap().to_owned();
        let message: Value = serde_json::from_str(&message).unwrap();
        assert_eq!(message["illegalTokens"][wanted][0], token(phone));
    }
    // A message for the background has data, and an alert a text.
    let answer = huawei.three(&bearer, "6", &alert(&phone)).await;
    assert_eq!(code(&answer), "80100003");
    let mut body = alert(&phone);
    body["payload"]["notification"]["body"] = json!("");
    let answer = huawei.three(&bearer, "0", &body).await;
    assert_eq!(code(&answer), "80100003");
}

#[tokio::test]
async fn a_phone_without_a_network_gets_the_latest_of_a_group() {
    let huawei = Huawei::start().await;
    let (bearer, phone) = (huawei.bearer().await, huawei.phone());
    huawei.simulator.set_offline(&phone.id).unwrap();
    let mut body = message(&phone);
    body["message"]["android"]["collapse_key"] = json!(1);
    for _ in 0..2 {
        huawei.one(&bearer, &body).await;
    }
    huawei.clock.advance(Duration::from_secs(59));
    huawei
        .simulator
        .set_online(&phone.id, Order::Accepted)
        .unwrap();
    assert_eq!(huawei.simulator.received(&phone.id).len(), 1);
    let events = huawei.simulator.events(0);
    let is_lost = |why| {
        events
            .iter()
            .any(|event| event.fate == Fate::Dropped { why })
    };
    assert!(!is_lost(DropReason::Overwritten));
}
