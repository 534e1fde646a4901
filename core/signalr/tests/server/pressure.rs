//! Clients that send too much or read too little.

use std::time::Duration;

use tokio_tungstenite::tungstenite::Message;
use vestnik_signalr::{
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubConfig, HubError, HubHandle, SendError},
};

use crate::client::{Client, serve, soon};

/// A hub whose connections are all under one key, with a small queue each.
fn hub(config: HubConfig) -> (vestnik_signalr::server::HubService<()>, HubHandle) {
    async fn join(connection: Connection) -> Result<(), HubError> {
        connection.join("all");
        Ok(())
    }
    async fn nothing() -> Result<(), HubError> {
        Ok(())
    }
    let hub = Hub::builder(())
        .on("Nothing", nothing)
        .on_connected(join)
        .config(config)
        .build();
    let handle = hub.handle().clone();
    (hub, handle)
}

fn frame() -> Frame {
    Frame::new("Fill", ("x".repeat(8 * 1024),))
}

/// Of the frame as a client reads it.
fn length() -> usize {
    frame().bytes(Protocol::Json).unwrap().len() - 1
}

/// Waits until the connection has been welcomed.
async fn settle(client: &mut Client) {
    client
        .check(
            r#"{"type":1,"invocationId":"s","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"s","result":null}"#],
        )
        .await;
}

/// Broadcasts until the slow connection takes no more; returns it and how much went out.
async fn fill(handle: &HubHandle) -> (Connection, usize) {
    let frame = frame();
    for sent in 0..10_000 {
        let mut full = handle.group("all").send(&frame).full;
        if let Some(connection) = full.pop() {
            return (connection, sent);
        }
        tokio::task::yield_now().await;
    }
    panic!("the queue took everything");
}

#[tokio::test]
async fn refuses_a_message_that_is_too_large() {
    let mut config = HubConfig::default();
    config.protocol.detailed_errors = true;
    let (hub, _) = hub(config);
    let address = serve(hub).await;
    // Just over the limit of a message, and far over that of a WebSocket message.
    for size in [33 * 1024, 1024 * 1024] {
        let mut client = Client::open(address).await;
        client
            .send(&format!(r#"{{"type":6,"padding":"{}"}}"#, "x".repeat(size)))
            .await;
        assert_eq!(
            client.next().await,
            r#"{"type":7,"error":"Connection closed with an error. InvalidDataException: The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions.","allowReconnect":true}"#
        );
        client.expect_close().await;
    }
}

#[tokio::test]
async fn refuses_what_is_no_message() {
    let (hub, _) = hub(HubConfig::default());
    let mut client = Client::open(serve(hub).await).await;
    client
        .check(
            "no json",
            &[r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#],
        )
        .await;
    client.expect_close().await;
}

#[tokio::test]
async fn a_slow_reader_is_reported_and_holds_nobody_up() {
    let config = HubConfig {
        queue_frames: 8,
        ..HubConfig::default()
    };
    let (hub, handle) = hub(config);
    let address = serve(hub).await;
    let mut slow = Client::open_with_small_buffer(address).await;
    settle(&mut slow).await;
    let (connection, sent) = fill(&handle).await;
    // What the server itself holds is its queue and one batch; the rest is in the kernel.
    assert_eq!(connection.try_send(&frame()), Err(SendError::Full));

    let mut quick = Client::open(address).await;
    settle(&mut quick).await;
    let outcome = handle.group("all").send(&frame());
    assert_eq!((outcome.queued, outcome.full.len()), (1, 1));
    assert_eq!(soon(quick.next()).await.len(), length());

    // Once it reads, it gets all that was taken, and may wait for room.
    let patient = tokio::spawn(async move {
        let last = Frame::new("Last", ());
        connection.send(&last).await
    });
    for _ in 0..sent {
        assert_eq!(slow.next().await.len(), length());
    }
    assert_eq!(
        slow.next().await,
        r#"{"type":1,"target":"Last","arguments":[]}"#
    );
    soon(patient).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stuck_reader_is_cut() {
    let config = HubConfig {
        queue_frames: 8,
        write_stall: Duration::from_millis(50),
        ..HubConfig::default()
    };
    let (hub, handle) = hub(config);
    let mut stuck = Client::open_with_small_buffer(serve(hub).await).await;
    settle(&mut stuck).await;
    let (connection, _) = fill(&handle).await;
    // Waits for room that never comes, until the connection is given up.
    assert_eq!(soon(connection.send(&frame())).await, Err(SendError::Gone));
    soon(async {
        while handle.connection_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_calls_is_slowed_down_and_answered() {
    let (hub, _) = hub(HubConfig::default());
    let mut client = Client::open(serve(hub).await).await;
    for id in 0..2_000 {
        client
            .send(&format!(
                r#"{{"type":1,"invocationId":"{id}","target":"Nothing","arguments":[]}}"#
            ))
            .await;
    }
    for id in 0..2_000 {
        let answer = format!(r#"{{"type":3,"invocationId":"{id}","result":null}}"#);
        assert_eq!(client.next().await, answer);
    }
}

#[tokio::test]
async fn calls_behind_a_slow_one_stay_with_the_client() {
    async fn never() -> Result<(), HubError> {
        std::future::pending().await
    }
    let address = serve(Hub::builder(()).on("Never", never).build()).await;
    let mut client = Client::open(address).await;
    let call = "{\"type\":1,\"target\":\"Never\",\"arguments\":[]}\x1e".repeat(500);
    // The kernel's buffers hold some megabytes; a server that stored calls would hold all.
    for _ in 0..4_000 {
        let send = client.send_frame(Message::text(call.clone()));
        if tokio::time::timeout(Duration::from_millis(300), send)
            .await
            .is_err()
        {
            return;
        }
    }
    panic!("the server took 80 MB of calls");
}

#[tokio::test]
async fn a_client_may_write_byte_by_byte() {
    let (hub, _) = hub(HubConfig::default());
    let mut client = Client::open(serve(hub).await).await;
    for id in 0..3 {
        let call =
            format!(r#"{{"type":1,"invocationId":"{id}","target":"Nothing","arguments":[]}}"#);
        client.send_byte_by_byte(&format!("{call}\x1e")).await;
        let answer = format!(r#"{{"type":3,"invocationId":"{id}","result":null}}"#);
        assert_eq!(client.next().await, answer);
    }
}

#[tokio::test]
async fn a_flood_of_pings_by_a_client_that_does_not_read_drowns_nothing() {
    let (hub, handle) = hub(HubConfig::default());
    let address = serve(hub).await;
    let mut flooding = Client::open_with_small_buffer(address).await;
    settle(&mut flooding).await;
    let pings = "{\"type\":6}\x1e".repeat(100);
    for _ in 0..60_000 {
        flooding
            .send_frame(Message::Ping("x".repeat(125).into()))
            .await;
    }
    for _ in 0..1_000 {
        flooding.send_frame(Message::text(pings.clone())).await;
    }
    let mut other = Client::open(address).await;
    settle(&mut other).await;
    assert_eq!(handle.group("all").send(&Frame::new("Said", ())).queued, 2);
    let said = r#"{"type":1,"target":"Said","arguments":[]}"#;
    assert_eq!(other.next().await, said);
    assert_eq!(flooding.next().await, said);
    settle(&mut flooding).await;
}
