//! Requests and answers over connections as they should be.

use std::{sync::Arc, time::Duration};

use tokio::sync::Barrier;

use super::{
    bounded, client, here, let_time_pass, patient,
    peer::{Peer, answer},
    post, start, trust,
};
use crate::{Client, ConnectError, Ending, Limits, Protocol, SendError, Trust};

const H2: &[&str] = &["h2"];
const BOTH: &[&str] = &["h2", "http/1.1"];
const HTTP1: &[&str] = &["http/1.1"];

async fn echo(protocols: Option<&[&str]>) -> Peer {
    Peer::http(protocols, |request| async move {
        let (version, host) = (request.version(), request.headers().get("host").cloned());
        let path = request.uri().path_and_query().map(ToString::to_string);
        let body = String::from_utf8(request.into_body().to_vec()).unwrap();
        answer(201, format!("{version:?} {host:?} {path:?} {body}"))
    })
    .await
}

#[tokio::test]
async fn a_request_goes_over_what_both_sides_speak() {
    for (protocols, wanted, version) in [
        (Some(BOTH), Protocol::Any, "HTTP/2.0"),
        (Some(BOTH), Protocol::Http2, "HTTP/2.0"),
        (Some(HTTP1), Protocol::Any, "HTTP/1.1"),
        (None, Protocol::Any, "HTTP/1.1"),
        (None, Protocol::Http2, "HTTP/2.0"),
    ] {
        let peer = echo(protocols).await;
        let url = format!("{}/send/1?x=2", peer.origin());
        let client = client(patient());
        let sent = client.send(post(&url), wanted);
        let answer = bounded(sent).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), answer.ending),
            (201, Ending::Whole)
        );
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(body.starts_with(version), "{body}");
        assert!(body.ends_with(r#"Some("/send/1?x=2") content"#), "{body}");
        let host = format!(r#"Some("localhost:{}")"#, peer.port);
        assert_eq!(body.contains(&host), version == "HTTP/1.1", "{body}");
    }
}

#[tokio::test]
async fn many_requests_share_a_connection_of_http2() {
    let barrier = Arc::new(Barrier::new(50));
    let peer = Peer::http(Some(H2), move |_| {
        let barrier = Arc::clone(&barrier);
        async move {
            // None is answered before all are there.
            barrier.wait().await;
            answer(200, "")
        }
    })
    .await;
    let limits = Limits {
        connections: 1,
        ..patient()
    };
    let client = client(limits);
    let requests: Vec<_> = (0..50)
        .map(|_| start(&client, &peer.origin(), Protocol::Http2))
        .collect();
    for request in requests {
        assert_eq!(bounded(request).await.unwrap().unwrap().status, 200);
    }
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn a_connection_of_http1_takes_one_request_after_the_other() {
    let peer = echo(Some(HTTP1)).await;
    let client = client(patient());
    for _ in 0..5 {
        let sent = client.send(post(&peer.origin()), Protocol::Any);
        assert_eq!(bounded(sent).await.unwrap().status, 201);
    }
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_root_or_for_another_name_is_refused() {
    let peer = echo(Some(BOTH)).await;
    let stranger = Client::new(here(), &Trust::system(), patient()).unwrap();
    let reach = here().and("other.test").unwrap();
    let (resolver, _asked) = super::Scripted::new(&[&[&format!("127.0.0.1:{}", peer.port)]]);
    let misled = Client::with_resolver(reach, &trust(), patient(), resolver).unwrap();
    let other = format!("https://other.test:{}", peer.port);
    for (client, url) in [(stranger, peer.origin()), (misled, other)] {
        let error = bounded(client.send(post(&url), Protocol::Any))
            .await
            .unwrap_err();
        assert!(
            matches!(error, SendError::Connect(ConnectError::Tls(_))),
            "{error:?}"
        );
        assert!(!error.was_sent());
    }
}

#[tokio::test]
async fn a_request_that_needs_http2_goes_over_nothing_else() {
    let peer = echo(Some(HTTP1)).await;
    let client = client(patient());
    let sent = client.send(post(&peer.origin()), Protocol::Http2);
    let error = bounded(sent).await.unwrap_err();
    assert!(matches!(error, SendError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/");
    let client = client(patient());
    let sent = client.send(post(&url), Protocol::Any);
    let error = bounded(sent).await.unwrap_err();
    assert!(
        matches!(error, SendError::Connect(ConnectError::Tcp(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let peer = echo(Some(H2)).await;
    let client = client(patient());
    let sent = client.send(post(&peer.origin()), Protocol::Http2);
    assert_eq!(bounded(sent).await.unwrap().status, 201);
    assert_eq!(client.links(), 1);
    let_time_pass();
    while client.links() > 0 {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    tokio::time::resume();
    let sent = client.send(post(&peer.origin()), Protocol::Http2);
    assert_eq!(bounded(sent).await.unwrap().status, 201);
    assert_eq!(peer.accepted(), 2);
}
