//! Going through an HTTP proxy, which the scripted server plays along with the hub behind it.

use tokio::io::AsyncWriteExt as _;
use vestnik_signalr::client::{ConnectError, ConnectOptions, Fault, Proxy};

use crate::peer::{ANSWER, Peer, Request, meet};

/// Options for a hub that only the proxy can reach.
fn behind(proxy: &Peer) -> ConnectOptions {
    let url = proxy.url("").replace("://", "://me:hush@");
    ConnectOptions {
        proxy: Proxy::new(url.parse().unwrap()),
        ..ConnectOptions::new("http://hub.invalid/hub".parse().unwrap())
    }
}

#[tokio::test]
async fn negotiate_and_the_socket_go_through_the_proxy() {
    let proxy = Peer::bind().await;
    let script = async {
        let request = proxy.request().await;
        let expected = "POST http://hub.invalid/hub/negotiate?negotiateVersion=1";
        assert_eq!(request.line(), expected);
        assert_eq!(
            request.header("proxy-authorization"),
            Some("Basic bWU6aHVzaA==")
        );
        request.answer(200, &[], ANSWER).await;
        let request = proxy.request().await;
        assert_eq!(request.line(), "CONNECT hub.invalid:80");
        assert_eq!(request.header("host"), Some("hub.invalid:80"));
        assert_eq!(
            request.header("proxy-authorization"),
            Some("Basic bWU6aHVzaA==")
        );
        let mut tunnel = request.into_stream();
        let answer = b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
        tunnel.write_all(answer).await.unwrap();
        let request = Request::read(tunnel).await;
        assert_eq!(request.line(), "GET /hub?id=secret");
        assert_eq!(request.header("proxy-authorization"), None);
        request.upgrade().await.shake_hands().await;
    };
    let connected = meet(behind(&proxy), script).await.0;
    assert!(connected.is_ok(), "{connected:?}");
}

#[tokio::test]
async fn a_refusal_of_the_proxys_is_its_own_error() {
    for (status, fault, is_retryable) in [
        (407, Fault::Caller, false),
        (403, Fault::Network, false),
        (502, Fault::Network, true),
    ] {
        let proxy = Peer::bind().await;
        let options = ConnectOptions {
            skip_negotiation: true,
            ..behind(&proxy)
        };
        let script = async { proxy.request().await.answer(status, &[], "no").await };
        let error = meet(options, script).await.0.unwrap_err();
        assert!(
            matches!(error, ConnectError::Proxy { status: told } if told == status),
            "{error:?}"
        );
        assert_eq!(error.fault(), fault, "{status}");
        assert_eq!(error.is_retryable(), is_retryable, "{status}");
    }
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_told_apart_in_negotiate_too() {
    let proxy = Peer::bind().await;
    let script = async { proxy.request().await.answer(407, &[], "").await };
    let error = meet(behind(&proxy), script).await.0.unwrap_err();
    assert!(matches!(error, ConnectError::Proxy { status: 407 }));
}

#[tokio::test]
async fn what_is_no_proxy_is_found_out() {
    let endless = "x".repeat(9_000);
    for text in ["SSH-2.0\r\n\r\n", endless.as_str()] {
        let proxy = Peer::bind().await;
        let options = ConnectOptions {
            skip_negotiation: true,
            ..behind(&proxy)
        };
        let script = async {
            let mut stream = proxy.request().await.into_stream();
            drop(stream.write_all(text.as_bytes()).await);
            stream
        };
        let error = meet(options, script).await.0.unwrap_err();
        assert!(matches!(error, ConnectError::Protocol(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_hangs_up_is_the_networks_fault() {
    let proxy = Peer::bind().await;
    let options = ConnectOptions {
        skip_negotiation: true,
        ..behind(&proxy)
    };
    let script = async { drop(proxy.request().await) };
    let error = meet(options, script).await.0.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    assert_eq!(
        (error.fault(), error.is_retryable()),
        (Fault::Network, true)
    );
}
