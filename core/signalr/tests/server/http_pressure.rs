//! Clients of the transports without a socket that send too much or read too little.

use std::time::Duration;

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};
use vestnik_signalr::{
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubConfig, HubError, HubHandle, HubService, SendError},
};

use crate::{
    client::{exchange, negotiate, request, serve, soon, write_request},
    http_client::{By, EventReader, HttpClient},
};

/// Gives a stuck client up early, and tells a slow one early.
fn impatient() -> HubConfig {
    HubConfig {
        queue_frames: 8,
        write_stall: Duration::from_millis(50),
        ..HubConfig::default()
    }
}

fn hub(config: HubConfig) -> (HubService<()>, HubHandle) {
    async fn never() -> Result<(), HubError> {
        std::future::pending().await
    }
    async fn join(connection: Connection) -> Result<(), HubError> {
        connection.join("all");
        Ok(())
    }
    let hub = Hub::builder(())
        .on("Never", never)
        .on_connected(join)
        .config(config)
        .build();
    let handle = hub.handle().clone();
    (hub, handle)
}

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\x1e";

fn frame() -> Frame {
    Frame::new("Fill", ("x".repeat(8 * 1024),))
}

/// Of the frame as a client reads it.
fn length() -> usize {
    frame().bytes(Protocol::Json).unwrap().len() - 1
}

/// Broadcasts until the one connection takes no more; returns it.
async fn fill(handle: &HubHandle) -> Connection {
    let frame = frame();
    for _ in 0..10_000 {
        if let Some(connection) = handle.group("all").send(&frame).full.pop() {
            return connection;
        }
        tokio::task::yield_now().await;
    }
    panic!("the queue took everything");
}

async fn until(what: impl Fn() -> bool) {
    soon(async {
        while !what() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_never_reads_its_events_is_cut() {
    let (hub, handle) = hub(impatient());
    let address = serve(hub).await;
    let path = format!("/hub?id={}", negotiate(address, &[]).await);
    let _stuck = EventReader::open_with_small_buffer(address, &path).await;
    exchange(address, &format!("POST {path}"), &[], HANDSHAKE).await;
    until(|| handle.key_count("all") == 1).await;
    let connection = fill(&handle).await;
    // Waits for room that never comes, until the connection is given up.
    assert_eq!(soon(connection.send(&frame())).await, Err(SendError::Gone));
    until(|| handle.connection_count() == 0).await;
    assert_eq!(
        request(address, &format!("POST {path}"), &[]).await.status,
        404
    );
}

#[tokio::test]
async fn a_client_that_never_reads_its_poll_is_cut() {
    let config = HubConfig {
        // One answer that no kernel buffers as a whole.
        max_write_buffer: 64 * 1024 * 1024,
        queue_bytes: 64 * 1024 * 1024,
        ..impatient()
    };
    let (hub, handle) = hub(config);
    let address = serve(hub).await;
    let client = HttpClient::open(address, By::Polls).await;
    until(|| handle.key_count("all") == 1).await;
    let large = Frame::new("Fill", ("x".repeat(32 * 1024 * 1024),));
    assert_eq!(handle.group("all").send(&large).queued, 1);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut stuck: TcpStream = socket.connect(address).await.unwrap();
    write_request(&mut stuck, &format!("GET {}", client.path()), &[], "").await;
    until(|| handle.connection_count() == 0).await;
    assert_eq!(client.request("GET").await.status, 404);
}

#[tokio::test]
async fn a_client_between_two_polls_is_told_to_be_slow_and_then_gets_all() {
    let (hub, handle) = hub(impatient());
    let mut client = HttpClient::open(serve(hub).await, By::Polls).await;
    until(|| handle.key_count("all") == 1).await;
    let mut queued = 0;
    loop {
        let outcome = handle.group("all").send(&frame());
        if !outcome.full.is_empty() {
            break;
        }
        queued += 1;
        // Lets the connection's task take what it will.
        tokio::task::yield_now().await;
    }
    assert!(queued <= 24, "queue and one answer: {queued}");
    for _ in 0..queued {
        assert_eq!(client.next().await.unwrap().len(), length());
    }
}

#[tokio::test]
async fn calls_behind_a_slow_one_stay_with_the_client() {
    for by in [By::Events, By::Polls] {
        let (hub, _) = hub(HubConfig::default());
        let address = serve(hub).await;
        let client = HttpClient::open(address, by).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000000000\r\n\r\n",
            client.path()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let calls = "{\"type\":1,\"target\":\"Never\",\"arguments\":[]}\x1e".repeat(500);
        let mut sent = 0;
        // The kernel's buffers hold some megabytes; a server that stored calls would hold all.
        while let Ok(written) = tokio::time::timeout(
            Duration::from_millis(300),
            stream.write_all(calls.as_bytes()),
        )
        .await
        {
            written.unwrap();
            sent += calls.len();
            assert!(sent < 80_000_000, "the server took {sent} bytes of calls");
        }
    }
}

#[tokio::test]
async fn sends_of_one_client_take_turns() {
    let (hub, handle) = hub(HubConfig::default());
    let address = serve(hub).await;
    let mut client = HttpClient::open(address, By::Events).await;
    // Half a message, whose rest keeps the next body waiting.
    let ping = "{\"type\":6}\x1e";
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: hub\r\nContent-Length: {}\r\n\r\n{{\"ty",
        client.path(),
        ping.len()
    );
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let line = format!("POST {}", client.path());
    let call = "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Gone\",\"arguments\":[]}\x1e";
    let second = exchange(address, &line, &[], call);
    let waited = tokio::time::timeout(Duration::from_millis(100), second).await;
    if waited.is_ok() {
        // It came first: then it is answered first.
        assert!(client.next().await.unwrap().contains("\"type\":3"));
    }
    slow.write_all(&ping.as_bytes()[4..]).await.unwrap();
    assert_eq!(exchange(address, &line, &[], call).await.status, 200);
    assert!(
        client
            .next()
            .await
            .unwrap()
            .contains("Method does not exist")
    );
    assert_eq!(handle.connection_count(), 1);
}

#[tokio::test]
async fn refuses_a_message_that_is_too_large() {
    for by in [By::Events, By::Polls] {
        let mut config = HubConfig::default();
        config.protocol.detailed_errors = true;
        let (hub, handle) = hub(config);
        let address = serve(hub).await;
        let mut client = HttpClient::open(address, by).await;
        let large = format!(
            "{{\"type\":6,\"padding\":\"{}\"}}\x1e",
            "x".repeat(1024 * 1024)
        );
        let send = async {
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: hub\r\nContent-Length: {}\r\n\r\n",
                client.path(),
                large.len()
            );
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            // The connection may end before all is sent.
            stream.write_all(large.as_bytes()).await.ok();
        };
        soon(send).await;
        let told = client.next().await;
        assert_eq!(
            told.unwrap(),
            r#"{"type":7,"error":"Connection closed with an error. InvalidDataException: The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions.","allowReconnect":true}"#
        );
        assert_eq!(client.next().await, None);
        until(|| handle.connection_count() == 0).await;
    }
}
