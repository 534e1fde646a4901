//! A token that is replaced while its connection lives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use vestnik_signalr::client::{BearerToken, ConnectOptions, HubClient, TokenSource};

use crate::peer::{ANSWER, Line, Peer, Request, closed, meet};

const LINE: &str = "POST /hub/refresh?x=y&id=secret";

/// As [`ANSWER`], with a lifetime.
fn answer(seconds: &str) -> String {
    let fields = ANSWER.strip_prefix('{').unwrap();
    format!(r#"{{"tokenLifetimeSeconds":{seconds},{fields}"#)
}

/// Options whose token source gives `token-1`, `token-2` and so on, for a day without a word.
fn options(peer: &Peer) -> ConnectOptions {
    let count = Arc::new(AtomicUsize::new(0));
    let source = TokenSource::new(move || {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move { BearerToken::new(&format!("token-{number}")).ok_or("no header") }
    });
    let url = peer.url("/hub?x=y").parse().unwrap();
    let mut options = ConnectOptions::new(url).token_source(source);
    let day = Duration::from_secs(24 * 60 * 60);
    options.machine.keep_alive = day;
    options.machine.server_timeout = day;
    options
}

/// Lets time pass at once.
async fn leap(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// The next request, which must be a refresh with this token.
async fn refresh(peer: &Peer, token: &str) -> Request {
    let request = peer.request().await;
    assert_eq!(request.line(), LINE);
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(request.bearer(), Some(token));
    request
}

/// Expects that the client still calls, and asks for nothing else for a minute. The minute passes
/// whenever nothing else is to be done, so that the client has all chances.
async fn check_quiet(peer: &Peer, client: &HubClient, line: &mut Line) {
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(60)).await;
    tokio::time::resume();
    client.send("Still", &()).await.unwrap();
    assert!(line.message().await.contains("Still"));
    assert!(peer.is_alone().await, "the client asks on");
}

#[tokio::test]
async fn each_new_token_is_told_some_minutes_before_the_last_one_ends() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open_answering(options(&peer), &answer("3600")).await;
    leap(3_200).await;
    check_quiet(&peer, &client, &mut line).await;
    leap(50).await;
    // Negotiate and the WebSocket had the first two.
    let request = refresh(&peer, "token-3").await;
    let body = r#"{"connectionId":"public","refreshedAt":"2026-11-21T00:00:00Z","tokenLifetimeSeconds":2}"#;
    request.answer(200, &[], body).await;
    let request = refresh(&peer, "token-4").await;
    request
        .answer(200, &[], r#"{"connectionId":"public"}"#)
        .await;
    leap(10_000).await;
    check_quiet(&peer, &client, &mut line).await;
}

#[tokio::test]
async fn a_refresh_that_fails_is_repeated() {
    let peer = Peer::bind().await;
    let (_client, _incoming, _line) = peer.open_answering(options(&peer), &answer("3600")).await;
    leap(3_310).await;
    refresh(&peer, "token-3").await.answer(503, &[], "").await;
    leap(2).await;
    let request = refresh(&peer, "token-4").await;
    drop(request.into_stream());
    leap(3).await;
    refresh(&peer, "token-5")
        .await
        .answer(200, &[], "<p>")
        .await;
    leap(5).await;
    refresh(&peer, "token-6").await.answer(200, &[], "{}").await;
}

#[tokio::test]
async fn a_server_that_says_no_is_not_asked_again() {
    for status in [401, 403, 404] {
        let peer = Peer::bind().await;
        let (client, _incoming, mut line) =
            peer.open_answering(options(&peer), &answer("3600")).await;
        leap(3_310).await;
        let body = r#"{"error":"refresh_disabled","error_description":"It is."}"#;
        refresh(&peer, "token-3")
            .await
            .answer(status, &[], body)
            .await;
        check_quiet(&peer, &client, &mut line).await;
    }
}

#[tokio::test]
async fn nothing_is_refreshed_unasked_or_without_a_source_of_tokens() {
    let peer = Peer::bind().await;
    let without = ConnectOptions {
        token: None,
        ..options(&peer)
    };
    for (options, answer) in [
        (options(&peer), ANSWER.to_owned()),
        (options(&peer), answer("null")),
        (options(&peer), answer("-1")),
        (options(&peer), answer(r#""soon""#)),
        (without, answer("3600")),
    ] {
        let (client, _incoming, mut line) = peer.open_answering(options, &answer).await;
        leap(10_000).await;
        check_quiet(&peer, &client, &mut line).await;
    }
}

#[tokio::test]
async fn the_token_of_a_redirect_is_not_refreshed_but_the_own_one_is() {
    for brings_token in [true, false] {
        let (front, back) = (Peer::bind().await, Peer::bind().await);
        let token = if brings_token {
            r#","accessToken":"theirs""#
        } else {
            ""
        };
        let script = async {
            let redirect = format!(r#"{{"url":"{}"{token}}}"#, back.url("/hub?x=y"));
            front.request().await.answer(200, &[], &redirect).await;
            back.request().await.answer(200, &[], &answer("3600")).await;
            let mut line = back.request().await.upgrade().await;
            line.shake_hands().await;
            line
        };
        let (connected, mut line) = meet(options(&front), script).await;
        let (client, _incoming) = connected.unwrap();
        line.message().await;
        leap(3_310).await;
        if brings_token {
            check_quiet(&back, &client, &mut line).await;
        } else {
            refresh(&back, "token-4").await;
        }
    }
}

#[tokio::test]
async fn the_end_of_the_connection_is_the_end_of_refreshing() {
    let peer = Peer::bind().await;
    let (client, mut incoming, line) = peer.open_answering(options(&peer), &answer("3600")).await;
    drop(line);
    closed(&mut incoming).await;
    client.close().await;
    leap(3_310).await;
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(peer.is_alone().await, "the client asks on");
}
