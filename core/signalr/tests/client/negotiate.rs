//! Negotiate: what a server may answer, and what it may not.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use vestnik_signalr::client::{BearerToken, ConnectError, ConnectOptions, Fault, connect};

use crate::peer::{ANSWER, Peer, meet, now, within};

/// Negotiate answered so, once.
async fn answered(status: u16, headers: &[&str], body: &str) -> ConnectError {
    let peer = Peer::bind().await;
    let script = async { peer.request().await.answer(status, headers, body).await };
    let (connected, ()) = meet(peer.options(), script).await;
    assert!(peer.is_alone().await, "the client went on");
    connected.unwrap_err()
}

#[tokio::test]
async fn version_1_gives_a_secret_token_and_a_public_id() {
    let peer = Peer::bind().await;
    let options = ConnectOptions::new(peer.url("/hub?x=y").parse().unwrap());
    let script = async {
        let request = peer.request().await;
        assert_eq!(request.line(), "POST /hub/negotiate?x=y&negotiateVersion=1");
        assert_eq!(request.header("content-length"), Some("0"));
        assert_eq!(request.bearer(), None);
        request.answer(200, &[], ANSWER).await;
        let request = peer.request().await;
        assert_eq!(request.line(), "GET /hub?x=y&id=secret");
        let mut line = request.upgrade().await;
        line.shake_hands().await;
    };
    let (client, _incoming) = meet(options, script).await.0.unwrap();
    assert_eq!(client.connection_id(), Some("public"));
}

#[tokio::test]
async fn version_0_gives_one_id_for_both() {
    let peer = Peer::bind().await;
    let script = async {
        let answer = r#"{"connectionId":"both","availableTransports":[{"transport":"CarrierPigeon"},{"transport":"WebSockets"}]}"#;
        peer.request().await.answer(200, &[], answer).await;
        let request = peer.request().await;
        assert_eq!(request.line(), "GET /hub?id=both");
        request.upgrade().await.shake_hands().await;
    };
    let (client, _incoming) = meet(peer.options(), script).await.0.unwrap();
    assert_eq!(client.connection_id(), Some("both"));
}

#[tokio::test]
async fn without_negotiation_there_is_one_request_and_no_id() {
    let peer = Peer::bind().await;
    let script = async {
        let request = peer.request().await;
        assert_eq!(request.line(), "GET /hub");
        request.upgrade().await.shake_hands().await;
    };
    let (client, _incoming) = meet(peer.direct(), script).await.0.unwrap();
    assert_eq!(client.connection_id(), None);
}

#[tokio::test]
async fn a_redirect_keeps_its_query_and_brings_its_token_until_the_next_start() {
    let (front, back) = (Peer::bind().await, Peer::bind().await);
    let options = front.options().bearer(BearerToken::new("mine").unwrap());
    for _ in 0..2 {
        let script = async {
            let request = front.request().await;
            assert_eq!(request.line(), "POST /hub/negotiate?negotiateVersion=1");
            assert_eq!(request.bearer(), Some("mine"));
            let url = back.url("/other?a=b");
            let answer = format!(r#"{{"url":"{url}","accessToken":"theirs"}}"#);
            request.answer(200, &[], &answer).await;
            let request = back.request().await;
            assert_eq!(
                request.line(),
                "POST /other/negotiate?a=b&negotiateVersion=1"
            );
            assert_eq!(request.bearer(), Some("theirs"));
            request.answer(200, &[], ANSWER).await;
            let request = back.request().await;
            assert_eq!(request.line(), "GET /other?a=b&id=secret");
            assert_eq!(request.bearer(), Some("theirs"));
            request.upgrade().await.shake_hands().await;
        };
        let (client, _incoming) = meet(options.clone(), script).await.0.unwrap();
        client.close().await;
    }
}

#[tokio::test]
async fn a_redirect_without_a_token_keeps_the_own_one() {
    let (front, back) = (Peer::bind().await, Peer::bind().await);
    let options = front.options().bearer(BearerToken::new("mine").unwrap());
    let script = async {
        let answer = format!(r#"{{"url":"{}"}}"#, back.url("/hub"));
        front.request().await.answer(200, &[], &answer).await;
        let request = back.request().await;
        assert_eq!(request.bearer(), Some("mine"));
        request.answer(200, &[], r#"{"error":"enough"}"#).await;
    };
    assert!(meet(options, script).await.0.is_err());
}

#[tokio::test]
async fn a_server_that_only_redirects_is_left_after_a_hundred_answers() {
    let peer = Peer::bind().await;
    let answer = format!(r#"{{"url":"{}"}}"#, peer.url("/hub"));
    let script = async {
        for _ in 0..100 {
            peer.request().await.answer(200, &[], &answer).await;
        }
    };
    let (connected, ()) = meet(peer.options(), script).await;
    let error = connected.unwrap_err();
    assert!(matches!(error, ConnectError::Redirects), "{error:?}");
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Server, false)
    );
    assert!(peer.is_alone().await);
}

#[tokio::test]
async fn an_error_in_the_answer_is_the_servers_refusal() {
    let error = answered(200, &[], r#"{"error":"no room"}"#).await;
    assert!(matches!(&error, ConnectError::Refused(text) if text == "no room"));
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Server, false)
    );
}

#[tokio::test]
async fn each_status_says_whose_fault_it_is_and_whether_to_try_again() {
    for (status, name, fault, is_retryable) in [
        (400, "Status", Fault::Caller, false),
        (401, "Unauthorized", Fault::Caller, false),
        (403, "Forbidden", Fault::Caller, false),
        (404, "NotFound", Fault::Caller, false),
        (429, "Status", Fault::Caller, true),
        (500, "Status", Fault::Server, true),
        (503, "Status", Fault::Server, true),
        (204, "Status", Fault::Server, false),
        (302, "Status", Fault::Server, false),
    ] {
        let error = answered(status, &["Location: /elsewhere"], "{}").await;
        assert!(
            format!("{error:?}").starts_with(name),
            "{status}: {error:?}"
        );
        assert_eq!(error.fault(), fault, "{status}");
        assert_eq!(error.is_retryable(), is_retryable, "{status}");
        assert_eq!(error.retry_after(), None, "{status}");
    }
}

#[tokio::test]
async fn a_busy_server_says_when_to_come_back() {
    let error = answered(503, &["Retry-After: 7"], "").await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(matches!(error, ConnectError::Status { status: 503, .. }));
}

#[tokio::test]
async fn what_is_not_the_protocol_is_the_servers_fault() {
    for body in [
        "<html>",
        "",
        "[]",
        r#"{"ProtocolVersion":"2.1"}"#,
        r#"{"negotiateVersion":1,"connectionId":"c","availableTransports":[{"transport":"WebSockets"}]}"#,
        r#"{"url":"http://[","accessToken":"t"}"#,
        r#"{"url":"file:///hub"}"#,
        r#"{"url":"/hub","accessToken":"a\nb"}"#,
    ] {
        let error = answered(200, &[], body).await;
        assert!(
            matches!(error, ConnectError::Protocol(_)),
            "{body}: {error:?}"
        );
        assert_eq!(
            (error.fault(), error.is_retryable()),
            (Fault::Server, false)
        );
    }
}

#[tokio::test]
async fn a_server_without_websockets_has_no_transport_for_us() {
    let body = r#"{"negotiateVersion":1,"connectionId":"c","connectionToken":"t","availableTransports":[{"transport":"Pigeons"}]}"#;
    let error = answered(200, &[], body).await;
    assert!(matches!(error, ConnectError::Transport), "{error:?}");
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Server, false)
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let peer = Peer::bind().await;
    let script = async {
        let mut stream = peer.request().await.into_stream();
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        while stream.write_all(chunk.as_bytes()).await.is_ok() {}
    };
    let error = meet(peer.options(), script).await.0.unwrap_err();
    assert!(matches!(&error, ConnectError::Protocol(text) if text.contains("too long")));
}

#[tokio::test]
async fn a_large_answer_is_refused() {
    let error = answered(200, &[], &" ".repeat(65 * 1024)).await;
    assert!(matches!(&error, ConnectError::Protocol(text) if text.contains("too long")));
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_the_networks_fault() {
    let peer = Peer::bind().await;
    let script = async {
        let mut stream = peer.request().await.into_stream();
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"conn";
        stream.write_all(text.as_bytes()).await.unwrap();
    };
    let error = meet(peer.options(), script).await.0.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Network, true)
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_the_networks_fault() {
    let peer = Peer::bind().await;
    let (negotiated, direct) = (peer.options(), peer.direct());
    drop(peer);
    for options in [negotiated, direct] {
        let error = meet(options, async {}).await.0.unwrap_err();
        assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
        assert_eq!(
            (error.fault(), error.is_retryable()),
            (Fault::Network, true)
        );
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_left_at_the_connect_timeout() {
    let peer = Peer::bind().await;
    tokio::time::pause();
    let before = now();
    let error = within(Duration::from_secs(60), connect(peer.options())).await;
    let error = error.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout), "{error:?}");
    assert_eq!((now() - before).as_secs(), 20);
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Network, true)
    );
}

#[tokio::test]
async fn an_address_that_is_no_hubs_is_the_callers_fault() {
    for url in ["ftp://localhost/hub", "data:text/plain,hub"] {
        for skip_negotiation in [false, true] {
            let options = ConnectOptions {
                skip_negotiation,
                ..ConnectOptions::new(url.parse().unwrap())
            };
            let error = meet(options, async {}).await.0.unwrap_err();
            assert!(
                matches!(error, ConnectError::Address(_)),
                "{url}: {error:?}"
            );
            assert_eq!(
                (error.fault(), error.is_retryable()),
                (Fault::Caller, false)
            );
        }
    }
}
