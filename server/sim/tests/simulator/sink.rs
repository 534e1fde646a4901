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

#[tokio::test]
async fn takes_every_push_unchecked_and_counts_it() -> Result<(), Error> {
    let clock = ManualClock::new("2026-11-30T09:00:00Z".parse()?, 7);
    let sink = Sink::start(SinkOptions {
        credentials: options(&clock).credentials,
        counts_distinct: true,
        ..SinkOptions::default()
    })
    .await?;
    let addresses = sink.setup().addresses;
    let mut sender = Connection::trusting(sink.setup().ca_certificate(), addresses.fcm).await?;

    let token = sender.send(post("/token", &[], "grant_type=any")).await?;
    assert_eq!(token.json()["token_type"], "Bearer");
    let fcm = r#"{"message":{"token":"anna","webpush":{"headers":{"Topic":"n1"}}}}"#;
    let path = "/v1/projects/shop/messages:send";
    for _ in 0..2 {
        let pushed = sender.send(post(path, &[("x-own", "1")], fcm)).await?;
        assert_eq!(pushed.status, StatusCode::OK);
        assert!(pushed.json()["name"].is_string());
    }
    let id = [("apns-id", "0b1c")];
    let pushed = sender.send(post("/3/device/0a0b", &id, "{}")).await?;
    assert_eq!(
        (pushed.status, pushed.header("apns-id")),
        (StatusCode::OK, Some("0b1c"))
    );
    let pushed = sender
        .send(post("/send/abc", &[("ttl", "60")], "sealed"))
        .await?;
    assert_eq!(pushed.status, StatusCode::CREATED);
    let other = sender.send(post("/elsewhere", &[], "")).await?;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    // What is longer than any push is not read to its end, and the connection goes on.
    let long = "x".repeat(100_000);
    assert!(sender.send(post(path, &[], &long)).await.is_err());
    sender.send(post("/3/device/0c", &[], "{}")).await?;

    let host = addresses.admin.to_string();
    let counts = send_plain(addresses.admin, admin("GET", "/admin/counters", &host)).await?;
    let counts: SinkCounts = serde_json::from_value(counts.json())?;
    assert_eq!(counts, sink.counts());
    assert_eq!(
        (
            counts.token,
            counts.fcm,
            counts.apns,
            counts.web_push,
            counts.other
        ),
        (1, 2, 2, 1, 1)
    );
    assert_eq!((counts.pushes(), counts.distinct), (5, Some(4)));
    let sample = send_plain(addresses.admin, admin("GET", "/admin/sample", &host)).await?;
    let sample: Sample = serde_json::from_value(sample.json())?;
    assert_eq!(sample.path, path);
    assert!(
        sample
            .headers
            .contains(&("x-own".to_owned(), "1".to_owned()))
    );

    let foreign = send_plain(
        addresses.admin,
        admin("POST", "/admin/reset", "evil.example"),
    )
    .await?;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let reset = send_plain(addresses.admin, admin("POST", "/admin/reset", &host)).await?;
    assert_eq!(
        (reset.status, sink.counts().pushes()),
        (StatusCode::NO_CONTENT, 0)
    );
    let keys = send_plain(addresses.admin, admin("GET", "/admin/credentials", &host)).await?;
    assert_eq!(keys.json()["fcm"]["base_url"], json!(sink.setup().fcm_url));
    sink.shutdown().await;
    Ok(())
}
