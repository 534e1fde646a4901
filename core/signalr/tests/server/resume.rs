//! Stateful reconnect: a client comes again by another WebSocket.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, middleware};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use vestnik_signalr::{
    protocol::Protocol,
    server::{
        Connection, Frame, Hub, HubConfig, HubError, HubHandle, State, machine::StatefulReconnect,
    },
};

use crate::client::{Client, expect_status, negotiate, request, serve, serve_router, soon};

const ASKING: &str = "POST /hub/negotiate?negotiateVersion=1&useStatefulReconnect=true";
const COUNT: &str = r#"{"type":1,"invocationId":"1","target":"Count","arguments":[]}"#;

/// A hub that counts calls, and what its lifecycle is told to.
struct Ground {
    address: SocketAddr,
    handle: HubHandle,
    news: mpsc::Receiver<&'static str>,
}

#[derive(Clone)]
struct Facts {
    calls: Arc<AtomicU32>,
    news: mpsc::Sender<&'static str>,
}

impl Ground {
    async fn new() -> Self {
        Self::with(StatefulReconnect::default()).await
    }

    async fn with(terms: StatefulReconnect) -> Self {
        Self::configured(HubConfig {
            stateful_reconnect: Some(terms),
            queue_frames: 4,
            ..HubConfig::default()
        })
        .await
    }

    async fn configured(config: HubConfig) -> Self {
        async fn greet(State(facts): State<Facts>, connection: Connection) -> Result<(), HubError> {
            connection.join("all");
            tell(&facts, "connected").await
        }
        async fn part(State(facts): State<Facts>) -> Result<(), HubError> {
            tell(&facts, "disconnected").await
        }
        async fn count(State(facts): State<Facts>) -> Result<u32, HubError> {
            let before = facts.calls.fetch_add(1, Ordering::Relaxed);
            Ok(before + 1)
        }
        let (sender, news) = mpsc::channel(8);
        let facts = Facts {
            calls: Arc::default(),
            news: sender,
        };
        let hub = Hub::builder(facts)
            .config(config)
            .on_connected(greet)
            .on_disconnected(part)
            .on("Count", count)
            .build();
        let handle = hub.handle().clone();
        Self {
            address: serve(hub).await,
            handle,
            news,
        }
    }

    /// Negotiates and connects a stateful connection; returns its path too.
    async fn open(&mut self) -> (Client, String) {
        let path = self.negotiate().await;
        let client = self.connect(&path).await;
        assert_eq!(self.news().await, "connected");
        (client, path)
    }

    async fn negotiate(&self) -> String {
        let answer = request(self.address, ASKING, &[]).await.json();
        assert_eq!(answer["useStatefulReconnect"], true, "{answer}");
        format!("/hub?id={}", answer["connectionToken"].as_str().unwrap())
    }

    async fn connect(&self, path: &str) -> Client {
        let mut client = Client::connect(self.address, path, &[]).await.unwrap();
        client.shake_hands_statefully().await;
        client
    }

    async fn resume(&self, path: &str) -> Client {
        Client::connect(self.address, path, &[]).await.unwrap()
    }

    /// A connection is there, and nobody takes it over, neither while it lives nor afterwards.
    async fn cannot_resume(&mut self, path: &str, client: Client) {
        self.is_refused(path, 409).await;
        drop(client);
        assert_eq!(self.news().await, "disconnected");
        self.is_refused(path, 404).await;
    }

    async fn is_refused(&self, path: &str, status: u16) {
        expect_status(Client::connect(self.address, path, &[]).await, status);
    }

    fn push(&self, number: u32) {
        let report = self
            .handle
            .group("all")
            .send(&Frame::new("Push", (number,)));
        assert_eq!(report.queued, 1, "{number}");
    }

    async fn news(&mut self) -> &'static str {
        soon(self.news.recv()).await.unwrap()
    }
}

async fn tell(facts: &Facts, what: &'static str) -> Result<(), HubError> {
    facts.news.send(what).await.map_err(HubError::internal)
}

fn push(number: u32) -> String {
    format!(r#"{{"type":1,"target":"Push","arguments":[{number}]}}"#)
}

fn sequence(number: u64) -> String {
    format!(r#"{{"type":9,"sequenceId":{number}}}"#)
}

#[tokio::test]
async fn goes_on_where_the_lost_socket_ended() {
    let mut ground = Ground::new().await;
    let (mut client, path) = ground.open().await;
    ground.push(1);
    ground.push(2);
    assert_eq!(client.next().await, push(1));
    client.send(r#"{"type":8,"sequenceId":1}"#).await;
    client.send(COUNT).await;
    assert_eq!(client.next().await, push(2));
    let answer = r#"{"type":3,"invocationId":"1","result":1}"#;
    assert_eq!(client.next().await, answer);
    drop(client);
    ground.push(3);

    let mut client = ground.resume(&path).await;
    for expected in [&sequence(2), &push(2), answer, &push(3)] {
        assert_eq!(client.next().await, *expected);
    }
    // The call is repeated, too, and is not run again.
    client.send(&sequence(1)).await;
    client.send(COUNT).await;
    client.send(COUNT).await;
    assert_eq!(
        client.next().await,
        r#"{"type":3,"invocationId":"1","result":2}"#
    );
    assert_eq!(client.next().await, r#"{"type":8,"sequenceId":2}"#);
    assert_eq!(ground.handle.connection_count(), 1);

    client.send_frame(Message::Close(None)).await;
    client.expect_close().await;
    assert_eq!(ground.news().await, "disconnected");
    ground.is_refused(&path, 404).await;
    assert!(ground.news.try_recv().is_err(), "it ended once");
}

#[tokio::test]
async fn does_so_in_message_pack() {
    let mut ground = Ground::new().await;
    let path = ground.negotiate().await;
    let mut client = ground.resume(&path).await.speaking(Protocol::MessagePack);
    client.shake_hands_statefully().await;
    assert_eq!(ground.news().await, "connected");
    ground.push(1);
    assert_eq!(client.next().await, push(1));
    drop(client);
    let mut client = ground.resume(&path).await.speaking(Protocol::MessagePack);
    assert_eq!(client.next().await, sequence(1));
    assert_eq!(client.next().await, push(1));
}

#[tokio::test]
async fn the_newcomer_takes_over_from_a_socket_that_seems_alive() {
    let mut ground = Ground::new().await;
    let (mut old, path) = ground.open().await;
    for _ in 0..3 {
        let mut newcomer = ground.resume(&path).await;
        assert_eq!(newcomer.next().await, sequence(1));
        assert_eq!(old.try_next().await, Err(None));
        old = newcomer;
    }
    ground.push(1);
    assert_eq!(old.next().await, push(1));
    assert!(ground.news.try_recv().is_err(), "it never ended");
}

#[tokio::test]
async fn the_window_ends_the_connection_once() {
    let mut ground = Ground::with(StatefulReconnect {
        window: Duration::from_millis(50),
        ..StatefulReconnect::default()
    })
    .await;
    let (client, path) = ground.open().await;
    drop(client);
    assert_eq!(ground.news().await, "disconnected");
    ground.is_refused(&path, 404).await;
    assert_eq!(ground.handle.connection_count(), 0);
    assert!(ground.news.try_recv().is_err(), "it ended once");
}

#[tokio::test]
async fn nothing_is_granted_unless_it_is_enabled_and_asked_for() {
    let ground = Ground::configured(HubConfig::default()).await;
    let answer = request(ground.address, ASKING, &[]).await;
    assert!(!answer.body.contains("useStatefulReconnect"), "{answer:?}");

    let mut ground = Ground::new().await;
    let token = negotiate(ground.address, &[]).await;
    let path = format!("/hub?id={token}");
    let client = ground.connect(&path).await;
    assert_eq!(ground.news().await, "connected");
    ground.cannot_resume(&path, client).await;
}

#[tokio::test]
async fn a_client_that_shakes_hands_in_the_first_version_declines() {
    let mut ground = Ground::new().await;
    let path = ground.negotiate().await;
    let mut client = ground.resume(&path).await;
    ground.is_refused(&path, 409).await;
    client.shake_hands().await;
    assert_eq!(ground.news().await, "connected");
    ground.cannot_resume(&path, client).await;
}

#[tokio::test]
async fn only_whoever_began_the_connection_may_resume_it() {
    let config = HubConfig {
        stateful_reconnect: Some(StatefulReconnect::default()),
        ..HubConfig::default()
    };
    let hub = Hub::builder_for::<String, ()>(()).config(config).build();
    let believe = middleware::from_fn(async |mut request: Request, next: middleware::Next| {
        let name = request.headers()["user"].to_str().unwrap().to_owned();
        request.extensions_mut().insert(name);
        next.run(request).await
    });
    let address = serve_router(Router::new().nest_service("/hub", hub).layer(believe)).await;
    let answer = request(address, ASKING, &["User: ada"]).await.json();
    let path = format!("/hub?id={}", answer["connectionToken"].as_str().unwrap());
    let connect = |name| {
        let path = &path;
        async move { Client::connect(address, path, &[("user", name)]).await }
    };
    let mut client = connect("ada").await.unwrap();
    client.shake_hands_statefully().await;
    drop(client);
    expect_status(connect("eve").await, 403);
    assert_eq!(connect("ada").await.unwrap().next().await, sequence(1));
}

#[tokio::test]
async fn a_goodbye_leaves_nothing_to_resume() {
    let mut ground = Ground::new().await;
    for goodbye in [Message::Close(None), Message::text("{\"type\":7}\x1e")] {
        let (mut client, path) = ground.open().await;
        client.send_frame(goodbye).await;
        client.expect_close().await;
        assert_eq!(ground.news().await, "disconnected");
        ground.is_refused(&path, 404).await;
    }
}

#[tokio::test]
async fn a_drain_waits_for_no_window() {
    let mut ground = Ground::new().await;
    let (client, _) = ground.open().await;
    drop(client);
    soon(ground.handle.drain(true)).await;
    assert_eq!(ground.news().await, "disconnected");
}

#[tokio::test]
async fn what_an_absent_client_is_sent_is_bounded() {
    let mut ground = Ground::with(StatefulReconnect {
        buffer: 100,
        ..StatefulReconnect::default()
    })
    .await;
    let (client, path) = ground.open().await;
    drop(client);
    let frame = |number: u32| Frame::new("Push", (number,));
    let mut sent = 0;
    // The window's room, then the queue's; the connection's task may take its time to move on.
    soon(async {
        let connection = || ground.handle.group("all");
        let mut refused = 0;
        while refused < 100 {
            if connection().send(&frame(sent)).queued == 1 {
                sent += 1;
                refused = 0;
            } else {
                refused += 1;
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    assert_eq!(sent, 7);

    let mut client = ground.resume(&path).await;
    assert_eq!(client.next().await, sequence(1));
    let mut confirmed = 0;
    for number in 0..sent {
        assert_eq!(client.next().await, push(number));
        confirmed += 1;
        client
            .send(&format!(r#"{{"type":8,"sequenceId":{confirmed}}}"#))
            .await;
    }
    ground.push(sent);
    assert_eq!(client.next().await, push(sent));
}
