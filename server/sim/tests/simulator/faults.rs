//! Faults by rule.

use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use vestnik_sim::{Fate, Rule};

use crate::{
    client::{Connection, send, tls},
    fcm::{Google, grant},
};

fn rules(rules: &serde_json::Value) -> Vec<Rule> {
    serde_json::from_value(rules.clone()).unwrap()
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_acceptance() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let to = google.simulator.addresses().fcm;
    let body = json!({"message": {"token": token}}).to_string();
    for (when, accepted) in [("before_acceptance", 0), ("after_acceptance", 1)] {
        let fault = json!([{"match": {"service": "fcm"}, "fault": {"reset": {"when": when}}}]);
        google.simulator.set_faults(rules(&fault)).unwrap();
        let answer = send(&google.simulator, to, google.request(&body)).await;
        assert!(answer.is_err(), "{answer:?}");
        assert_eq!(google.simulator.received(&phone).len(), accepted);
        let journal = google.simulator.journal(0);
        let last = journal.last().unwrap();
        assert_eq!((last.status, last.rule), (None, Some(0)));
    }
}

#[tokio::test]
async fn a_connection_goes_away_after_an_answer() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let to = google.simulator.addresses().fcm;
    let body = json!({"message": {"token": token}}).to_string();
    let fault = json!([{"match": {"service": "fcm", "nth": 2}, "fault": "goaway"}]);
    google.simulator.set_faults(rules(&fault)).unwrap();
    let mut connection = Connection::open(&google.simulator, to).await.unwrap();
    for _ in 0..2 {
        let answer = connection.send(google.request(&body)).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert!(connection.send(google.request(&body)).await.is_err());
    assert!(connection.is_closed());
    assert_eq!(google.simulator.received(&phone).len(), 2);
}

#[tokio::test]
async fn errors_are_in_the_words_of_fcm() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    for (fault, status, reason, retry_after) in [
        (
            json!({"throttle": {"retry_after": 7}}),
            429,
            "QUOTA_EXCEEDED",
            Some("7"),
        ),
        (json!({"throttle": {}}), 429, "QUOTA_EXCEEDED", None),
        (
            json!({"status": {"code": 503, "retry_after": 2}}),
            503,
            "UNAVAILABLE",
            Some("2"),
        ),
        (json!({"status": {"code": 500}}), 500, "INTERNAL", None),
        (
            json!({"status": {"code": 401}}),
            401,
            "THIRD_PARTY_AUTH_ERROR",
            None,
        ),
    ] {
        let rule = json!([{"match": {"device": phone}, "fault": fault}]);
        google.simulator.set_faults(rules(&rule)).unwrap();
        let answer = google.send(&json!({"message": {"token": token}})).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.json()["error"]["details"][0]["errorCode"], reason);
        assert_eq!(answer.header("retry-after"), retry_after);
    }
    assert!(google.simulator.received(&phone).is_empty());
}

#[tokio::test]
async fn a_message_may_come_twice_and_a_device_may_die() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let body = json!({"message": {"token": token}});
    google
        .simulator
        .set_faults(rules(&json!([{"fault": "duplicate"}])))
        .unwrap();
    assert_eq!(google.send(&body).await.status, StatusCode::OK);
    let received = google.simulator.received(&phone);
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].message.id, received[1].message.id);

    google.simulator.set_offline(&phone).unwrap();
    google.simulator.set_faults(Vec::new()).unwrap();
    google.send(&body).await;
    let fault = json!([{"fault": {"dead_at": {"time": "2026-11-29T11:00:00Z"}}}]);
    google.simulator.set_faults(rules(&fault)).unwrap();
    assert_eq!(google.send(&body).await.status, StatusCode::NOT_FOUND);
    let events = google.simulator.events(0);
    assert!(matches!(events.last().unwrap().fate, Fate::Dropped { .. }));
}

#[tokio::test]
async fn requests_are_counted_by_outcome() {
    let google = Google::start().await;
    let (_, token) = google.phone();
    google.send(&json!({"message": {"token": token}})).await;
    google.send(&json!({"message": {"token": "made up"}})).await;
    let counts = google.simulator.counters();
    let found: Vec<_> = counts
        .iter()
        .map(|count| (count.service.as_str(), count.status, count.requests))
        .collect();
    assert_eq!(
        found,
        [
            ("fcm_token", Some(200), 1),
            ("fcm", Some(200), 1),
            ("fcm", Some(400), 1)
        ]
    );
}

#[tokio::test]
async fn an_answer_names_a_field_or_has_no_code_of_fcm() {
    let google = Google::start().await;
    let (phone, token) = google.phone();
    let answers = async |fault: serde_json::Value| {
        let rule = json!([{"match": {"device": phone}, "fault": {"status": fault}}]);
        google.simulator.set_faults(rules(&rule)).unwrap();
        let answer = google.send(&json!({"message": {"token": token}})).await;
        answer.json()["error"]["details"].clone()
    };
    let named = answers(json!({"code": 400, "field": "message.token"})).await;
    assert_eq!(named[0]["errorCode"], "INVALID_ARGUMENT");
    assert_eq!(named[1]["fieldViolations"][0]["field"], "message.token");
    let front = answers(json!({"code": 401, "reason": "ACCESS_TOKEN_EXPIRED"})).await;
    assert_eq!(front[0]["reason"], "ACCESS_TOKEN_EXPIRED");
    assert_eq!(front[0]["errorCode"], serde_json::Value::Null);
}

#[tokio::test]
async fn the_token_endpoint_refuses_in_the_words_of_oauth() {
    let google = Google::start().await;
    for (fault, word) in [
        (json!({"code": 400}), "invalid_grant"),
        (json!({"code": 503}), "internal_failure"),
        (
            json!({"code": 401, "reason": "invalid_client"}),
            "invalid_client",
        ),
    ] {
        let rule = json!([{"match": {"service": "fcm_token"}, "fault": {"status": fault}}]);
        google.simulator.set_faults(rules(&rule)).unwrap();
        let answer = grant(&google.simulator, "any").await;
        assert_eq!(answer.json()["error"], word);
    }
}

/// A sender knows that a request it did not finish was not taken.
#[tokio::test]
async fn a_request_that_breaks_off_is_none() {
    let google = Google::start().await;
    google.simulator.reset();
    let (to, protocols) = (google.simulator.addresses().fcm, ["http/1.1"]);
    let mut stream = tls(&google.simulator, to, &protocols).await.unwrap();
    let head = "POST /v1/projects/vestnik-sim/messages:send HTTP/1.1\r\nhost: localhost\r\n";
    let request = format!("{head}content-length: 100\r\n\r\n{{\"message\"");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // However the simulator ends the connection: it has read the request by then.
    stream.read_to_end(&mut answer).await.ok();
    assert!(google.simulator.journal(0).is_empty());
}
