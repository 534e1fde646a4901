//! A hub connection that outlives its sockets, and what it does when the server calls.

use std::{sync::Mutex, time::Duration};

use tokio::sync::mpsc;
use vestnik_signalr::{
    backoff::ReconnectPolicy,
    client::{
        BearerToken, CallError, CloseReason, ConnectError, ConnectionState, DisconnectReason,
        HubConnection, HubConnectionBuilder, TokenSource,
    },
    protocol::Protocol,
};

use crate::peer::{ANSWER, Frame, Line, Peer, soon, within};

/// Waits that a test can afford.
fn quick() -> ReconnectPolicy {
    ReconnectPolicy {
        base: Duration::from_millis(2),
        cap: Duration::from_millis(4),
        ..ReconnectPolicy::default()
    }
}

fn builder(peer: &Peer) -> HubConnectionBuilder {
    HubConnectionBuilder::from(peer.options()).reconnect(quick())
}

/// A builder whose states come out in words.
fn watched(peer: &Peer) -> (HubConnectionBuilder, mpsc::UnboundedReceiver<String>) {
    let (sender, states) = mpsc::unbounded_channel();
    let builder = builder(peer).on_state(move |state| drop(sender.send(words(state))));
    (builder, states)
}

fn words(state: &ConnectionState) -> String {
    match state {
        ConnectionState::Disconnected(reason) => format!("disconnected: {reason}"),
        ConnectionState::Connecting { attempt, .. } => format!("connecting {attempt}"),
        ConnectionState::Connected { connection_id } => format!("connected {connection_id:?}"),
        ConnectionState::Resuming { connection_id } => format!("resuming {connection_id:?}"),
        ConnectionState::Reconnecting {
            attempt, reason, ..
        } => format!("reconnecting {attempt}: {reason}"),
    }
}

async fn expect(states: &mut mpsc::UnboundedReceiver<String>, expected: &[&str]) {
    for expected in expected {
        assert_eq!(soon(states.recv()).await.as_deref(), Some(*expected));
    }
}

const CONNECTED: &str = r#"connected Some("public")"#;

/// Starts, and plays the server up to the client's first ping.
async fn started(hub: &HubConnection, peer: &Peer) -> Line {
    let (outcome, line) = soon(async { tokio::join!(hub.start(), welcomed(peer)) }).await;
    outcome.unwrap();
    line
}

async fn welcomed(peer: &Peer) -> Line {
    let mut line = peer.upgrade().await;
    line.shake_hands().await;
    assert_eq!(line.message().await, r#"{"type":6}"#);
    line
}

#[tokio::test]
async fn it_calls_and_hears_and_stops() {
    let peer = Peer::bind().await;
    let (builder, mut states) = watched(&peer);
    let (heard, mut calls) = mpsc::unbounded_channel();
    let hub = builder
        .on("Said", move |(who, count): (String, u32)| {
            drop(heard.send((who, count)));
        })
        .build();
    assert!(matches!(
        hub.state(),
        ConnectionState::Disconnected(DisconnectReason::NotStarted)
    ));
    let early = hub.invoke::<_, ()>("Any", &()).await;
    assert_eq!(early, Err(CallError::Disconnected));
    let mut line = started(&hub, &peer).await;
    expect(&mut states, &["connecting 1", CONNECTED]).await;
    line.send(r#"{"type":1,"target":"SAID","arguments":["Anna",1]}"#)
        .await;
    line.send(r#"{"type":1,"target":"said","arguments":["too few"]}"#)
        .await;
    line.send(r#"{"type":1,"target":"Unknown","arguments":[]}"#)
        .await;
    line.send(r#"{"type":1,"target":"said","arguments":["Bert",2]}"#)
        .await;
    assert_eq!(soon(calls.recv()).await, Some(("Anna".to_owned(), 1)));
    assert_eq!(soon(calls.recv()).await, Some(("Bert".to_owned(), 2)));
    let server = async {
        assert!(line.message().await.contains("Echo"));
        line.send(r#"{"type":3,"invocationId":"0","result":5}"#)
            .await;
    };
    let (answer, ()) = soon(async { tokio::join!(hub.invoke("Echo", &(5,)), server) }).await;
    assert_eq!(answer, Ok(5));
    let server = async {
        assert_eq!(line.message().await, r#"{"type":7}"#);
        assert_eq!(line.frame().await, Frame::Close);
    };
    soon(async { tokio::join!(hub.stop(), server) }).await;
    expect(&mut states, &["disconnected: the connection was stopped"]).await;
    let late = hub.send("Any", &()).await;
    assert_eq!(late, Err(CallError::Disconnected));
}

#[tokio::test]
async fn it_comes_back_from_the_original_address_with_a_new_token() {
    let (front, back) = (Peer::bind().await, Peer::bind().await);
    let count = Mutex::new(0);
    let source = TokenSource::new(move || {
        let mut count = count.lock().unwrap();
        *count += 1;
        let token = BearerToken::new(&format!("token-{count}")).ok_or("no header");
        async move { token }
    });
    let hub = builder(&front).token_source(source).build();
    let redirected = async |token: &str| {
        let request = front.request().await;
        assert_eq!(request.bearer(), Some(token));
        let answer = format!(r#"{{"url":"{}","accessToken":"theirs"}}"#, back.url("/b"));
        request.answer(200, &[], &answer).await;
        let request = back.request().await;
        assert_eq!(request.bearer(), Some("theirs"));
        request.answer(200, &[], ANSWER).await;
        let mut line = back.request().await.upgrade().await;
        line.shake_hands().await;
        line
    };
    let (outcome, line) = soon(async { tokio::join!(hub.start(), redirected("token-1")) }).await;
    outcome.unwrap();
    drop(line);
    soon(redirected("token-2")).await;
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_every_step_is_told() {
    let peer = Peer::bind().await;
    let (builder, mut states) = watched(&peer);
    let hub = builder.build();
    let line = started(&hub, &peer).await;
    drop(line);
    peer.request().await.answer(503, &[], "").await;
    let mut line = welcomed(&peer).await;
    line.send(r#"{"type":7,"allowReconnect":true}"#).await;
    welcomed(&peer).await;
    expect(
        &mut states,
        &[
            "connecting 1",
            CONNECTED,
            "reconnecting 1: the connection was lost",
            "reconnecting 2: the server answered with status 503",
            CONNECTED,
            "reconnecting 1: closed by the server",
            CONNECTED,
        ],
    )
    .await;
}

#[tokio::test]
async fn a_close_without_an_invitation_is_the_end_unless_one_insists() {
    let peer = Peer::bind().await;
    let (builder, mut states) = watched(&peer);
    let hub = builder.build();
    let mut line = started(&hub, &peer).await;
    line.send(r#"{"type":7,"error":"out"}"#).await;
    expect(&mut states, &["connecting 1", CONNECTED]).await;
    expect(&mut states, &["disconnected: closed by the server: out"]).await;
    assert!(matches!(
        hub.state(),
        ConnectionState::Disconnected(DisconnectReason::Closed(CloseReason::Server { .. }))
    ));
    let _line = started(&hub, &peer).await;

    let peer = Peer::bind().await;
    let insistent = ReconnectPolicy {
        returns_uninvited: true,
        ..quick()
    };
    let (builder, mut states) = watched(&peer);
    let hub = builder.reconnect(insistent).build();
    let mut line = started(&hub, &peer).await;
    line.send(r#"{"type":7,"error":"out"}"#).await;
    welcomed(&peer).await;
    let steps = ["reconnecting 1: closed by the server: out", CONNECTED];
    expect(&mut states, &["connecting 1", CONNECTED]).await;
    expect(&mut states, &steps).await;
}

#[tokio::test]
async fn a_start_is_tried_again_but_not_when_it_is_no_use() {
    let peer = Peer::bind().await;
    let (builder, mut states) = watched(&peer);
    let hub = builder.build();
    let server = async {
        peer.request().await.answer(500, &[], "").await;
        peer.request().await.answer(401, &[], "").await;
    };
    let (outcome, ()) = soon(async { tokio::join!(hub.start(), server) }).await;
    let Err(DisconnectReason::Failed(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(matches!(*error, ConnectError::Unauthorized));
    let refused = "disconnected: the server does not accept the token";
    expect(&mut states, &["connecting 1", "connecting 2", refused]).await;
    assert!(peer.is_alone().await);
}

#[tokio::test]
async fn without_a_policy_the_first_failure_is_the_last() {
    let peer = Peer::bind().await;
    let hub = builder(&peer).reconnect(ReconnectPolicy::never()).build();
    let server = async { peer.request().await.answer(500, &[], "").await };
    let (outcome, ()) = soon(async { tokio::join!(hub.start(), server) }).await;
    assert!(matches!(outcome, Err(DisconnectReason::Failed(_))));
}

#[tokio::test]
async fn a_changed_network_cuts_a_wait_short() {
    let peer = Peer::bind().await;
    let (builder, mut states) = watched(&peer);
    let slow = ReconnectPolicy {
        base: Duration::from_secs(100_000),
        cap: Duration::from_secs(100_000),
        ..ReconnectPolicy::default()
    };
    let hub = builder.reconnect(slow).build();
    drop(started(&hub, &peer).await);
    expect(&mut states, &["connecting 1", CONNECTED]).await;
    let lost = "reconnecting 1: the connection was lost";
    expect(&mut states, &[lost]).await;
    assert!(hub.client().is_err(), "the old connection is of no use");
    hub.network_changed();
    welcomed(&peer).await;
    expect(&mut states, &[lost, CONNECTED]).await;
}

#[tokio::test]
async fn a_changed_network_puts_a_connection_to_the_test_and_an_attempt_off() {
    let peer = Peer::bind().await;
    let hub = builder(&peer).build();
    let mut line = started(&hub, &peer).await;
    hub.network_changed();
    assert_eq!(line.frame().await, Frame::Ping);
    drop(line);
    let stuck = peer.request().await;
    hub.network_changed();
    welcomed(&peer).await;
    drop(stuck);
}

#[tokio::test]
async fn stopping_ends_an_attempt_and_a_wait() {
    let peer = Peer::bind().await;
    let hub = builder(&peer).build();
    let server = async {
        let request = peer.request().await;
        hub.stop().await;
        request
    };
    let (outcome, _request) = soon(async { tokio::join!(hub.start(), server) }).await;
    assert!(matches!(outcome, Err(DisconnectReason::Stopped)));
    assert!(peer.is_alone().await);
}

#[tokio::test]
async fn dropping_the_last_handle_says_goodbye() {
    let peer = Peer::bind().await;
    let hub = builder(&peer).build();
    let mut line = started(&hub, &peer).await;
    drop(hub);
    assert_eq!(line.message().await, r#"{"type":7}"#);
}

#[tokio::test]
async fn stopping_does_not_wait_for_what_nobody_reads() {
    let peer = Peer::bind().await;
    let mut options = peer.options();
    options.incoming_queue = 1;
    let (heard, mut calls) = mpsc::unbounded_channel();
    let hub = HubConnectionBuilder::from(options)
        .on("Flood", move |(): ()| {
            let _ = heard.send("a call");
        })
        .build();
    let mut line = started(&hub, &peer).await;
    let call = "{\"type\":1,\"target\":\"Flood\",\"arguments\":[]}\x1e".repeat(5_000);
    line.send(call.trim_end_matches('\x1e')).await;
    soon(calls.recv()).await;
    within(Duration::from_secs(4), hub.stop()).await;
    assert_eq!(line.message().await, r#"{"type":7}"#);
}

#[tokio::test]
async fn what_the_server_asks_is_answered_with_the_official_texts() {
    let peer = Peer::bind().await;
    let hub = builder(&peer)
        .on("Heard", |(): ()| {})
        .on_result(
            "Add",
            |(a, b): (u32, u32)| async move { Ok::<_, String>(a + b) },
        )
        .on_result("Fail", |(): ()| async { Err::<u32, _>("no luck") })
        .on_result("Twice", |(): ()| async { Ok::<_, String>(1) })
        .on_result("Twice", |(): ()| async { Ok::<_, String>(2) })
        .on_result("Panic", |(): ()| async {
            assert!(std::hint::black_box(false), "a handler's own fault");
            Ok::<_, String>(1)
        })
        .build();
    let mut line = started(&hub, &peer).await;
    for (target, arguments, expected) in [
        ("add", "[1,2]", r#""result":3"#),
        (
            "Heard",
            "[]",
            r#""error":"Client didn't provide a result.""#,
        ),
        (
            "Unknown",
            "[]",
            r#""error":"Client didn't provide a result.""#,
        ),
        ("Fail", "[]", r#""error":"no luck""#),
        (
            "Twice",
            "[]",
            r#""error":"Client provided multiple results.""#,
        ),
        (
            "Add",
            r#"["x",2]"#,
            r#""error":"Client failed to parse argument(s).""#,
        ),
        ("Panic", "[]", r#""error":"The client's handler failed.""#),
    ] {
        let call = format!(
            r#"{{"type":1,"invocationId":"s1","target":"{target}","arguments":{arguments}}}"#
        );
        line.send(&call).await;
        let answer = line.message().await;
        let expected = format!(r#"{{"type":3,"invocationId":"s1",{expected}}}"#);
        assert_eq!(answer, expected, "{target}");
    }
}

#[tokio::test]
async fn a_handler_that_panics_takes_nothing_else_along() {
    let peer = Peer::bind().await;
    let (heard, mut calls) = mpsc::unbounded_channel();
    let hub = builder(&peer)
        .on("Say", move |(divisor,): (u32,)| {
            let _ = heard.send(6 / divisor);
        })
        .build();
    let mut line = started(&hub, &peer).await;
    line.send(r#"{"type":1,"target":"Say","arguments":[0]}"#)
        .await;
    line.send(r#"{"type":1,"target":"Say","arguments":[2]}"#)
        .await;
    assert_eq!(soon(calls.recv()).await, Some(3));
}

#[tokio::test]
async fn a_handler_may_call_the_server_while_it_answers_it() {
    let peer = Peer::bind().await;
    let (give, hub_of) = tokio::sync::watch::channel(None::<HubConnection>);
    let hub = builder(&peer)
        .on_result("Ask", move |(): ()| {
            let hub = hub_of.borrow().clone();
            async move {
                let hub = hub.ok_or("too early")?;
                let answer: u32 = hub.invoke("Back", &()).await.map_err(|_| "lost")?;
                Ok::<_, &str>(answer + 1)
            }
        })
        .build();
    give.send_replace(Some(hub.clone()));
    let mut line = started(&hub, &peer).await;
    line.send(r#"{"type":1,"invocationId":"s1","target":"Ask","arguments":[]}"#)
        .await;
    assert!(line.message().await.contains("Back"));
    line.send(r#"{"type":3,"invocationId":"0","result":41}"#)
        .await;
    let answer = r#"{"type":3,"invocationId":"s1","result":42}"#;
    assert_eq!(line.message().await, answer);
}

#[tokio::test]
async fn a_server_that_asks_too_much_at_once_is_refused() {
    let peer = Peer::bind().await;
    let hub = builder(&peer)
        .on_result("Hang", |(): ()| {
            std::future::pending::<Result<(), String>>()
        })
        .build();
    let mut line = started(&hub, &peer).await;
    for number in 0..65 {
        let call =
            format!(r#"{{"type":1,"invocationId":"s{number}","target":"Hang","arguments":[]}}"#);
        line.send(&call).await;
    }
    let refusal = r#"{"type":3,"invocationId":"s64","error":"Client is busy."}"#;
    assert_eq!(line.message().await, refusal);
}

#[tokio::test]
async fn what_is_set_on_the_builder_reaches_the_connection() {
    let peer = Peer::bind().await;
    let name = http::HeaderName::from_static("x-tenant");
    let value = http::HeaderValue::from_static("blue");
    let hub = HubConnection::builder(peer.url("/hub").parse().unwrap())
        .header(name, value)
        .bearer(BearerToken::new("hush").unwrap())
        .skip_negotiation()
        .keep_alive(Duration::from_millis(20))
        .handshake_timeout(Duration::from_secs(5))
        .reconnect(ReconnectPolicy::never());
    assert!(!format!("{hub:?}").contains("hush"));
    let hub = hub.build();
    let server = async {
        let request = peer.request().await;
        assert_eq!(request.line(), "GET /hub");
        assert_eq!(request.header("x-tenant"), Some("blue"));
        assert_eq!(request.bearer(), Some("hush"));
        let mut line = request.upgrade().await;
        line.shake_hands().await;
        line
    };
    let (outcome, mut line) = soon(async { tokio::join!(hub.start(), server) }).await;
    outcome.unwrap();
    for _ in 0..3 {
        assert_eq!(line.message().await, r#"{"type":6}"#);
    }
}

#[tokio::test]
async fn the_server_timeout_that_is_set_on_the_builder_ends_a_silent_connection() {
    let peer = Peer::bind().await;
    let hub = builder(&peer)
        .server_timeout(Duration::from_millis(200))
        .reconnect(ReconnectPolicy::never())
        .build();
    let _silent = started(&hub, &peer).await;
    let mut states = hub.states();
    let over = states.wait_for(|state| {
        matches!(
            state,
            ConnectionState::Disconnected(DisconnectReason::Closed(CloseReason::TimedOut))
        )
    });
    soon(over).await.unwrap();
}

#[tokio::test]
async fn another_protocol_is_asked_for_in_frames_of_its_own_kind() {
    let peer = Peer::bind().await;
    let hub = builder(&peer)
        .protocol(Protocol::MessagePack)
        .max_message_bytes(10)
        .build();
    let server = async {
        let mut line = peer.upgrade().await;
        let handshake = b"{\"protocol\":\"messagepack\",\"version\":1}\x1e";
        assert_eq!(line.frame().await, Frame::Binary(handshake.to_vec()));
        line.send("{}").await;
        assert_eq!(line.frame().await, Frame::Binary(vec![0x02, 0x91, 0x06]));
        // A message that says it has eleven bytes.
        line.send_raw(&[0x82, 1, 11]).await;
        line
    };
    let (outcome, _line) = soon(async { tokio::join!(hub.start(), server) }).await;
    outcome.unwrap();
    let mut states = hub.states();
    let over = states.wait_for(|state| {
        matches!(
            state,
            ConnectionState::Disconnected(DisconnectReason::Closed(CloseReason::TooLarge(_)))
        )
    });
    soon(over).await.unwrap();
}
