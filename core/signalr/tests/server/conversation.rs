//! Whole conversations by the transports without a socket.

use std::{convert::Infallible, time::Duration};

use futures_util::{Stream, stream};
use tokio::sync::mpsc;
use vestnik_signalr::{
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubConfig, HubError, HubService, State},
};

use crate::{
    client::{serve, soon},
    http_client::{By, HttpClient},
};

type News = mpsc::Sender<&'static str>;

async fn join(State(news): State<News>, connection: Connection) -> Result<(), HubError> {
    connection.join("everybody");
    news.send("connected").await.map_err(HubError::internal)
}

async fn part(State(news): State<News>) -> Result<(), HubError> {
    news.send("disconnected").await.map_err(HubError::internal)
}

async fn add(a: i64, b: i64) -> Result<i64, HubError> {
    Ok(a + b)
}

async fn count(to: u32) -> Result<impl Stream<Item = Result<u32, Infallible>>, Infallible> {
    Ok(stream::iter((0..to).map(Ok)))
}

async fn fill(connection: Connection, size: usize) -> Result<(), HubError> {
    let frame = Frame::new("Fill", ("x".repeat(size),));
    connection.send(&frame).await.map_err(HubError::internal)
}

async fn leave(connection: Connection, allow_reconnect: bool) -> Result<(), HubError> {
    connection.close(allow_reconnect);
    Ok(())
}

fn hub(config: HubConfig) -> (HubService<News>, mpsc::Receiver<&'static str>) {
    let (sender, receiver) = mpsc::channel(8);
    let hub = Hub::builder(sender)
        .on("Add", add)
        .on("Fill", fill)
        .on("Leave", leave)
        .stream("Count", count)
        .on_connected(join)
        .on_disconnected(part)
        .config(config)
        .build();
    (hub, receiver)
}

async fn converse(by: By) {
    let (hub, mut news) = hub(HubConfig::default());
    let handle = hub.handle().clone();
    let mut client = HttpClient::open(serve(hub).await, by).await;
    assert_eq!(soon(news.recv()).await, Some("connected"));

    client
        .check(
            r#"{"type":1,"invocationId":"0","target":"Add","arguments":[20,22]}"#,
            &[r#"{"type":3,"invocationId":"0","result":42}"#],
        )
        .await;
    client
        .check(
            r#"{"type":4,"invocationId":"s","target":"Count","arguments":[2]}"#,
            &[
                r#"{"type":2,"invocationId":"s","item":0}"#,
                r#"{"type":2,"invocationId":"s","item":1}"#,
                r#"{"type":3,"invocationId":"s"}"#,
            ],
        )
        .await;

    let frame = Frame::new("News", (1, "two\nlines"));
    assert_eq!(handle.group("everybody").send(&frame).queued, 1);
    assert_eq!(
        client.next().await.unwrap(),
        r#"{"type":1,"target":"News","arguments":[1,"two\nlines"]}"#
    );

    client
        .check(
            r#"{"type":1,"target":"Leave","arguments":[true]}"#,
            &[r#"{"type":7,"allowReconnect":true}"#],
        )
        .await;
    assert_eq!(client.next().await, None);
    assert_eq!(soon(news.recv()).await, Some("disconnected"));
    assert_eq!(handle.connection_count(), 0);
    let late = client.request("POST").await;
    assert_eq!(
        (late.status, late.body.as_str()),
        (404, "No Connection with that ID")
    );
}

#[tokio::test]
async fn goes_on_by_server_sent_events() {
    converse(By::Events).await;
}

#[tokio::test]
async fn goes_on_by_long_polling() {
    converse(By::Polls).await;
}

#[tokio::test]
async fn carries_what_is_larger_than_any_buffer() {
    for by in [By::Events, By::Polls] {
        let (hub, _news) = hub(HubConfig::default());
        let mut client = HttpClient::open(serve(hub).await, by).await;
        for size in [1, 70_000, 300_000] {
            client
                .send(&format!(
                    r#"{{"type":1,"target":"Fill","arguments":[{size}]}}"#
                ))
                .await;
            let frame = Frame::new("Fill", ("x".repeat(size),));
            let wanted = frame.bytes(Protocol::Json).unwrap();
            assert_eq!(
                client.next().await.unwrap().len(),
                wanted.len() - 1,
                "{by:?}"
            );
        }
    }
}

#[tokio::test]
async fn takes_messages_in_any_packing() {
    let call = |id| {
        format!(
            "{{\"type\":1,\"invocationId\":\"{id}\",\"target\":\"Add\",\"arguments\":[1,1]}}\x1e"
        )
    };
    for by in [By::Events, By::Polls] {
        let (hub, _news) = hub(HubConfig::default());
        let mut client = HttpClient::open(serve(hub).await, by).await;
        // Far more than the limit of one message; many messages in one body.
        let many: String = (0..1_000).map(call).collect();
        let (head, tail) = many.split_at(50_007);
        client.post(head).await;
        client.post(tail).await;
        for id in 0..1_000 {
            let answer = format!(r#"{{"type":3,"invocationId":"{id}","result":2}}"#);
            assert_eq!(client.next().await.unwrap(), answer, "{by:?}");
        }
    }
}

#[tokio::test]
async fn a_draining_hub_says_so_by_every_transport() {
    for by in [By::Events, By::Polls] {
        let (hub, mut news) = hub(HubConfig::default());
        let handle = hub.handle().clone();
        let mut client = HttpClient::open(serve(hub).await, by).await;
        soon(news.recv()).await.unwrap();
        let drained = tokio::spawn(async move { handle.drain(true).await });
        let close = client.next().await.unwrap();
        assert_eq!(close, r#"{"type":7,"allowReconnect":true}"#);
        assert_eq!(client.next().await, None);
        soon(drained).await.unwrap();
    }
}

#[tokio::test]
async fn pings_by_server_sent_events_only() {
    let mut config = HubConfig {
        poll_timeout: Duration::from_millis(100),
        ..HubConfig::default()
    };
    config.protocol.keep_alive = Duration::from_millis(20);
    let (hub, _news) = hub(config);
    let address = serve(hub).await;
    let mut events = HttpClient::open(address, By::Events).await;
    assert_eq!(events.next().await.unwrap(), r#"{"type":6}"#);
    let polls = HttpClient::open(address, By::Polls).await;
    let nothing = polls.request("GET").await;
    assert_eq!((nothing.status, nothing.body.as_str()), (200, ""));
    assert!(nothing.head.contains("content-length: 0"), "{nothing:?}");
}

#[tokio::test]
async fn a_client_of_events_that_goes_away_is_gone() {
    let (hub, mut news) = hub(HubConfig::default());
    let client = HttpClient::open(serve(hub).await, By::Events).await;
    assert_eq!(soon(news.recv()).await, Some("connected"));
    drop(client);
    assert_eq!(soon(news.recv()).await, Some("disconnected"));
}

#[tokio::test]
async fn events_carry_no_binary_protocol() {
    let (hub, _news) = hub(HubConfig::default());
    let address = serve(hub).await;
    let mut client = HttpClient::connect(address, By::Events).await;
    client
        .check(
            r#"{"protocol":"messagepack","version":1}"#,
            &[r#"{"error":"Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format."}"#],
        )
        .await;
    assert_eq!(client.next().await, None);
}
