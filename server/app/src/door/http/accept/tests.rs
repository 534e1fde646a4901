//! Slow and silent peers over loopback. Nothing here waits for a time to pass: what is expected ends
//! each wait.

use std::{net::SocketAddr, time::Duration};

use axum::routing::{get, post};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::config::{LimitConfig, ProxyConfig};

/// Long enough that a slow machine never meets it: a wait that lasts this long has failed.
const NEVER: Duration = Duration::from_secs(300);

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    fn start(limits: LimitConfig) -> Self {
        let listener = TcpSocket::new_v4().unwrap();
        listener.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = listener.listen(4_096).unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            limits,
            // Else every peer on loopback would count as a proxy.
            proxy: ProxyConfig {
                trusted: Vec::new(),
            },
            ..Config::default()
        };
        let router = Router::new()
            .route("/healthz", get(|| async {}))
            .route("/v1/notifications", post(|body: String| async { body }))
            .route("/never", get(std::future::pending::<()>));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move { serve(listener, router, &config, stopped).await });
        Self {
            address,
            stop,
            task,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Connects from another address of the loopback network.
    async fn connect(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, last], 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// The status line of a request on a new connection.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect(1).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        status(&mut stream).await
    }

    async fn is_healthy(&self) -> bool {
        let request = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
        self.ask(request).await == "HTTP/1.1 200 OK"
    }

    async fn publishes(&self) -> bool {
        let request = "POST /v1/notifications HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}";
        self.ask(request).await == "HTTP/1.1 200 OK"
    }
}

async fn status(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n") {
        match tokio::time::timeout(NEVER, stream.read_u8()).await.unwrap() {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// Reads to the end of a connection that the server closes.
async fn closed(stream: &mut TcpStream) {
    let mut rest = [0; 1_024];
    while let Ok(read) = tokio::time::timeout(NEVER, stream.read(&mut rest))
        .await
        .unwrap()
    {
        if read == 0 {
            break;
        }
    }
}

/// The client's part of an HTTP/2 connection before its first request (RFC 9113, section 3.4).
const SILENT_HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/// Each kind of peer that never completes a request: what it sends at first, and again and again.
const PEERS: [(&[u8], &[u8]); 5] = [
    (b"", b""),
    (SILENT_HTTP2, b""),
    (b"", b"G"),
    (b"GET /healthz HTTP/1.1\r\n", b"x-more: and more\r\n"),
    (b"PRI * HT", b""),
];

#[tokio::test]
async fn each_silent_peer_is_closed_in_time() {
    let server = Server::start(LimitConfig {
        header_seconds: 1,
        ..LimitConfig::default()
    });
    for (first, again) in PEERS {
        let mut stream = server.connect(66).await;
        stream.write_all(first).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        // Goes on sending as long as the server takes it.
        let drip = tokio::spawn(async move {
            while !again.is_empty() && writer.write_all(again).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            writer
        });
        let mut rest = [0; 1_024];
        let ended = async { while matches!(reader.read(&mut rest).await, Ok(1..)) {} };
        let ended = tokio::time::timeout(NEVER, ended).await;
        assert!(ended.is_ok(), "{}", String::from_utf8_lossy(first));
        drip.abort();
    }
    server.stop().await;
}

#[tokio::test]
async fn a_connection_at_rest_is_closed_in_time() {
    let server = Server::start(LimitConfig {
        idle_seconds: 1,
        ..LimitConfig::default()
    });
    let mut stream = server.connect(1).await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    assert_eq!(status(&mut stream).await, "HTTP/1.1 200 OK");
    closed(&mut stream).await;
    server.stop().await;
}

#[tokio::test]
async fn two_thousand_silent_peers_hold_up_nobody() {
    // No deadline passes during the test: all room is made by the newcomers.
    let server = Server::start(LimitConfig {
        connections: 512,
        connections_per_address: 0,
        header_seconds: 3_600,
        idle_seconds: 3_600,
        ..LimitConfig::default()
    });
    assert!(server.is_healthy().await);
    let before = peak_bytes();
    let mut peers = Vec::new();
    for round in 0..2_000_u32 {
        let last = u8::try_from(64 + round % 128).unwrap();
        // Mostly silent ones, as they cost least.
        let kind = usize::try_from(round % 8).unwrap();
        let (first, again) = PEERS.get(kind).copied().unwrap_or_default();
        let mut stream = server.connect(last).await;
        // The server may have closed it already, for a later one.
        stream.write_all(first).await.ok();
        peers.push((stream, again));
        if round % 100 == 0 {
            for (stream, again) in &mut peers {
                stream.write_all(again).await.ok();
            }
            assert!(server.is_healthy().await, "after {round} peers");
            assert!(server.publishes().await, "after {round} peers");
        }
    }
    let grown = peak_bytes().saturating_sub(before);
    println!("peak memory grew by {} KiB with 2,000 peers", grown / 1_024);
    assert!(grown < 192 * 1_024 * 1_024, "{grown} bytes");
    drop(peers);
    server.stop().await;
}

#[tokio::test]
async fn headers_that_never_end_are_bounded_in_bytes() {
    let server = Server::start(LimitConfig {
        header_seconds: 3_600,
        ..LimitConfig::default()
    });
    let mut stream = server.connect(1).await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let line = [b"x-more: ".as_slice(), &[b'a'; 1_000], b"\r\n"].concat();
    let refused = async { while stream.write_all(&line).await.is_ok() {} };
    assert!(tokio::time::timeout(NEVER, refused).await.is_ok());
    server.stop().await;
}

#[tokio::test]
async fn one_address_cannot_take_the_places_of_others() {
    let server = Server::start(LimitConfig {
        connections: 16,
        connections_per_address: 4,
        operation_connections: 8,
        header_seconds: 3_600,
        drain_seconds: 0,
        ..LimitConfig::default()
    });
    let mut greedy = Vec::new();
    for _ in 0..4 {
        let mut stream = server.connect(66).await;
        let request = b"GET /never HTTP/1.1\r\nhost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        greedy.push(stream);
    }
    // Every one of its places is taken by a request, as the next one shows: it may ask for health.
    loop {
        let mut stream = server.connect(66).await;
        let request = b"POST /v1/notifications HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(request).await.unwrap();
        if status(&mut stream).await == "HTTP/1.1 503 Service Unavailable" {
            break;
        }
    }
    let mut stream = server.connect(66).await;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(status(&mut stream).await, "HTTP/1.1 200 OK");
    closed(&mut stream).await;
    assert!(server.publishes().await, "another address");
    server.stop().await;
}

/// The most memory that this process ever had, from the kernel.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}
