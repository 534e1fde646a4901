//! How connections begin and end.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use vestnik_signalr::server::{
    Connection, Frame, Hub, HubConfig, HubError, HubHandle, HubService, State,
};

use crate::client::{Client, negotiate, serve, soon};

fn hub() -> HubService<()> {
    Hub::builder(()).build()
}

/// A hub whose lifecycle is told to a channel.
fn observed() -> (HubService<mpsc::Sender<String>>, mpsc::Receiver<String>) {
    async fn greet(
        State(news): State<mpsc::Sender<String>>,
        connection: Connection,
    ) -> Result<(), HubError> {
        connection.join("everybody");
        let hello = Frame::new("Hello", ());
        connection.try_send(&hello).map_err(HubError::internal)?;
        news.send("connected".to_owned())
            .await
            .map_err(HubError::internal)
    }
    async fn part(
        State(news): State<mpsc::Sender<String>>,
        connection: Connection,
    ) -> Result<(), HubError> {
        let left = connection.hub().key_count("everybody");
        news.send(format!("disconnected, {left} left"))
            .await
            .map_err(HubError::internal)
    }
    let (sender, receiver) = mpsc::channel(8);
    (
        Hub::builder(sender)
            .on_connected(greet)
            .on_disconnected(part)
            .build(),
        receiver,
    )
}

#[tokio::test]
async fn a_connection_joins_and_leaves() {
    let (hub, mut news) = observed();
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let mut client = Client::open(address).await;
    assert_eq!(
        client.next().await,
        r#"{"type":1,"target":"Hello","arguments":[]}"#
    );
    assert_eq!(soon(news.recv()).await.unwrap(), "connected");
    assert_eq!(
        (handle.connection_count(), handle.key_count("everybody")),
        (1, 1)
    );
    drop(client);
    assert_eq!(soon(news.recv()).await.unwrap(), "disconnected, 0 left");
    assert_eq!(
        (handle.connection_count(), handle.key_count("everybody")),
        (0, 0)
    );
}

#[tokio::test]
async fn a_broadcast_reaches_those_under_the_key() {
    let (hub, mut news) = observed();
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let mut clients = [Client::open(address).await, Client::open(address).await];
    for client in &mut clients {
        assert_eq!(
            client.next().await,
            r#"{"type":1,"target":"Hello","arguments":[]}"#
        );
        soon(news.recv()).await.unwrap();
    }
    let frame = Frame::new("News", (1, "two"));
    assert_eq!(handle.group("everybody").send(&frame).queued, 2);
    assert_eq!(handle.group("nobody").send(&frame).queued, 0);
    for client in &mut clients {
        assert_eq!(
            client.next().await,
            r#"{"type":1,"target":"News","arguments":[1,"two"]}"#
        );
    }
}

#[tokio::test]
async fn a_failing_welcome_ends_the_connection_for_good() {
    async fn refuse() -> Result<(), HubError> {
        Err(HubError::new("not today"))
    }
    let address = serve(Hub::builder(()).on_connected(refuse).build()).await;
    let mut client = Client::open(address).await;
    assert_eq!(
        client.next().await,
        r#"{"type":7,"error":"Connection closed with an error. HubException: not today"}"#
    );
    client.expect_close().await;
}

#[tokio::test]
async fn refuses_handshakes_with_the_official_texts() {
    let address = serve(hub()).await;
    for (request, answer) in [
        (
            r#"{"protocol":"blazorpack","version":1}"#,
            r#"{"error":"The protocol 'blazorpack' is not supported."}"#,
        ),
        (
            r#"{"protocol":"json","version":9}"#,
            r#"{"error":"The server does not support version 9 of the 'json' protocol."}"#,
        ),
        (
            r#"{"type":6}"#,
            r#"{"error":"An unexpected error occurred during connection handshake."}"#,
        ),
    ] {
        let mut client = Client::connect(address, "/hub", &[]).await.unwrap();
        client.check(request, &[answer]).await;
        client.expect_close().await;
    }
}

#[tokio::test]
async fn answers_a_close_with_status_1000() {
    let address = serve(hub()).await;
    let away = CloseFrame {
        code: 1001.into(),
        reason: "going".into(),
    };
    for close in [None, Some(away)] {
        let mut client = Client::open(address).await;
        client.send_frame(Message::Close(close)).await;
        client.expect_close().await;
    }
}

#[tokio::test]
async fn a_close_message_ends_the_connection() {
    let mut client = Client::open(serve(hub()).await).await;
    client.send(r#"{"type":7}"#).await;
    client.expect_close().await;
}

#[tokio::test]
async fn drains_with_permission_to_reconnect() {
    let hub = hub();
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let token = negotiate(address, &[]).await;
    let mut open = Client::connect(address, &format!("/hub?id={token}"), &[])
        .await
        .unwrap();
    open.shake_hands().await;
    // One that never shakes hands must not hold the drain up either.
    let mut mute = Client::connect(address, "/hub", &[]).await.unwrap();
    let drained = tokio::spawn(async move { handle.drain(true).await });
    assert_eq!(open.next().await, r#"{"type":7,"allowReconnect":true}"#);
    open.expect_close().await;
    mute.expect_close().await;
    soon(drained).await.unwrap();
}

#[tokio::test]
async fn one_connection_can_be_ended() {
    async fn leave(connection: Connection) -> Result<(), HubError> {
        connection.close(false);
        Ok(())
    }
    let address = serve(Hub::builder(()).on("Leave", leave).build()).await;
    let mut client = Client::open(address).await;
    client
        .send(r#"{"type":1,"target":"Leave","arguments":[]}"#)
        .await;
    assert_eq!(client.next().await, r#"{"type":7}"#);
    client.expect_close().await;
}

#[tokio::test]
async fn pings_a_quiet_client() {
    let mut config = HubConfig::default();
    config.protocol.keep_alive = Duration::from_millis(20);
    let address = serve(Hub::builder(()).config(config).build()).await;
    let mut client = Client::open(address).await;
    client.send(r#"{"type":6}"#).await;
    for _ in 0..3 {
        assert_eq!(client.next().await, r#"{"type":6}"#);
    }
}

#[tokio::test]
async fn gives_up_a_silent_client() {
    let mut config = HubConfig::default();
    config.protocol.client_timeout = Duration::from_millis(50);
    let address = serve(Hub::builder(()).config(config).build()).await;
    let mut client = Client::open(address).await;
    // Only a client that pings can be silent for too long.
    client.send(r#"{"type":6}"#).await;
    let last = loop {
        match client.next().await.as_str() {
            r#"{"type":6}"# => {}
            other => break other.to_owned(),
        }
    };
    assert_eq!(
        last,
        r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#
    );
    client.expect_close().await;
}

#[tokio::test]
async fn gives_up_a_handshake_that_never_comes() {
    let mut config = HubConfig::default();
    config.protocol.handshake_timeout = Duration::from_millis(20);
    let address = serve(Hub::builder(()).config(config).build()).await;
    let mut client = Client::connect(address, "/hub", &[]).await.unwrap();
    assert_eq!(
        client.next().await,
        r#"{"error":"Handshake was canceled."}"#
    );
    client.expect_close().await;
}

#[tokio::test]
async fn a_state_can_hold_the_handle_of_its_own_hub() {
    async fn count(State(handle): State<HubHandle>) -> Result<usize, HubError> {
        Ok(handle.connection_count())
    }
    let handle = HubHandle::default();
    let hub = Hub::builder(handle.clone())
        .handle(handle)
        .on("Count", count)
        .build();
    let mut client = Client::open(serve(hub).await).await;
    client
        .check(
            r#"{"type":1,"invocationId":"0","target":"Count","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"0","result":1}"#],
        )
        .await;
}
