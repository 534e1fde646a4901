//! The admin API.

use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use vestnik_clock::ManualClock;
use vestnik_sim::{Credentials, Kind, Limits, Options, Registration, Simulator};

use crate::client::{Answer, options, send_plain};

async fn start() -> Simulator {
    Simulator::start(options(&clock())).await.unwrap()
}

fn clock() -> ManualClock {
    ManualClock::new("2026-11-29T12:00:00Z".parse().unwrap(), 1)
}

async fn call(simulator: &Simulator, method: Method, path: &str, body: Option<Value>) -> Answer {
    let to = simulator.addresses().admin;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", to.to_string());
    let request = match &body {
        Some(_) => request.header("content-type", "application/json"),
        None => request,
    };
    let body = body.map_or_else(String::new, |body| body.to_string());
    send_plain(to, request.body(Full::from(body)).unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn devices_are_made_and_moved_by_http() {
    let simulator = start().await;
    let post =
        async |path: &str, body: Option<Value>| call(&simulator, Method::POST, path, body).await;
    let made = post(
        "/admin/devices",
        Some(json!({"kind": "apns", "name": "Anna's phone"})),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let device = made.json();
    assert_eq!(device["environment"], "production");
    assert_eq!(device["token"].as_str().map(str::len), Some(64));
    let path = format!("/admin/devices/{}", device["id"].as_str().unwrap());

    let answer = post(&format!("{path}/offline"), None).await;
    assert_eq!(answer.json()["online"], false);
    let answer = post(
        &format!("{path}/online"),
        Some(json!({"order": "reversed"})),
    )
    .await;
    assert_eq!(answer.json()["online"], true);
    let sandbox = json!({"environment": "sandbox"});
    let answer = post(&format!("{path}/environment"), Some(sandbox.clone())).await;
    assert_eq!(answer.json()["environment"], "sandbox");
    let kill = json!({"at": "2026-01-01T00:00:00Z", "ending": "expired"});
    let answer = post(&format!("{path}/kill"), Some(kill.clone())).await;
    assert_eq!(answer.json()["death"], kill);
    let answer = call(&simulator, Method::DELETE, &path, None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        call(&simulator, Method::GET, &path, None).await.status,
        StatusCode::NOT_FOUND
    );

    let web = post("/admin/devices", Some(json!({"kind": "web_push"})))
        .await
        .json();
    assert!(web["subscription"]["keys"]["p256dh"].is_string());
    let path = format!("/admin/devices/{}/environment", web["id"].as_str().unwrap());
    assert_eq!(
        post(&path, Some(sandbox)).await.status,
        StatusCode::BAD_REQUEST
    );
    for bad in [
        json!({"kind": "pager"}),
        json!({}),
        json!({"kind": "apns", "colour": "red"}),
        json!({"kind": "apns", "name": "n".repeat(201)}),
        json!({"kind": "web_push", "application_server_key": "AAAA"}),
    ] {
        let answer = post("/admin/devices", Some(bad.clone())).await;
        assert!(answer.status.is_client_error(), "{bad}");
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn a_sender_finds_all_it_needs() {
    let simulator = start().await;
    let answer = call(&simulator, Method::GET, "/admin/credentials", None)
        .await
        .json();
    assert_eq!(answer, simulator.setup().document());
    let ca = call(&simulator, Method::GET, "/admin/ca.pem", None).await;
    assert_eq!(ca.body, simulator.setup().ca_certificate().as_bytes());
    assert!(answer["fcm"]["service_account"]["private_key"].is_string());
    assert!(answer["apns"]["key"].is_string());
}

#[tokio::test]
async fn a_start_with_earlier_keys_needs_no_new_configuration() {
    let credentials = Credentials::generate().unwrap();
    let own = || Options {
        credentials: Some(credentials.clone()),
        ..options(&clock())
    };
    let first = Simulator::start(own()).await.unwrap();
    let second = Simulator::start(own()).await.unwrap();
    assert_eq!(
        first.setup().ca_certificate(),
        second.setup().ca_certificate()
    );
    // Who trusts the first authority connects to the second simulator.
    let to = second.addresses().apns;
    assert!(crate::client::tls(&first, to, &["h2"]).await.is_ok());
    let other = start().await;
    assert!(crate::client::tls(&other, to, &["h2"]).await.is_err());
    first.shutdown().await;
    assert!(crate::client::tls(&second, to, &["h2"]).await.is_ok());
}

#[tokio::test]
async fn keys_are_added_and_revoked_by_http() {
    let simulator = start().await;
    let sandbox = Some(json!({"environment": "sandbox"}));
    let made = call(&simulator, Method::POST, "/admin/apns/keys", sandbox).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!(
        "/admin/apns/keys/{}",
        made.json()["key_id"].as_str().unwrap()
    );
    for expected in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        let answer = call(&simulator, Method::DELETE, &path, None).await;
        assert_eq!(answer.status, expected);
    }
    let answer = call(&simulator, Method::POST, "/admin/fcm/revoke", None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn rules_are_set_and_everything_is_forgotten() {
    let simulator = start().await;
    let rules = json!([{"match": {"service": "apns", "percent": 30, "seed": 7},
        "fault": {"throttle": {"retry_after": 5}}}]);
    let answer = call(&simulator, Method::PUT, "/admin/faults", Some(rules)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["rules"][0]["matched"], 0);
    let bad = json!([{"match": {"every": 0}, "fault": "goaway"}]);
    let answer = call(&simulator, Method::PUT, "/admin/faults", Some(bad)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(simulator.faults().len(), 1);
    simulator.register(Registration::new(Kind::Apns)).unwrap();
    let answer = call(&simulator, Method::POST, "/admin/reset", None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(simulator.faults().is_empty() && simulator.devices().is_empty());
    for path in [
        "/admin/events",
        "/admin/journal?after=0&limit=5",
        "/admin/counters",
    ] {
        assert_eq!(
            call(&simulator, Method::GET, path, None).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out() {
    let simulator = start().await;
    let to = simulator.addresses().admin;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("host", "evil.example"),
    ] {
        let mut request = Request::post("/admin/reset").body(Full::from("")).unwrap();
        request
            .headers_mut()
            .insert("host", to.to_string().parse().unwrap());
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = send_plain(to, request).await.unwrap();
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
}

#[tokio::test]
async fn there_are_no_more_devices_than_allowed() {
    let few = Options {
        limits: Limits {
            devices: 2,
            ..Limits::default()
        },
        ..options(&clock())
    };
    let simulator = Simulator::start(few).await.unwrap();
    let register = || simulator.register(Registration::new(Kind::FcmToken));
    assert!(register().is_ok() && register().is_ok());
    assert!(register().is_err());
}
