//! A whole server under thousands of peers that never complete a request: a publisher and the health
//! check are served all the time, and memory is bounded. In a process of its own, so that the peak of
//! its memory is the server's and these peers'.

#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

mod attacked;

use attacked::{Attacked, ask, connect};
use tokio::io::AsyncWriteExt as _;

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
    let attacked = Attacked::start(|config| {
        // Fewer places than peers, and no deadline that passes during the test: whoever is served has got
        // the place of a silent peer.
        config.limits.connections = 500;
        config.limits.header_seconds = 3_600;
        // Else every peer on loopback would count as a proxy.
        config.proxy.trusted = Vec::new();
    })
    .await;
    let address = attacked.address;
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
            attacked.serves_a_publisher(number).await;
        }
    }
    attacked.has_grown_by_less_than(PEAK_GROWTH, peers.len());
    drop(peers);
    attacked.end().await;
}
