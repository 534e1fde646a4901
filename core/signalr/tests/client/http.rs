//! Server-Sent Events and long polling, request by request, against servers well and ill.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use vestnik_signalr::{
    client::{CloseReason, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream},
    framing::FrameTooLarge,
    negotiate::Transports,
};

use crate::peer::{Peer, Request, called, closed, meet, soon};

const EVENTS: &str = r#"{"negotiateVersion":1,"connectionId":"public","connectionToken":"secret","availableTransports":[{"transport":"ServerSentEvents","transferFormats":["Text"]}]}"#;
const POLLS: &str = r#"{"negotiateVersion":1,"connectionId":"public","connectionToken":"secret","availableTransports":[{"transport":"LongPolling","transferFormats":["Text","Binary"]}]}"#;

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\x1e";
const PING: &str = "{\"type\":6}\x1e";

/// Reads a request's body, which has its length in the head.
async fn body(request: Request) -> (String, Request) {
    let length = request.header("content-length").unwrap().parse().unwrap();
    request.body(length).await
}

/// Answers the next request, which must be a send of this.
async fn take(peer: &Peer, expected: &str) {
    let request = peer.request().await;
    assert_eq!(request.line(), "POST /hub?id=secret");
    assert_eq!(
        request.header("content-type"),
        Some("text/plain;charset=UTF-8")
    );
    let (sent, request) = body(request).await;
    assert_eq!(sent, expected);
    request.answer(200, &[], "").await;
}

/// Answers the next request, which must be a poll.
async fn poll(peer: &Peer, status: u16, text: &str) {
    let request = peer.request().await;
    assert_eq!(request.line(), "GET /hub?id=secret");
    request.answer(status, &[], text).await;
}

/// A connection by long polling that is ready for calls.
async fn polling(peer: &Peer, options: ConnectOptions) -> (HubClient, IncomingStream) {
    let script = async {
        peer.request().await.answer(200, &[], POLLS).await;
        poll(peer, 200, "").await;
        // A poll and the handshake come in either order.
        let first = peer.request().await;
        let second = peer.request().await;
        let (get, post) = if first.method == "GET" {
            (first, second)
        } else {
            (second, first)
        };
        let (sent, post) = body(post).await;
        assert_eq!(sent, HANDSHAKE);
        post.answer(200, &[], "").await;
        get.answer(200, &[], "{}\x1e").await;
    };
    meet(options, script).await.0.unwrap()
}

/// A connection by events that is ready for calls, and the stream that they are written to.
async fn listening(
    peer: &Peer,
    options: ConnectOptions,
) -> (HubClient, IncomingStream, tokio::net::TcpStream) {
    let script = async {
        peer.request().await.answer(200, &[], EVENTS).await;
        let request = peer.request().await;
        assert_eq!(request.line(), "GET /hub?id=secret");
        assert_eq!(request.header("accept"), Some("text/event-stream"));
        let mut stream = request.into_stream();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        take(peer, HANDSHAKE).await;
        stream.write_all(b"data: {}\x1e\r\n\r\n").await.unwrap();
        take(peer, PING).await;
        stream
    };
    let (connected, stream) = meet(options, script).await;
    let (client, incoming) = connected.unwrap();
    (client, incoming, stream)
}

#[tokio::test]
async fn events_may_come_in_any_pieces() {
    let peer = Peer::bind().await;
    let (_client, mut incoming, mut stream) = listening(&peer, peer.options()).await;
    let event = "data: {\"type\":1,\"target\":\"One\",\"arguments\":[]}\x1e{\"type\":1,\r\ndata: \"target\":\"Two\",\"arguments\":[]}\x1e\r\n\r\n";
    for byte in event.bytes() {
        stream.write_all(&[byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    assert_eq!(called(&mut incoming).await, "One");
    assert_eq!(called(&mut incoming).await, "Two");
    drop(stream);
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
}

#[tokio::test]
async fn closing_sends_the_close_and_ends_the_stream() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut stream) = listening(&peer, peer.options()).await;
    tokio::join!(client.close(), take(&peer, "{\"type\":7}\x1e"));
    assert_eq!(closed(&mut incoming).await, CloseReason::Local);
    assert_eq!(soon(stream.read(&mut [0])).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn an_answer_that_is_no_event_stream_is_no_transport() {
    let peer = Peer::bind().await;
    let script = async {
        peer.request().await.answer(200, &[], EVENTS).await;
        let page = &["Content-Type: text/html"];
        peer.request()
            .await
            .answer(200, page, "<p>Welcome!</p>")
            .await;
    };
    let outcome = meet(peer.options(), script).await.0;
    assert!(
        matches!(outcome, Err(ConnectError::Protocol(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn polls_go_on_until_they_are_over() {
    let peer = Peer::bind().await;
    let (_client, mut incoming) = polling(&peer, peer.options()).await;
    poll(&peer, 200, "").await;
    poll(
        &peer,
        200,
        "{\"type\":1,\"target\":\"One\",\"arguments\":[]}\x1e",
    )
    .await;
    assert_eq!(called(&mut incoming).await, "One");
    poll(&peer, 204, "").await;
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
    assert!(peer.is_alone().await);
}

#[tokio::test]
async fn a_poll_that_fails_or_brings_too_much_is_the_end() {
    let too_large = CloseReason::TooLarge(FrameTooLarge { limit: 200 });
    for (status, size, expected) in [
        (404, 0, CloseReason::Lost),
        (502, 0, CloseReason::Lost),
        (200, 1_000, too_large),
    ] {
        let peer = Peer::bind().await;
        let mut options = peer.options();
        options.machine.max_message_bytes = 200;
        let (_client, mut incoming) = polling(&peer, options).await;
        poll(&peer, status, &"x".repeat(size)).await;
        if status == 200 {
            // There is still somebody to take leave of.
            peer.request().await.answer(202, &[], "").await;
        }
        let reason = closed(&mut incoming).await;
        assert_eq!(reason, expected, "{status}");
    }
}

#[tokio::test]
async fn closing_long_polling_sends_the_close_and_deletes_the_connection() {
    let peer = Peer::bind().await;
    let (client, mut incoming) = polling(&peer, peer.options()).await;
    let waiting = peer.request().await;
    let script = async {
        take(&peer, "{\"type\":7}\x1e").await;
        let request = peer.request().await;
        assert_eq!(request.line(), "DELETE /hub?id=secret");
        // The official server may have forgotten the connection by then.
        request.answer(404, &[], "").await;
    };
    tokio::join!(client.close(), script);
    assert_eq!(closed(&mut incoming).await, CloseReason::Local);
    drop(waiting);
}

#[tokio::test]
async fn calls_that_wait_for_a_send_go_out_together() {
    let peer = Peer::bind().await;
    let (client, _incoming) = polling(&peer, peer.options()).await;
    let waiting = peer.request().await;
    client.send("First", &()).await.unwrap();
    let first = peer.request().await;
    for target in ["Second", "Third"] {
        client.send(target, &()).await.unwrap();
    }
    // The connection's task has its turn whenever the test waits, and has nothing to wait for.
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
    let (sent, first) = body(first).await;
    assert!(sent.contains("First"), "{sent}");
    first.answer(200, &[], "").await;
    let (sent, second) = body(peer.request().await).await;
    assert_eq!(sent.matches('\x1e').count(), 2, "{sent}");
    second.answer(200, &[], "").await;
    drop(waiting);
}

#[tokio::test]
async fn a_send_that_fails_ends_the_connection() {
    let peer = Peer::bind().await;
    let (client, mut incoming) = polling(&peer, peer.options()).await;
    let waiting = peer.request().await;
    client.send("Any", &()).await.unwrap();
    peer.request().await.answer(404, &[], "").await;
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
    drop(waiting);
}

#[tokio::test]
async fn what_the_application_does_not_want_is_not_tried() {
    let peer = Peer::bind().await;
    let options = ConnectOptions {
        transports: Transports::WEB_SOCKETS,
        ..peer.options()
    };
    let script = async { peer.request().await.answer(200, &[], POLLS).await };
    let outcome = meet(options, script).await.0;
    assert!(
        matches!(outcome, Err(ConnectError::Transport)),
        "{outcome:?}"
    );
    assert!(peer.is_alone().await);
}

/// Lets time pass while all wait, and gives the connection's end.
async fn end(incoming: &mut IncomingStream) -> Option<CloseReason> {
    let limit = Duration::from_secs(60);
    match tokio::time::timeout(limit, incoming.recv()).await {
        Ok(Some(Incoming::Closed(reason))) => Some(reason),
        Ok(other) => panic!("{other:?} instead of the end"),
        Err(_) => None,
    }
}

const CALL: &str = "{\"type\":1,\"target\":\"One\",\"arguments\":[]}\x1e";

#[tokio::test]
async fn a_doubtful_poll_is_replaced_and_what_it_brings_is_not_lost() {
    for (status, text) in [(204, ""), (200, CALL)] {
        let peer = Peer::bind().await;
        let (client, mut incoming) = polling(&peer, peer.options()).await;
        let older = peer.request().await;
        client.probe().await.unwrap();
        let newer = peer.request().await;
        assert_eq!(newer.line(), "GET /hub?id=secret");
        // The newer is answered first, and heard second.
        newer.answer(200, &[], &CALL.replace("One", "Two")).await;
        older.answer(status, &[], text).await;
        if status == 200 {
            assert_eq!(called(&mut incoming).await, "One");
        }
        assert_eq!(called(&mut incoming).await, "Two");
        let waiting = peer.request().await;
        tokio::time::pause();
        assert_eq!(end(&mut incoming).await, None);
        tokio::time::resume();
        drop(waiting);
    }
}

#[tokio::test]
async fn a_doubtful_poll_that_nobody_answers_is_the_end() {
    let peer = Peer::bind().await;
    let (client, mut incoming) = polling(&peer, peer.options()).await;
    let older = peer.request().await;
    client.probe().await.unwrap();
    let newer = peer.request().await;
    tokio::time::pause();
    assert_eq!(end(&mut incoming).await, Some(CloseReason::TimedOut));
    drop((older, newer));
}

#[tokio::test]
async fn a_poll_that_cannot_be_replaced_is_the_end_at_once() {
    let peer = Peer::bind().await;
    let (client, mut incoming) = polling(&peer, peer.options()).await;
    let older = peer.request().await;
    client.probe().await.unwrap();
    peer.request().await.answer(404, &[], "").await;
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
    drop(older);
}

#[tokio::test]
async fn doubtful_events_are_believed_when_the_server_knows_the_connection() {
    for (status, expected) in [(200, None), (404, Some(CloseReason::Lost))] {
        let peer = Peer::bind().await;
        let mut options = peer.options();
        options.machine.server_timeout = Duration::from_secs(600);
        options.machine.keep_alive = Duration::from_secs(600);
        let (client, mut incoming, stream) = listening(&peer, options).await;
        client.probe().await.unwrap();
        let request = peer.request().await;
        assert_eq!(request.line(), "POST /hub?id=secret");
        let (sent, request) = body(request).await;
        assert_eq!(sent, "");
        request.answer(status, &[], "").await;
        tokio::time::pause();
        assert_eq!(end(&mut incoming).await, expected);
        tokio::time::resume();
        drop(stream);
    }
}
