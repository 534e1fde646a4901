//! What only long polling has: the order of polls, and clients that stay away.

use std::time::Duration;

use tokio::sync::mpsc;
use vestnik_signalr::server::{Connection, Frame, Hub, HubConfig, HubError, HubService, State};

use crate::{
    client::{serve, soon},
    http_client::{By, HttpClient},
};

type News = mpsc::Sender<Connection>;

/// A hub that tells of each connection that ended.
fn hub(config: HubConfig) -> (HubService<News>, mpsc::Receiver<Connection>) {
    async fn part(State(news): State<News>, connection: Connection) -> Result<(), HubError> {
        news.send(connection).await.map_err(HubError::internal)
    }
    let (sender, receiver) = mpsc::channel(8);
    let hub = Hub::builder(sender)
        .on_disconnected(part)
        .config(config)
        .build();
    (hub, receiver)
}

#[tokio::test]
async fn a_new_poll_ends_the_one_before() {
    let (hub, _news) = hub(HubConfig::default());
    let handle = hub.handle().clone();
    let client = HttpClient::open(serve(hub).await, By::Polls).await;
    // Which of the two comes first is the kernel's choice: one ends, the other waits on.
    let (first, second) = (client.request("GET"), client.request("GET"));
    tokio::pin!(first, second);
    let (over, waiting) = tokio::select! {
        over = &mut first => (over, second),
        over = &mut second => (over, first),
    };
    assert_eq!((over.status, over.body.as_str()), (204, ""));
    handle.all().send(&Frame::new("News", ()));
    assert_eq!(
        waiting.await.body,
        "{\"type\":1,\"target\":\"News\",\"arguments\":[]}\x1e"
    );
}

#[tokio::test]
async fn a_client_leaves_by_delete() {
    let (hub, mut news) = hub(HubConfig::default());
    let client = HttpClient::open(serve(hub).await, By::Polls).await;
    let (poll, left) = tokio::join!(client.request("GET"), async {
        // The poll need not have arrived: a late one finds nobody.
        client.request("DELETE").await
    });
    assert_eq!((left.status, left.body.as_str()), (202, ""));
    assert!(matches!(poll.status, 204 | 404), "{poll:?}");
    for method in ["GET", "POST", "DELETE"] {
        let late = client.request(method).await;
        assert_eq!(
            (late.status, late.body.as_str()),
            (404, "No Connection with that ID")
        );
    }
    soon(news.recv()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_stops_polling_is_given_up() {
    let config = HubConfig {
        poll_absence: Duration::from_secs(1),
        ..HubConfig::default()
    };
    let (hub, mut news) = hub(config);
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let client = HttpClient::open(address, By::Polls).await;
    soon(news.recv()).await.unwrap();
    assert_eq!(handle.connection_count(), 0);
    assert_eq!(client.request("GET").await.status, 404);
}

#[tokio::test]
async fn a_poll_that_waits_keeps_its_client() {
    let config = HubConfig {
        poll_absence: Duration::from_secs(1),
        poll_timeout: Duration::from_secs(2),
        ..HubConfig::default()
    };
    let (hub, mut news) = hub(config);
    let client = HttpClient::open(serve(hub).await, By::Polls).await;
    assert_eq!(client.request("GET").await.status, 200);
    assert!(news.try_recv().is_err());
    assert_eq!(client.request("GET").await.status, 200);
}
