//! HTTP/2 peers that never take an answer: their windows are closed from the beginning (RFC 9113,
//! section 6.9.2), and they answer every ping, so that they look alive. Their connections end by the
//! deadline of connections without a request, others are served meanwhile, and memory is bounded. In a
//! process of its own, so that the peak of its memory is the server's and these peers'.

#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use vestnik_model::AppId;
use vestnik_server::{Config, bootstrap, serve};

/// Long enough that a slow machine never meets it: a wait that lasts this long has failed.
const NEVER: Duration = Duration::from_secs(300);

const PEERS: usize = 100;
/// How many answers each peer leaves lying: as many as a connection may have in flight.
const STREAMS: u32 = 100;

/// What the peers and the server may take together: an answer that lies there costs its head and its
/// share of a document that all answers have in common.
const PEAK_GROWTH: u64 = 192 * 1_024 * 1_024;

#[tokio::test]
async fn a_peer_that_takes_no_answer_is_closed_and_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        database: folder.path().join("vestnik.sqlite"),
        ..Config::default()
    };
    // The deadline that is tested. No other one passes during the test.
    config.limits.idle_seconds = 1;
    config.limits.header_seconds = 3_600;
    config.limits.request_seconds = 3_600;
    // Every peer of a trusted proxy that names nobody: rates are not what is tested.
    let app = AppId::parse("shop").unwrap();
    let keys = bootstrap(&config.database, None, app).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(listener, config, shutdown.clone()));

    let publish = publish_request(&keys.admin_key);
    assert_eq!(ask(address, &publish).await, "HTTP/1.1 202 Accepted");
    let before = peak_bytes();
    let mut peers = JoinSet::new();
    for number in 0..PEERS {
        peers.spawn(stall(address));
        if number % 20 == 19 {
            assert_eq!(ask(address, &publish).await, "HTTP/1.1 202 Accepted");
        }
    }
    while let Some(answers) = tokio::time::timeout(NEVER, peers.join_next())
        .await
        .unwrap()
    {
        // It was answered, and not let go for another reason.
        assert!(answers.unwrap() > 0);
    }
    let grown = peak_bytes().saturating_sub(before);
    println!(
        "{PEERS} peers: peak memory grew by {} KiB, both sides in one process",
        grown / 1_024
    );
    assert!(grown < PEAK_GROWTH, "{grown} bytes");
    assert_eq!(ask(address, &publish).await, "HTTP/1.1 202 Accepted");
    shutdown.cancel();
    tokio::time::timeout(NEVER, server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const PING: u8 = 6;
const ACK: u8 = 1;
/// `END_STREAM` and `END_HEADERS`.
const WHOLE: u8 = 0x5;

/// Asks for a document again and again and takes none; gives how many answers began before the server
/// ended the connection.
async fn stall(address: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut first = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS_INITIAL_WINDOW_SIZE (4) is 0.
    first.extend(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for number in 0..STREAMS {
        first.extend(frame(
            HEADERS,
            WHOLE,
            2 * number + 1,
            &get("/v1/openapi.json"),
        ));
    }
    // The server may have ended it before all was written.
    stream.write_all(&first).await.ok();
    let mut answers = 0;
    loop {
        match answer_pings(&mut stream).await {
            Ok(HEADERS) => answers += 1,
            Ok(_) => {}
            Err(_) => return answers,
        }
    }
}

/// Reads a frame and acknowledges what wants it; gives the frame's type.
async fn answer_pings(stream: &mut TcpStream) -> io::Result<u8> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).await?;
    let (kind, flags) = (head[3], head[4]);
    match (kind, flags & ACK) {
        (PING, 0) => stream.write_all(&frame(PING, ACK, 0, &payload)).await?,
        (SETTINGS, 0) => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
        _ => {}
    }
    Ok(kind)
}

/// A frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The headers of a GET, without a table (RFC 7541, section 6.2.2; names of appendix A).
fn get(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    for (name, value) in [(4, path), (1, "a")] {
        block.extend([name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
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
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n") {
        let byte = tokio::time::timeout(NEVER, stream.read_u8()).await;
        text.push(byte.unwrap().unwrap());
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// The most memory that this process ever had, from the kernel.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}
