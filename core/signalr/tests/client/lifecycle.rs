//! Calls over an open connection, and all the ways in which it ends.

use std::time::Duration;

use futures_util::StreamExt as _;
use vestnik_signalr::client::{CallError, CloseReason, Fault, HubClient, Incoming};

use crate::peer::{Frame, Peer, called, closed, now, soon, text_frame, within};

async fn fails(client: &HubClient) -> CallError {
    let outcome = soon(client.invoke::<_, ()>("Any", &())).await;
    outcome.unwrap_err()
}

#[tokio::test]
async fn a_silent_server_is_left_at_the_server_timeout() {
    let peer = Peer::bind().await;
    let mut options = peer.options();
    options.machine.server_timeout = Duration::from_secs(40);
    options.machine.keep_alive = Duration::from_secs(15);
    let (_client, mut incoming, mut line) = peer.open(options).await;
    tokio::time::pause();
    let before = now();
    let end = within(Duration::from_secs(300), incoming.recv()).await;
    let Some(Incoming::Closed(reason)) = end else {
        panic!("{end:?}")
    };
    assert_eq!(reason, CloseReason::TimedOut);
    assert_eq!(
        (reason.fault(), reason.is_retryable()),
        (Fault::Network, true)
    );
    let waited = (now() - before).as_secs();
    assert!((39..42).contains(&waited), "{waited} s");
    let ping = Frame::Text("{\"type\":6}\x1e".to_owned());
    assert_eq!(line.frame().await, ping, "the first of two");
    assert_eq!(line.frame().await, ping, "the second");
}

#[tokio::test]
async fn a_server_that_pings_is_never_left() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    tokio::time::pause();
    for _ in 0..20 {
        let ping = within(Duration::from_secs(60), line.read_frame()).await;
        assert_eq!(ping.unwrap(), Frame::Text("{\"type\":6}\x1e".to_owned()));
        line.send(r#"{"type":6}"#).await;
    }
    client.send("Still", &()).await.unwrap();
    assert!(line.message().await.contains("Still"));
}

#[tokio::test]
async fn a_close_says_why_and_whether_to_come_back() {
    for (message, error, allow_reconnect) in [
        (r#"{"type":7}"#, None, false),
        (r#"{"type":7,"allowReconnect":true}"#, None, true),
        (r#"{"type":7,"error":"bye"}"#, Some("bye"), false),
        (
            r#"{"type":7,"error":"bye","allowReconnect":true}"#,
            Some("bye"),
            true,
        ),
    ] {
        let peer = Peer::bind().await;
        let (client, mut incoming, mut line) = peer.open(peer.options()).await;
        line.send(message).await;
        let reason = closed(&mut incoming).await;
        let expected = CloseReason::Server {
            error: error.map(str::to_owned),
            allow_reconnect,
        };
        assert_eq!(reason, expected);
        assert_eq!(reason.is_retryable(), allow_reconnect);
        assert_eq!(reason.fault(), Fault::Server);
        assert_eq!(fails(&client).await, CallError::Disconnected);
        assert_eq!(line.frame().await, Frame::Close);
        assert!(soon(incoming.recv()).await.is_none());
    }
}

#[tokio::test]
async fn a_cut_fails_what_waits_and_is_the_networks_fault() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open(peer.options()).await;
    let mut items = client.stream::<_, u32>("Watch", &()).await.unwrap();
    line.message().await;
    let cut = async {
        assert!(line.message().await.contains("Any"));
        drop(line);
    };
    let (error, ()) = tokio::join!(fails(&client), cut);
    assert_eq!(error, CallError::Disconnected);
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Network, true)
    );
    let item = soon(items.next()).await;
    assert_eq!(item, Some(Err(CallError::Disconnected)));
    assert_eq!(soon(items.next()).await, None);
    let reason = closed(&mut incoming).await;
    assert_eq!(reason, CloseReason::Lost);
    assert_eq!(
        (reason.fault(), reason.is_retryable()),
        (Fault::Network, true)
    );
}

#[tokio::test]
async fn a_message_that_is_cut_off_is_never_told() {
    let call = "{\"type\":1,\"target\":\"Half\",\"arguments\":[]}\x1e";
    for bytes in [
        text_frame(call)[..20].to_vec(),
        text_frame(&call[..20]),
        text_frame(call.trim_end_matches('\x1e')),
    ] {
        let peer = Peer::bind().await;
        let (_client, mut incoming, mut line) = peer.open(peer.options()).await;
        line.send_raw(&bytes).await;
        drop(line);
        assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection_for_good() {
    let large = "x".repeat(1 << 20);
    let small = format!(
        "{{\"type\":1,\"target\":\"{}\",\"arguments\":[]}}\x1e",
        "x".repeat(900)
    );
    let peer = Peer::bind().await;
    let mut options = peer.options();
    options.machine.max_message_bytes = 1000;
    for bytes in [
        text_frame(&large[..1001]),
        [text_frame(&large[..600]), text_frame(&large[..600])].concat(),
        text_frame(&large),
    ] {
        let (_client, mut incoming, mut line) = peer.open(options.clone()).await;
        line.send_raw(&text_frame(&small)).await;
        assert_eq!(called(&mut incoming).await.len(), 900);
        // The client may leave before it has read all.
        drop(tokio::io::AsyncWriteExt::write_all(&mut line.stream, &bytes).await);
        let reason = closed(&mut incoming).await;
        assert!(matches!(reason, CloseReason::TooLarge(_)), "{reason:?}");
        assert_eq!(
            (reason.fault(), reason.is_retryable()),
            (Fault::Server, false)
        );
    }
}

#[tokio::test]
async fn what_is_not_the_protocol_ends_the_connection_for_good() {
    for text in ["nonsense\x1e", "{\"type\":3}\x1e", "\x1e"] {
        let peer = Peer::bind().await;
        let (_client, mut incoming, mut line) = peer.open(peer.options()).await;
        line.send_raw(&text_frame(text)).await;
        let reason = closed(&mut incoming).await;
        assert!(matches!(reason, CloseReason::Protocol(_)), "{reason:?}");
        assert_eq!(
            (reason.fault(), reason.is_retryable()),
            (Fault::Server, false)
        );
    }
}

#[tokio::test]
async fn a_frame_that_is_not_websockets_ends_the_connection() {
    let peer = Peer::bind().await;
    let (_client, mut incoming, mut line) = peer.open(peer.options()).await;
    line.send_raw(&[0xff; 16]).await;
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
}

#[tokio::test]
async fn closing_here_tells_the_server_before_it_hangs_up() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open(peer.options()).await;
    let server = async {
        assert_eq!(line.message().await, r#"{"type":7}"#);
        assert_eq!(line.frame().await, Frame::Close);
    };
    soon(async { tokio::join!(client.close(), server) }).await;
    let reason = closed(&mut incoming).await;
    assert_eq!(reason, CloseReason::Local);
    assert_eq!(
        (reason.fault(), reason.is_retryable()),
        (Fault::Caller, false)
    );
    assert_eq!(fails(&client).await, CallError::Disconnected);
}

#[tokio::test]
async fn dropping_the_last_handle_closes() {
    let peer = Peer::bind().await;
    let (client, incoming, mut line) = peer.open(peer.options()).await;
    drop((client, incoming));
    assert_eq!(line.message().await, r#"{"type":7}"#);
}

#[tokio::test]
async fn answers_find_their_calls_whatever_their_order() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let server = async {
        assert!(line.message().await.contains(r#""invocationId":"0""#));
        assert!(line.message().await.contains(r#""invocationId":"1""#));
        line.send(r#"{"type":3,"invocationId":"1","error":"broken"}"#)
            .await;
        line.send(r#"{"type":3,"invocationId":"9","result":1}"#)
            .await;
        line.send(r#"{"type":3,"invocationId":"0","result":42}"#)
            .await;
    };
    let (answer, failure, ()) = soon(async {
        tokio::join!(
            client.invoke::<_, u32>("First", &(1,)),
            client.invoke::<_, u32>("Second", &()),
            server
        )
    })
    .await;
    assert_eq!(answer, Ok(42));
    let failure = failure.unwrap_err();
    assert_eq!(failure, CallError::Failed("broken".to_owned()));
    assert_eq!(
        (failure.fault(), failure.is_retryable()),
        (Fault::Server, false)
    );
}

#[tokio::test]
async fn a_probe_without_an_answer_ends_the_connection_within_seconds() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open(peer.options()).await;
    tokio::time::pause();
    let before = now();
    client.probe().await.unwrap();
    let end = within(Duration::from_secs(300), incoming.recv()).await;
    assert!(matches!(end, Some(Incoming::Closed(CloseReason::TimedOut))));
    assert_eq!((now() - before).as_secs(), 5);
    assert_eq!(line.frame().await, Frame::Ping);
}

#[tokio::test]
async fn a_probe_with_an_answer_leaves_the_connection_alone() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open(peer.options()).await;
    client.probe().await.unwrap();
    assert_eq!(line.frame().await, Frame::Ping);
    line.send_raw(&[0x8a, 0]).await;
    client.send("Still", &()).await.unwrap();
    assert!(line.message().await.contains("Still"));
    tokio::time::pause();
    let silence = tokio::time::timeout(Duration::from_secs(10), incoming.recv());
    assert!(silence.await.is_err(), "the connection ended");
}

#[tokio::test]
async fn a_large_call_goes_out_whole() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let text = "x".repeat(3 << 20);
    let arguments = (text.as_str(),);
    let server = async {
        let call = line.message().await;
        assert_eq!(
            call.len(),
            text.len() + r#"{"type":1,"target":"Big","arguments":[""]}"#.len()
        );
        line.send(r#"{"type":1,"target":"Thanks","arguments":[]}"#)
            .await;
    };
    let (sent, ()) = soon(async { tokio::join!(client.send("Big", &arguments), server) }).await;
    sent.unwrap();
}

#[tokio::test]
async fn a_message_that_takes_longer_than_the_server_may_be_silent_arrives() {
    let peer = Peer::bind().await;
    let (_client, mut incoming, mut line) = peer.open(peer.options()).await;
    let frame = text_frame("{\"type\":1,\"target\":\"Slow\",\"arguments\":[]}\x1e");
    tokio::time::pause();
    let before = now();
    for chunk in frame.chunks(8) {
        line.send_raw(chunk).await;
        // Virtual time, in which the client pings and looks whether it still hears.
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    let heard = within(Duration::from_secs(60), incoming.recv()).await;
    let is_call = matches!(heard, Some(Incoming::Invocation(call)) if call.target == "Slow");
    assert!(is_call && now() - before > Duration::from_secs(90));
    let end = within(Duration::from_secs(60), incoming.recv()).await;
    assert!(matches!(end, Some(Incoming::Closed(CloseReason::TimedOut))));
}

#[tokio::test]
async fn a_server_that_reads_nothing_costs_bounded_memory_and_time() {
    let peer = Peer::bind().await;
    let mut options = peer.options();
    options.outgoing_queue = 1;
    let (client, mut incoming, line) = peer.open(options).await;
    let text = "x".repeat(1 << 20);
    let arguments = (text.as_str(),);
    tokio::time::pause();
    let before = now();
    let mut taken = 0;
    let error = loop {
        match client.send("Big", &arguments).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, CallError::Disconnected);
    assert!(taken < 40, "{taken} MiB were taken");
    assert!((now() - before).as_secs() < 61);
    let end = within(Duration::from_secs(60), incoming.recv()).await;
    assert!(matches!(end, Some(Incoming::Closed(CloseReason::Lost))));
    drop(line);
}

#[tokio::test]
async fn a_flood_of_pings_drowns_nothing() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open(peer.options()).await;
    let hub_pings = text_frame(&"{\"type\":6}\x1e".repeat(5_000));
    for _ in 0..10 {
        line.send_raw(&hub_pings).await;
        line.send_raw(&[0x89, 0].repeat(5_000)).await;
    }
    line.send(r#"{"type":1,"target":"After","arguments":[]}"#)
        .await;
    assert_eq!(called(&mut incoming).await, "After");
    client.send("Still", &()).await.unwrap();
    let answered = async {
        loop {
            match line.read_frame().await.unwrap() {
                Frame::Text(text) if text.contains("Still") => return,
                Frame::Text(_) | Frame::Binary(_) | Frame::Ping | Frame::Pong => {}
                Frame::Close | Frame::End => panic!("the client left"),
            }
        }
    };
    soon(answered).await;
}
