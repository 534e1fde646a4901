//! `RuStore`.

use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use vestnik_clock::ManualClock;
use vestnik_sim::{
    Content, Death, Ending, Fault, Kind, Match, Registration, Rule, Service, Simulator,
};

use crate::client::{Answer, options, send};

async fn start() -> Simulator {
    let clock = ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1);
    Simulator::start(options(&clock)).await.unwrap()
}

async fn post(simulator: &Simulator, bearer: &str, body: &Value) -> Answer {
    let project = simulator.setup().rustore_project();
    let project = project["project_id"].as_str().unwrap().to_owned();
    let url = &simulator.setup().rustore_url;
    let request = Request::post(format!("{url}/v1/projects/{project}/messages:send"))
        .header("authorization", format!("Bearer {bearer}"))
        .body(Full::from(body.to_string()))
        .unwrap();
    let to = simulator.addresses().rustore;
    send(simulator, to, request).await.unwrap()
}

fn bearer(simulator: &Simulator) -> String {
    let project = simulator.setup().rustore_project();
    project["service_token"].as_str().unwrap().to_owned()
}

fn word(answer: &Answer) -> String {
    let word = answer.json()["error"]["status"].as_str().map(str::to_owned);
    word.unwrap_or_default()
}

#[tokio::test]
async fn messages_are_checked_and_delivered() {
    let simulator = start().await;
    let phone = simulator
        .register(Registration::new(Kind::Rustore))
        .unwrap();
    let token = phone.token.clone().unwrap();
    let good = json!({ "message": { "token": token, "data": { "a": "b" }, "android": { "ttl": "3.5s" } } });
    let answer = post(&simulator, &bearer(&simulator), &good).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})));
    let answer = post(&simulator, "other", &good).await;
    assert_eq!(
        (answer.status, word(&answer)),
        (StatusCode::FORBIDDEN, "PERMISSION_DENIED".to_owned())
    );
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        let (holder, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(holder).unwrap()[name] = value;
        body
    };
    for (body, wanted) in [
        (with("/message/topic", json!("news")), "INVALID_ARGUMENT"),
        (with("/message/data", json!({ "a": 1 })), "INVALID_ARGUMENT"),
        (
            with("/message/data", json!({ "a": "x".repeat(4_096) })),
            "INVALID_ARGUMENT",
        ),
        (with("/message/android/ttl", json!("3")), "INVALID_ARGUMENT"),
        (with("/message/token", Value::Null), "INVALID_ARGUMENT"),
        (with("/message/token", json!("unknown")), "NOT_FOUND"),
        (with("/validate_only", json!(true)), ""),
    ] {
        let answer = post(&simulator, &bearer(&simulator), &body).await;
        assert_eq!(word(&answer), wanted, "{body}");
    }
    let received = simulator.received(&phone.id);
    assert_eq!(received.len(), 1);
    let Content::Rustore { message } = &received[0].message.content else {
        panic!("it is a message of RuStore");
    };
    assert_eq!(message["data"]["a"], "b");
    let death = Death {
        at: "2026-11-29T12:00:00Z".parse().unwrap(),
        ending: Ending::Unregistered,
    };
    simulator.kill(&phone.id, death).unwrap();
    let answer = post(&simulator, &bearer(&simulator), &good).await;
    assert_eq!(
        (answer.status, word(&answer)),
        (StatusCode::NOT_FOUND, "NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn a_rule_speaks_its_words() {
    let simulator = start().await;
    let phone = simulator
        .register(Registration::new(Kind::Rustore))
        .unwrap();
    let body = json!({ "message": { "token": phone.token.unwrap() } });
    for (code, wanted) in [
        (400, "INVALID_ARGUMENT"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (429, "TOO_MANY_REQUESTS"),
        (500, "INTERNAL"),
        (503, ""),
    ] {
        let rule = Rule {
            matching: Match {
                service: Some(Service::Rustore),
                ..Match::default()
            },
            fault: Fault::Status {
                code,
                reason: None,
                field: None,
                retry_after: Some(7),
            },
        };
        simulator.set_faults(vec![rule]).unwrap();
        let answer = post(&simulator, &bearer(&simulator), &body).await;
        assert_eq!(
            (answer.status.as_u16(), word(&answer)),
            (code, wanted.to_owned())
        );
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
}
