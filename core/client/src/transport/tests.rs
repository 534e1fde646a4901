//! Answers as real networks give them, byte by byte.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use vestnik_model::{TokenRequest, TokenResponse};

use super::{CallFailure, NetworkOptions, NetworkTransport, Transport as _};
use crate::machine::{Secret, Trouble};

/// Long enough for a loopback, short enough for the tests that wait it out.
const TIMEOUT: Duration = Duration::from_secs(1);

fn transport(address: SocketAddr) -> NetworkTransport {
    let server = format!("http://{address}/push/").parse().unwrap();
    NetworkTransport::new(&server, TIMEOUT, &NetworkOptions::default()).unwrap()
}

/// A server that gives every request the same bytes and closes.
async fn serving(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            if socket.read(&mut request).await.is_ok_and(|read| read == 0) {
                continue;
            }
            socket.write_all(&answer).await.ok();
            socket.shutdown().await.ok();
        }
    });
    address
}

fn http(head: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

async fn token(answer: Vec<u8>) -> Result<TokenResponse, CallFailure> {
    let transport = transport(serving(answer).await);
    let request = TokenRequest::RefreshToken {
        refresh_token: "vr_1".to_owned(),
        installation_secret: None,
    };
    transport.token(request).await
}

type Odd = (&'static str, Vec<u8>, Trouble);

const JSON: &str = "Content-Type: application/json";

/// What is no answer of HTTP, or not all of one.
fn broken() -> Vec<Odd> {
    let bomb = "x".repeat(2 * 1_024 * 1_024);
    let cut = format!("HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: 500\r\n\r\n{{\"acc");
    let cases = [
        ("an empty answer", String::new()),
        ("another protocol", "SSH-2.0-OpenSSH_9.6\r\n".to_owned()),
        (
            "headers without end",
            format!("HTTP/1.1 200 OK\r\nX: {bomb}\r\n\r\n"),
        ),
        ("a body that is cut", cut),
    ];
    let cases = cases.into_iter();
    cases
        .map(|(what, answer)| (what, answer.into_bytes(), Trouble::Unreachable))
        .collect()
}

/// Answers that succeed and are not the server's.
fn successes() -> Vec<Odd> {
    let large = format!("{{\"access_token\": \"{}\"}}", "x".repeat(100 * 1_024));
    let json = |status, body: &str| http(&format!("{status}\r\n{JSON}"), body);
    let packed = http(
        &format!("200 OK\r\n{JSON}\r\nContent-Encoding: gzip"),
        "\u{1f}\u{8}",
    );
    let page = json("200 OK", "<html>sign in");
    vec![
        (
            "what nobody asked to be compressed",
            packed,
            Trouble::WrongAddress,
        ),
        ("nothing", http("204 No Content", ""), Trouble::WrongAddress),
        (
            "another object",
            json("200 OK", "{}"),
            Trouble::WrongAddress,
        ),
        ("a list", json("201 Created", "[1]"), Trouble::WrongAddress),
        ("too much", json("200 OK", &large), Trouble::WrongAddress),
        (
            "a page that says that it is not one",
            page,
            Trouble::CaptivePortal,
        ),
    ]
}

/// Refusals that are not the server's.
fn refusals() -> Vec<Odd> {
    let portal = "302 Found\r\nLocation: http://portal.example/";
    let gateway = format!("401 Unauthorized\r\n{JSON}");
    let busy = "503 Service Unavailable\r\nRetry-After: 99999999999999999999";
    let code = "{\"code\": \"auth.invalid\"}";
    vec![
        ("a redirection", http(portal, ""), Trouble::CaptivePortal),
        (
            "a bare refusal",
            http("401 Unauthorized", ""),
            Trouble::Refused,
        ),
        (
            "a gateway's refusal",
            http(&gateway, code),
            Trouble::Refused,
        ),
        ("a busy gateway", http(busy, "busy"), Trouble::ServerBusy),
    ]
}

#[tokio::test]
async fn whatever_answers_in_the_servers_place_ends_no_session() {
    let cases = [broken(), successes(), refusals()];
    for (what, answer, trouble) in cases.into_iter().flatten() {
        let failure = token(answer).await.unwrap_err();
        assert_eq!(failure.trouble(), trouble, "{what}: {failure:?}");
        assert!(!failure.ends_session(), "{what}");
    }
}

#[tokio::test]
async fn the_servers_own_word_is_heard() {
    let problem = "Content-Type: application/problem+json";
    let body = "{\"code\": \"auth.reused\", \"status\": 401}";
    let failure = token(http(&format!("401 Unauthorized\r\n{problem}"), body)).await;
    assert!(failure.unwrap_err().ends_session());
}

#[tokio::test]
async fn silence_has_an_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap());
    let id = vestnik_model::InstallationId::from_uuid(uuid::Uuid::from_u128(1));
    let (deleting, connecting) = tokio::join!(
        transport.delete_installation(Secret::new("va_1"), id),
        transport.connect(Secret::new("va_1")),
    );
    assert_eq!(deleting, Err(CallFailure::NoAnswer));
    assert_eq!(connecting.unwrap_err(), CallFailure::NoAnswer);
}

/// A caller that stops waiting leaves no socket open.
#[tokio::test]
async fn an_attempt_that_is_given_up_closes_its_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap());
    let attempt = tokio::spawn(async move { transport.connect(Secret::new("va_1")).await });
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut bytes = vec![0; 64 * 1_024];
    assert!(socket.read(&mut bytes).await.unwrap() > 0, "it asks");
    attempt.abort();
    let read = async { while socket.read(&mut bytes).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("the socket is closed");
}
