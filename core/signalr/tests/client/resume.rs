//! A stateful connection whose socket is cut.

use std::{sync::Mutex, time::Duration};

use futures_util::{StreamExt as _, poll};
use vestnik_signalr::{
    client::{
        BearerToken, CallError, CloseReason, ConnectError, ConnectOptions, Incoming,
        IncomingStream, StatefulReconnect, TokenSource,
    },
    resume::ResumeError,
};

use crate::peer::{ANSWER, Frame, GRANT, Peer, called, closed, meet, now, soon, within};

const PLACE: &str = r#"{"type":9,"sequenceId":1}"#;

/// Waits that a test can afford.
fn quick() -> StatefulReconnect {
    StatefulReconnect {
        base: Duration::from_millis(2),
        cap: Duration::from_millis(4),
        ..StatefulReconnect::default()
    }
}

fn options(peer: &Peer) -> ConnectOptions {
    peer.options().stateful_reconnect(quick())
}

async fn expect(incoming: &mut IncomingStream, expected: &str) {
    let word = match soon(incoming.recv()).await {
        Some(Incoming::Resuming) => "resuming".to_owned(),
        Some(Incoming::Resumed) => "resumed".to_owned(),
        other => panic!("{other:?} instead of {expected}"),
    };
    assert_eq!(word, expected);
}

fn call(id: u32, target: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"{id}","target":"{target}","arguments":[]}}"#)
}

fn said(target: &str) -> String {
    format!(r#"{{"type":1,"target":"{target}","arguments":[]}}"#)
}

#[tokio::test]
async fn a_call_gets_its_answer_over_another_socket() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open_stateful(options(&peer)).await;
    let server = async {
        assert_eq!(line.message().await, call(0, "Add"));
        drop(line);
        let mut line = peer.resume(1).await;
        assert_eq!(line.message().await, call(0, "Add"));
        line.send(PLACE).await;
        line.send(r#"{"type":3,"invocationId":"0","result":5}"#)
            .await;
        line
    };
    let (answer, _line) = soon(async { tokio::join!(client.invoke("Add", &()), server) }).await;
    assert_eq!(answer, Ok(5));
    assert_eq!(client.connection_id(), Some("public"));
    expect(&mut incoming, "resuming").await;
    expect(&mut incoming, "resumed").await;
}

#[tokio::test]
async fn a_stream_goes_on_without_loss_or_repetition() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open_stateful(options(&peer)).await;
    let mut items = client.stream::<_, u32>("Count", &()).await.unwrap();
    line.message().await;
    let item = |number: u32| format!(r#"{{"type":2,"invocationId":"0","item":{number}}}"#);
    for number in 1..=3 {
        line.send(&item(number)).await;
        assert_eq!(soon(items.next()).await, Some(Ok(number)));
    }
    // Half a message is under way.
    line.send_raw(&[0x81, 100, b'{']).await;
    drop(line);
    let mut line = peer.resume(1).await;
    line.send(r#"{"type":9,"sequenceId":2}"#).await;
    for number in 2..=5 {
        line.send(&item(number)).await;
    }
    for number in 4..=5 {
        assert_eq!(soon(items.next()).await, Some(Ok(number)));
    }
    expect(&mut incoming, "resuming").await;
    expect(&mut incoming, "resumed").await;
}

#[tokio::test]
async fn a_stream_bears_the_burst_of_all_that_is_repeated() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open_stateful(options(&peer)).await;
    let items = client.stream::<_, u32>("Count", &()).await.unwrap();
    line.message().await;
    drop(line);
    let mut line = peer.resume(1).await;
    line.send(PLACE).await;
    // As much as a server keeps, in frames of the size that servers write.
    let numbers: Vec<u32> = (0..2_500).collect();
    for part in numbers.chunks(400) {
        let item = |number| format!(r#"{{"type":2,"invocationId":"0","item":{number}}}"#);
        let batch: Vec<_> = part.iter().map(item).collect();
        line.send(&batch.join("\u{1e}")).await;
    }
    line.send(r#"{"type":3,"invocationId":"0"}"#).await;
    let heard: Vec<_> = soon(items.collect()).await;
    assert_eq!(heard, numbers.into_iter().map(Ok).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_called_during_the_outage_goes_out_after_it() {
    let peer = Peer::bind().await;
    let (client, mut incoming, line) = peer.open_stateful(options(&peer)).await;
    drop(line);
    expect(&mut incoming, "resuming").await;
    client.send("A", &()).await.unwrap();
    client.send("B", &()).await.unwrap();
    for _ in 0..2 {
        peer.request().await.answer(503, &[], "").await;
    }
    let mut line = peer.resume(1).await;
    assert_eq!(line.message().await, said("A"));
    assert_eq!(line.message().await, said("B"));
    line.send(PLACE).await;
    line.send(&said("Hello")).await;
    expect(&mut incoming, "resumed").await;
    assert_eq!(called(&mut incoming).await, "Hello");
}

#[tokio::test]
async fn received_messages_are_confirmed() {
    let peer = Peer::bind().await;
    let (_client, mut incoming, mut line) = peer.open_stateful(options(&peer)).await;
    line.send(&said("Hello")).await;
    called(&mut incoming).await;
    assert_eq!(line.message().await, r#"{"type":8,"sequenceId":1}"#);
}

#[tokio::test]
async fn a_server_that_knows_the_connection_no_more_ends_it_at_once() {
    for status in [401, 403, 404, 409, 429] {
        let peer = Peer::bind().await;
        let (client, mut incoming, line) = peer.open_stateful(options(&peer)).await;
        let server = async {
            drop(line);
            peer.request().await.answer(status, &[], "").await;
        };
        let call = client.invoke::<_, ()>("Any", &());
        let (answer, ()) = soon(async { tokio::join!(call, server) }).await;
        assert_eq!(answer, Err(CallError::Disconnected));
        expect(&mut incoming, "resuming").await;
        assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
        assert!(peer.is_alone().await, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_drops_is_not_asked_without_pause() {
    let peer = Peer::bind().await;
    let settings = StatefulReconnect {
        window: Duration::from_secs(3),
        ..StatefulReconnect::default()
    };
    let options = peer.options().stateful_reconnect(settings);
    let (_client, mut incoming, line) = peer.open_stateful(options).await;
    drop(line);
    expect(&mut incoming, "resuming").await;
    let mut sockets = 0;
    let end = async {
        loop {
            drop(peer.resume(1).await);
            sockets += 1;
        }
    };
    let reason = tokio::select! {
        biased;
        reason = closed(&mut incoming) => reason,
        () = end => unreachable!("the loop has no end"),
    };
    assert_eq!(reason, CloseReason::Lost);
    assert!((1..20).contains(&sockets), "{sockets} sockets");
}

#[tokio::test]
async fn a_caller_waits_while_the_window_is_full_and_an_ack_frees_it() {
    let peer = Peer::bind().await;
    let settings = StatefulReconnect {
        buffer: 1_000,
        ..quick()
    };
    let mut options = peer.options().stateful_reconnect(settings);
    options.outgoing_queue = 1;
    let (client, _incoming, mut line) = peer.open_stateful(options).await;
    let long = ("x".repeat(400),);
    // The third is beyond the limit, and a fourth waits in the queue.
    for _ in 0..4 {
        soon(client.send("Say", &long)).await.unwrap();
    }
    for _ in 0..3 {
        assert!(line.message().await.contains("Say"));
    }
    let mut fifth = Box::pin(client.send("Say", &long));
    assert!(poll!(&mut fifth).is_pending());
    // What is not counted is still heard and written.
    line.send(&said("Hello")).await;
    assert!(line.message().await.contains(r#""type":8"#));
    assert!(poll!(&mut fifth).is_pending());
    line.send(r#"{"type":8,"sequenceId":2}"#).await;
    soon(&mut fifth).await.unwrap();
    for _ in 0..2 {
        assert!(line.message().await.contains("Say"));
    }
}

#[tokio::test]
async fn closing_does_not_wait_for_room() {
    let peer = Peer::bind().await;
    let settings = StatefulReconnect {
        buffer: 10,
        ..quick()
    };
    let options = peer.options().stateful_reconnect(settings);
    let (client, mut incoming, mut line) = peer.open_stateful(options).await;
    for target in ["A", "B", "C"] {
        soon(client.send(target, &())).await.unwrap();
    }
    assert_eq!(line.message().await, said("A"));
    soon(client.close()).await;
    assert_eq!(line.message().await, r#"{"type":7}"#);
    assert_eq!(closed(&mut incoming).await, CloseReason::Local);
}

#[tokio::test]
async fn each_attempt_asks_for_a_token() {
    let peer = Peer::bind().await;
    let count = Mutex::new(0);
    let source = TokenSource::new(move || {
        let mut count = count.lock().unwrap();
        *count += 1;
        let token = BearerToken::new(&format!("token-{count}")).ok_or("no header");
        async move { token }
    });
    let options = options(&peer).token_source(source);
    let (_client, _incoming, line) = peer.open_stateful(options).await;
    drop(line);
    for number in 3..5 {
        let request = peer.request().await;
        assert_eq!(request.bearer(), Some(format!("token-{number}").as_str()));
        request.answer(502, &[], "").await;
    }
}

#[tokio::test]
async fn a_server_that_goes_on_after_what_never_came_is_left() {
    let peer = Peer::bind().await;
    let (_client, mut incoming, line) = peer.open_stateful(options(&peer)).await;
    drop(line);
    let mut line = peer.resume(1).await;
    line.send(r#"{"type":9,"sequenceId":7}"#).await;
    expect(&mut incoming, "resuming").await;
    expect(&mut incoming, "resumed").await;
    let reason = closed(&mut incoming).await;
    assert_eq!(reason, CloseReason::Resume(ResumeError::Gap));
    assert_eq!(line.frame().await, Frame::Close);
}

#[tokio::test]
async fn an_attempt_that_is_swallowed_does_not_use_up_the_window() {
    let peer = Peer::bind().await;
    let settings = StatefulReconnect {
        attempt_timeout: Duration::from_secs(1),
        ..quick()
    };
    let options = peer.options().stateful_reconnect(settings);
    let (_client, mut incoming, line) = peer.open_stateful(options).await;
    drop(line);
    let swallowed = peer.request().await;
    peer.resume(1).await.send(PLACE).await;
    expect(&mut incoming, "resuming").await;
    expect(&mut incoming, "resumed").await;
    drop(swallowed);
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_replaced() {
    let peer = Peer::bind().await;
    let mut options = options(&peer);
    options.machine.server_timeout = Duration::from_secs(2);
    options.machine.probe_timeout = Duration::from_millis(500);
    let (client, mut incoming, silent) = peer.open_stateful(options).await;
    // By the keep-alive.
    let mut line = peer.resume(1).await;
    line.send(PLACE).await;
    expect(&mut incoming, "resuming").await;
    expect(&mut incoming, "resumed").await;
    // By a probe.
    client.probe().await.unwrap();
    assert_eq!(line.frame().await, Frame::Ping);
    // The one after it says nothing either.
    let mute = peer.resume(1).await;
    peer.resume(1).await.send(PLACE).await;
    expect(&mut incoming, "resuming").await;
    expect(&mut incoming, "resumed").await;
    drop((silent, line, mute));
}

#[tokio::test]
async fn a_network_that_is_back_is_tried_at_once() {
    let peer = Peer::bind().await;
    let day = Duration::from_secs(100_000);
    let settings = StatefulReconnect {
        window: day,
        base: day,
        cap: day,
        ..quick()
    };
    let options = peer.options().stateful_reconnect(settings);
    let (client, mut incoming, line) = peer.open_stateful(options).await;
    drop(line);
    peer.request().await.answer(503, &[], "").await;
    expect(&mut incoming, "resuming").await;
    // The refusal may not be read yet: then it is an attempt that is put off.
    client.probe().await.unwrap();
    let request = peer.request().await;
    request.upgrade().await.send(PLACE).await;
    expect(&mut incoming, "resumed").await;
}

#[tokio::test]
async fn the_window_is_the_longest_that_is_tried() {
    let peer = Peer::bind().await;
    let (_client, mut incoming, line) = peer.open_stateful(options(&peer)).await;
    drop(line);
    expect(&mut incoming, "resuming").await;
    tokio::time::pause();
    let before = now();
    let refuse = async {
        loop {
            peer.request().await.answer(503, &[], "").await;
        }
    };
    let end = within(Duration::from_secs(60), async {
        tokio::select! {
            biased;
            incoming = incoming.recv() => incoming,
            () = refuse => unreachable!("the loop has no end"),
        }
    });
    let end = end.await;
    assert!(matches!(end, Some(Incoming::Closed(CloseReason::Lost))));
    let waited = now() - before;
    assert!(
        (Duration::from_secs(14)..Duration::from_secs(16)).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test]
async fn an_end_in_order_is_the_end() {
    for (end, resumes) in [
        // Hub's Close, in a frame.
        (b"\x81\x0b{\"type\":7}\x1e".to_vec(), false),
        // WebSocket's, plain.
        (vec![0x88, 2, 0x03, 0xe8], false),
        (vec![0x88, 0], false),
        // The same from a proxy that goes away, and from a server that fails.
        (vec![0x88, 2, 0x03, 0xe9], true),
        (vec![0x88, 2, 0x03, 0xf3], true),
    ] {
        let peer = Peer::bind().await;
        let (_client, mut incoming, mut line) = peer.open_stateful(options(&peer)).await;
        line.send_raw(&end).await;
        if resumes {
            peer.resume(1).await.send(PLACE).await;
            expect(&mut incoming, "resuming").await;
            expect(&mut incoming, "resumed").await;
        } else {
            closed(&mut incoming).await;
            assert!(peer.is_alone().await, "{end:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_granted_is_not_used() {
    let peer = Peer::bind().await;
    let script = async {
        let request = peer.request().await;
        let asked = "POST /hub/negotiate?negotiateVersion=1&useStatefulReconnect=true";
        assert_eq!(request.line(), asked);
        request.answer(200, &[], ANSWER).await;
        let mut line = peer.request().await.upgrade().await;
        line.shake_hands().await;
        line
    };
    let (connected, line) = meet(options(&peer), script).await;
    let (_client, mut incoming) = connected.unwrap();
    drop(line);
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
    assert!(peer.is_alone().await);
}

#[tokio::test]
async fn what_is_granted_unasked_is_an_error() {
    let peer = Peer::bind().await;
    let script = async { peer.request().await.answer(200, &[], GRANT).await };
    let (connected, ()) = meet(peer.options(), script).await;
    let Err(ConnectError::Protocol(text)) = connected else {
        panic!("it is connected")
    };
    let official = "Client didn't negotiate Stateful Reconnect but the server did.";
    assert_eq!(text, official);
}

#[tokio::test]
async fn without_negotiation_there_is_nothing_to_resume() {
    let peer = Peer::bind().await;
    let options = peer.direct().stateful_reconnect(quick());
    let (_client, mut incoming, line) = peer.open(options).await;
    drop(line);
    assert_eq!(closed(&mut incoming).await, CloseReason::Lost);
}
