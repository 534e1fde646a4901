//! HTTP/2 peers that never take an answer: their windows are closed from the beginning (RFC 9113,
//! section 6.9.2), and they answer every ping, so that they look alive. Their connections end by the
//! deadline of connections without a request, others are served meanwhile, and memory is bounded. In a
//! process of its own, so that the peak of its memory is the server's and these peers'.

#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

mod attacked;

use std::{io, net::SocketAddr};

use attacked::{Attacked, NEVER};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

const PEERS: usize = 100;
/// How many answers each peer leaves lying: as many as a connection may have in flight.
const STREAMS: u32 = 100;

/// What the peers and the server may take together: an answer that lies there costs its head and its
/// share of a document that all answers have in common.
const PEAK_GROWTH: u64 = 192 * 1_024 * 1_024;

#[tokio::test]
async fn a_peer_that_takes_no_answer_is_closed_and_holds_up_nobody() {
    // No rate of an address is met: every peer is a trusted proxy that names nobody.
    let attacked = Attacked::start(|config| {
        // The deadline that is tested. No other one passes during the test.
        // The deadline has to be longer than an answer takes on a machine that does other work too.
        config.limits.idle_seconds = 5;
        config.limits.header_seconds = 3_600;
        config.limits.request_seconds = 3_600;
    })
    .await;
    let mut peers = JoinSet::new();
    for number in 0..PEERS {
        peers.spawn(stall(attacked.address));
        if number % 20 == 19 {
            attacked.serves_a_publisher(number).await;
        }
    }
    while let Some(answers) = tokio::time::timeout(NEVER, peers.join_next())
        .await
        .unwrap()
    {
        // It was answered, and not let go for another reason.
        assert!(answers.unwrap() > 0);
    }
    attacked.has_grown_by_less_than(PEAK_GROWTH, PEERS);
    attacked.serves_a_publisher(PEERS).await;
    attacked.end().await;
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
