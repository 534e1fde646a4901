//! A whole server under thousands of peers that never complete a request: a publisher and the health
//! check are served all the time, and memory is bounded. In a process of its own, so that the peak of
//! its memory is the server's and these peers'.

#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_util::sync::CancellationToken;
use vestnik_model::AppId;
use vestnik_server::{Config, bootstrap, serve};

/// Long enough that a slow machine never meets it: a wait that lasts this long has failed.
const NEVER: Duration = Duration::from_secs(300);

/// What the peers and the server may take together: 2,000 connections at about 40 KiB a side.
const PEAK_GROWTH: u64 = 192 * 1_024 * 1_024;

/// What a silent HTTP/2 client sends: its preface and its settings (RFC 9113, section 3.4).
const SILENT_HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/// Each kind of peer: what it sends at first, and what again and again.
const PEERS: [(&[u8], &[u8]); 4] = [
    (b"", b""),
    (SILENT_HTTP2, b""),
    (b"", b"G"),
    (b"GET /healthz HTTP/1.1\r\n", b"x-more: and more\r\n"),
];

#[tokio::test]
async fn silent_peers_hold_up_neither_publishers_nor_operations() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        database: folder.path().join("vestnik.sqlite"),
        ..Config::default()
    };
    // Fewer places than peers, and no deadline that passes during the test: whoever is served has got
    // the place of a silent peer.
    config.limits.connections = 500;
    config.limits.header_seconds = 3_600;
    // Else every peer on loopback would count as a proxy.
    config.proxy.trusted = Vec::new();
    let app = AppId::parse("shop").unwrap();
    let keys = bootstrap(&config.database, None, app).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(listener, config, shutdown.clone()));

    let publish = publish_request(&keys.admin_key);
    assert_eq!(ask(address, &publish).await, "HTTP/1.1 202 Accepted");
    let before = peak_bytes();
    let mut peers = Vec::new();
    for number in 0..2_000_usize {
        let (first, again) = PEERS[number % PEERS.len()];
        let mut stream = connect(address, 2 + u8::try_from(number % 100).unwrap()).await;
        // A later peer may have taken its place already.
        stream.write_all(first).await.ok();
        peers.push((stream, again));
        if number % 200 == 199 {
            for (stream, again) in &mut peers {
                stream.write_all(again).await.ok();
            }
            let health = ask(address, "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
            assert_eq!(health, "HTTP/1.1 200 OK", "after {number} peers");
            let published = ask(address, &publish).await;
            assert_eq!(published, "HTTP/1.1 202 Accepted", "after {number} peers");
        }
    }
    let grown = peak_bytes().saturating_sub(before);
    println!(
        "2,000 peers: peak memory grew by {} KiB, both sides in one process",
        grown / 1_024
    );
    assert!(grown < PEAK_GROWTH, "{grown} bytes");
    drop(peers);
    shutdown.cancel();
    tokio::time::timeout(NEVER, server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

fn publish_request(key: &str) -> String {
    let body = r#"{"to":{"users":["anna"]},"notification":{"title":"t"}}"#;
    format!(
        "POST /v1/notifications HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The status line of a request on a connection of its own.
async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address, 1).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n") {
        let byte = tokio::time::timeout(NEVER, stream.read_u8()).await;
        text.push(byte.unwrap().unwrap());
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// Connects from an address of the loopback network.
async fn connect(address: SocketAddr, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, last], 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

/// The most memory that this process ever had, from the kernel.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}
