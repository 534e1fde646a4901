//! Servers that read and write at their own pace.

use std::time::Duration;

use vestnik_signalr::client::{CloseReason, Incoming};

use crate::peer::{Peer, called, now, soon, within};

/// How many messages go each way; together they are more than the kernel holds of one connection.
const COUNT: usize = 320;
const SIZE: usize = 64 * 1024;

#[tokio::test]
async fn a_server_that_reads_only_after_it_has_said_all_is_heard_to_the_end() {
    let peer = Peer::bind().await;
    let (client, mut incoming, mut line) = peer.open(peer.options()).await;
    let large = "x".repeat(SIZE);
    let calls = async {
        for _ in 0..COUNT {
            client.send("Take", &(&large,)).await.unwrap();
        }
    };
    let heard = async {
        for _ in 0..COUNT {
            assert_eq!(called(&mut incoming).await, "Hear");
        }
    };
    let script = async {
        let message = format!(r#"{{"type":1,"target":"Hear","arguments":["{large}"]}}"#);
        for _ in 0..COUNT {
            line.send(&message).await;
        }
        for _ in 0..COUNT {
            assert!(line.message().await.contains("Take"));
        }
    };
    soon(async { tokio::join!(calls, heard, script) }).await;
}

#[tokio::test]
async fn a_server_that_neither_reads_nor_says_anything_is_left() {
    let peer = Peer::bind().await;
    let (client, mut incoming, line) = peer.open(peer.options()).await;
    let large = "x".repeat(SIZE);
    // It waits when all that is bounded is full, and time passes while all wait.
    let calls = async { while client.send("Take", &(&large,)).await.is_ok() {} };
    tokio::time::pause();
    let before = now();
    let end = within(Duration::from_secs(60), incoming.recv());
    let ((), end) = tokio::join!(calls, end);
    assert!(
        matches!(end, Some(Incoming::Closed(CloseReason::TimedOut))),
        "{end:?}"
    );
    let waited = (now() - before).as_secs();
    assert!((29..32).contains(&waited), "{waited} s");
    drop(line);
}
