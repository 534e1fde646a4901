//! Tokens: where they come from, how often, and where they never go.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::HeaderValue;
use vestnik_signalr::client::{BearerToken, ConnectError, ConnectOptions, Fault, TokenSource};

use crate::peer::{ANSWER, Peer, meet};

/// Gives `token-1`, `token-2` and so on.
fn counting() -> (TokenSource, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let source = TokenSource::new(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move { BearerToken::new(&format!("token-{number}")).ok_or("no header") }
    });
    (source, count)
}

#[tokio::test]
async fn a_token_is_asked_for_at_each_negotiate_and_at_each_connect() {
    let (front, back) = (Peer::bind().await, Peer::bind().await);
    let (source, count) = counting();
    let options = front.options().token_source(source);
    let script = async {
        let request = front.request().await;
        assert_eq!(request.bearer(), Some("token-1"));
        let answer = format!(r#"{{"url":"{}"}}"#, back.url("/hub"));
        request.answer(200, &[], &answer).await;
        let request = back.request().await;
        assert_eq!(request.bearer(), Some("token-2"));
        request.answer(200, &[], ANSWER).await;
        let request = back.request().await;
        assert_eq!(request.bearer(), Some("token-3"));
        request.upgrade().await.shake_hands().await;
    };
    assert!(meet(options, script).await.0.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn the_token_of_a_redirect_silences_the_source_until_the_next_start() {
    let (front, back) = (Peer::bind().await, Peer::bind().await);
    let (source, count) = counting();
    let options = front.options().token_source(source);
    for start in 1..=2 {
        let script = async {
            let request = front.request().await;
            assert_eq!(request.bearer(), Some(format!("token-{start}").as_str()));
            let answer = format!(r#"{{"url":"{}","accessToken":"theirs"}}"#, back.url("/hub"));
            request.answer(200, &[], &answer).await;
            let request = back.request().await;
            assert_eq!(request.bearer(), Some("theirs"));
            request.answer(200, &[], ANSWER).await;
            let request = back.request().await;
            assert_eq!(request.bearer(), Some("theirs"));
            request.upgrade().await.shake_hands().await;
        };
        assert!(meet(options.clone(), script).await.0.is_ok());
        assert_eq!(count.load(Ordering::SeqCst), start);
    }
}

#[tokio::test]
async fn a_source_that_fails_keeps_the_client_at_home() {
    for is_direct in [false, true] {
        let peer = Peer::bind().await;
        let source = TokenSource::new(|| async { Err(io::Error::other("offline")) });
        let options = ConnectOptions {
            skip_negotiation: is_direct,
            ..peer.options().token_source(source)
        };
        let error = meet(options, async {}).await.0.unwrap_err();
        assert!(matches!(error, ConnectError::Token(_)), "{error:?}");
        assert_eq!((error.fault(), error.is_retryable()), (Fault::Caller, true));
        assert!(peer.is_alone().await);
    }
}

#[tokio::test]
async fn headers_go_with_every_request() {
    let peer = Peer::bind().await;
    let mut options = peer.options();
    let value = HeaderValue::from_static("blue");
    options.headers.insert("x-tenant", value);
    let script = async {
        let request = peer.request().await;
        assert_eq!(request.header("x-tenant"), Some("blue"));
        request.answer(200, &[], ANSWER).await;
        let request = peer.request().await;
        assert_eq!(request.header("x-tenant"), Some("blue"));
        request.upgrade().await.shake_hands().await;
    };
    assert!(meet(options, script).await.0.is_ok());
}

#[tokio::test]
async fn no_token_is_ever_in_an_address() {
    let peer = Peer::bind().await;
    let options = peer.options().bearer(BearerToken::new("hush").unwrap());
    let script = async {
        let request = peer.request().await;
        assert_eq!(request.bearer(), Some("hush"));
        assert!(!request.target.contains("hush"));
        request.answer(200, &[], ANSWER).await;
        let request = peer.request().await;
        assert_eq!(request.bearer(), Some("hush"));
        assert!(!request.target.contains("hush"));
        request.upgrade().await.shake_hands().await;
    };
    assert!(meet(options, script).await.0.is_ok());
}

#[tokio::test]
async fn nothing_that_is_secret_is_ever_shown() {
    let peer = Peer::bind().await;
    let url = format!("{}?access_token=hush", peer.url("/hub"));
    let url = url.replace("://", "://user:hush@");
    let token = BearerToken::new("hush").unwrap();
    let mut options = ConnectOptions::new(url.parse().unwrap()).bearer(token.clone());
    let value = HeaderValue::from_static("hush");
    options.headers.insert("x-api-key", value);
    let shown = format!("{token:?} {options:?} {:?}", options.token);
    assert!(
        shown.contains("x-api-key") && !shown.contains("hush"),
        "{shown}"
    );
    drop(peer);
    let error = meet(options, async {}).await.0.unwrap_err();
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains("hush"), "{shown}");
}
