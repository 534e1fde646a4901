//! A sink takes pushes of all services over one connection and says how many there were.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::json;
use vestnik_clock::ManualClock;
use vestnik_sim::{Sample, Sink, SinkCounts, SinkOptions};

use super::client::{Connection, Error, options, send_plain};

fn post(path: &str, headers: &[(&str, &str)], body: &str) -> Request<Full<Bytes>> {
    let mut request = Request::post(format!("https://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap()
}

fn admin(method: &str, path: &str, host: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(path);
    request.header("host", host).body(Full::default()).unwrap()
}

async fn sink() -> Result<Sink, Error> {
    let clock = ManualClock::new("2026-11-30T09:00:00Z".parse()?, 7);
    let options = SinkOptions {
        credentials: options(&clock).credentials,
        counts_distinct: true,
        ..SinkOptions::default()
    };
    Ok(Sink::start(options).await?)
}

const FCM: &str = "/v1/projects/shop/messages:send";
const ANNA: &str = r#"{"message":{"token":"anna","webpush":{"headers":{"Topic":"n1"}}}}"#;

#[tokio::test]
async fn takes_every_push_unchecked_and_counts_it() -> Result<(), Error> {
    let sink = sink().await?;
    let ca = sink.setup().ca_certificate();
    let mut sender = Connection::trusting(ca, sink.setup().addresses.fcm).await?;

    let token = sender.send(post("/token", &[], "grant_type=any")).await?;
    assert_eq!(token.json()["token_type"], "Bearer");
    for _ in 0..2 {
        let pushed = sender.send(post(FCM, &[], ANNA)).await?;
        assert_eq!(pushed.status, StatusCode::OK);
        assert!(pushed.json()["name"].is_string());
    }
    let id = [("apns-id", "0b1c")];
    let pushed = sender.send(post("/3/device/0a0b", &id, "{}")).await?;
    assert_eq!(pushed.status, StatusCode::OK);
    assert_eq!(pushed.header("apns-id"), Some("0b1c"));
    let ttl = [("ttl", "60")];
    let pushed = sender.send(post("/send/abc", &ttl, "sealed")).await?;
    assert_eq!(pushed.status, StatusCode::CREATED);
    let other = sender.send(post("/elsewhere", &[], "")).await?;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    // What is longer than any push is not read to its end, and the connection goes on.
    let long = "x".repeat(100_000);
    assert!(sender.send(post(FCM, &[], &long)).await.is_err());
    sender.send(post("/3/device/0c", &[], "{}")).await?;

    let counts = sink.counts();
    assert_eq!((counts.token, counts.other), (1, 1));
    assert_eq!((counts.fcm, counts.apns, counts.web_push), (2, 2, 1));
    assert_eq!((counts.pushes(), counts.distinct), (5, Some(4)));
    sink.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn says_what_came_to_its_own_address_only() -> Result<(), Error> {
    let sink = sink().await?;
    let (ca, addresses) = (sink.setup().ca_certificate(), sink.setup().addresses);
    let mut sender = Connection::trusting(ca, addresses.fcm).await?;
    sender.send(post(FCM, &[("x-own", "1")], ANNA)).await?;

    let (to, host) = (addresses.admin, addresses.admin.to_string());
    let counts = send_plain(to, admin("GET", "/admin/counters", &host)).await?;
    let counts: SinkCounts = serde_json::from_value(counts.json())?;
    assert_eq!(counts, sink.counts());
    let sample = send_plain(to, admin("GET", "/admin/sample", &host)).await?;
    let sample: Sample = serde_json::from_value(sample.json())?;
    assert_eq!(sample.path, FCM);
    assert!(
        sample
            .headers
            .contains(&("x-own".to_owned(), "1".to_owned()))
    );
    let keys = send_plain(to, admin("GET", "/admin/credentials", &host)).await?;
    assert_eq!(keys.json()["fcm"]["base_url"], json!(sink.setup().fcm_url));

    let foreign = send_plain(to, admin("POST", "/admin/reset", "evil.example")).await?;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(sink.counts().pushes(), 1);
    let reset = send_plain(to, admin("POST", "/admin/reset", &host)).await?;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(sink.counts().pushes(), 0);
    sink.shutdown().await;
    Ok(())
}
