//! The upgrade to a WebSocket and the handshake.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use vestnik_signalr::client::{CloseReason, ConnectError, Fault, connect};

use crate::peer::{Frame, Line, Peer, called, meet, now, text_frame, within};

/// Connects without negotiation; the server does this instead of shaking hands.
async fn shaken(script: impl AsyncFnOnce(Line) -> Option<Line>) -> ConnectError {
    let peer = Peer::bind().await;
    let script = async {
        let mut line = peer.request().await.upgrade().await;
        assert_eq!(line.message().await, r#"{"protocol":"json","version":1}"#);
        script(line).await
    };
    meet(peer.direct(), script).await.0.unwrap_err()
}

/// What a handshake that was answered so ended in.
async fn answered(text: &'static str) -> CloseReason {
    let error = shaken(async |mut line| {
        line.send_raw(&text_frame(text)).await;
        Some(line)
    });
    let error = error.await;
    let ConnectError::Closed(reason) = error else {
        panic!("{error:?}")
    };
    reason
}

#[tokio::test]
async fn a_refused_upgrade_is_as_typed_as_a_refused_negotiate() {
    for (status, name, fault, is_retryable) in [
        (401, "Unauthorized", Fault::Caller, false),
        (403, "Forbidden", Fault::Caller, false),
        (404, "NotFound", Fault::Caller, false),
        (503, "Status", Fault::Server, true),
        (200, "Status", Fault::Server, false),
    ] {
        let peer = Peer::bind().await;
        let script = async {
            let request = peer.request().await;
            request.answer(status, &["Retry-After: 3"], "no").await;
        };
        let error = meet(peer.direct(), script).await.0.unwrap_err();
        assert!(
            format!("{error:?}").starts_with(name),
            "{status}: {error:?}"
        );
        assert_eq!(error.fault(), fault, "{status}");
        assert_eq!(error.is_retryable(), is_retryable, "{status}");
        let asked = (name == "Status").then_some(Duration::from_secs(3));
        assert_eq!(error.retry_after(), asked, "{status}");
    }
}

#[tokio::test]
async fn an_upgrade_that_is_cut_off_is_the_networks_fault() {
    let peer = Peer::bind().await;
    let script = async {
        let mut stream = peer.request().await.into_stream();
        stream.write_all(b"HTTP/1.1 101 Swi").await.unwrap();
    };
    let error = meet(peer.direct(), script).await.0.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn an_upgrade_that_is_no_http_is_the_servers_fault() {
    for text in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
    ] {
        let peer = Peer::bind().await;
        let script = async {
            let mut stream = peer.request().await.into_stream();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        };
        let error = meet(peer.direct(), script).await.0.unwrap_err();
        assert!(matches!(error, ConnectError::Protocol(_)), "{error:?}");
        assert_eq!(
            (error.fault(), error.is_retryable()),
            (Fault::Server, false)
        );
    }
}

#[tokio::test]
async fn a_refused_handshake_gives_the_servers_text() {
    let text = "The protocol 'json' is not supported.";
    let reason = answered("{\"error\":\"The protocol 'json' is not supported.\"}\x1e").await;
    assert_eq!(reason, CloseReason::Handshake(text.to_owned()));
    assert_eq!(
        (reason.fault(), reason.is_retryable()),
        (Fault::Server, false)
    );
}

#[tokio::test]
async fn a_server_that_does_not_shake_hands_is_no_hub() {
    for text in ["{\"type\":6}\x1e", "hello\x1e", "\x1e", "[]\x1e"] {
        let reason = answered(text).await;
        assert!(matches!(reason, CloseReason::Handshake(_)), "{reason:?}");
    }
}

#[tokio::test]
async fn a_close_during_the_handshake_is_a_loss() {
    let error = shaken(async |mut line| {
        line.send_raw(&[0x88, 2, 0x03, 0xe8]).await;
        Some(line)
    });
    let error = error.await;
    assert!(matches!(error, ConnectError::Closed(CloseReason::Lost)));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_cut_during_the_handshake_is_a_loss() {
    let error = shaken(async |mut line| {
        line.send_raw(&text_frame("{}\x1e")[..3]).await;
        None
    });
    let error = error.await;
    assert!(matches!(error, ConnectError::Closed(CloseReason::Lost)));
    assert_eq!(error.fault(), Fault::Network);
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_times_out() {
    let peer = Peer::bind().await;
    let mut options = peer.direct();
    options.machine.handshake_timeout = Duration::from_secs(5);
    let script = async {
        let line = peer.request().await.upgrade().await;
        tokio::time::pause();
        line
    };
    let before = now();
    let both = async { tokio::join!(connect(options), script) };
    let (connected, _line) = within(Duration::from_secs(60), both).await;
    let error = connected.unwrap_err();
    assert!(matches!(error, ConnectError::Closed(CloseReason::TimedOut)));
    assert!(error.is_retryable());
    let waited = (now() - before).as_secs();
    assert!((5..6).contains(&waited), "{waited} s");
}

#[tokio::test]
async fn the_handshake_and_the_first_call_may_share_a_frame() {
    let peer = Peer::bind().await;
    let script = async {
        let mut line = peer.upgrade().await;
        line.message().await;
        let text = "{}\x1e{\"type\":1,\"target\":\"Early\",\"arguments\":[]}\x1e{\"type\":1,\"tar";
        line.send_raw(&text_frame(text)).await;
        line.send_raw(&text_frame("get\":\"Late\",\"arguments\":[]}\x1e"))
            .await;
        line
    };
    let (connected, _line) = meet(peer.options(), script).await;
    let (_client, mut incoming) = connected.unwrap();
    assert_eq!(called(&mut incoming).await, "Early");
    assert_eq!(called(&mut incoming).await, "Late");
}

#[tokio::test]
async fn the_first_thing_after_the_handshake_is_a_ping() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    client.send("Hello", &()).await.unwrap();
    let expected = r#"{"type":1,"target":"Hello","arguments":[]}"#;
    assert_eq!(line.message().await, expected);
}

#[tokio::test]
async fn a_server_may_write_byte_by_byte() {
    let peer = Peer::bind().await;
    let script = async {
        let mut line = peer.upgrade().await;
        line.message().await;
        let call = "{\"type\":1,\"target\":\"Slow\",\"arguments\":[1]}\x1e";
        for byte in text_frame("{}\x1e").into_iter().chain(text_frame(call)) {
            line.send_raw(&[byte]).await;
            tokio::task::yield_now().await;
        }
        for character in call.chars() {
            line.send_raw(&text_frame(&character.to_string())).await;
        }
        line
    };
    let (connected, mut line) = meet(peer.options(), script).await;
    let (client, mut incoming) = connected.unwrap();
    assert_eq!(called(&mut incoming).await, "Slow");
    assert_eq!(called(&mut incoming).await, "Slow");
    assert_eq!(
        line.frame().await,
        Frame::Text("{\"type\":6}\x1e".to_owned())
    );
    drop(client);
}
