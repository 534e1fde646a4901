//! What a connection knows of the request that opened it, and of its client's last sign of life.

use std::{net::SocketAddr, time::Instant};

use axum::{Router, extract::Request, middleware, response::Response};
use tokio::sync::mpsc;
use vestnik_signalr::server::{
    Connection, ConnectionId, Extension, Frame, Hub, HubError, HubHandle, State,
};

use crate::{
    client::{Client, negotiate, serve_router, soon},
    http_client::{By, HttpClient},
};

/// What a layer notes of a request: its number, and what it is.
#[derive(Debug, Clone)]
struct Noted(String);

/// What no layer puts into a request.
#[derive(Debug, Clone)]
struct Missing;

async fn note(mut request: Request, next: middleware::Next) -> Response {
    let is_negotiation = request.uri().path().ends_with("/negotiate");
    let header = request.headers().get("x-mark");
    let mark = header.map(|mark| mark.to_str().unwrap().to_owned());
    let noted = format!("{} {is_negotiation} {mark:?}", request.method());
    request.extensions_mut().insert(Noted(noted));
    next.run(request).await
}

/// A hub behind a layer, and its connections as they come.
async fn ground() -> (SocketAddr, HubHandle, mpsc::UnboundedReceiver<Connection>) {
    type Arrivals = mpsc::UnboundedSender<Connection>;
    async fn arrive(
        State(arrivals): State<Arrivals>,
        connection: Connection,
    ) -> Result<(), HubError> {
        arrivals.send(connection).map_err(HubError::internal)
    }
    async fn noted(
        Extension(Noted(noted)): Extension<Noted>,
        missing: Option<Extension<Missing>>,
    ) -> Result<String, HubError> {
        assert!(missing.is_none());
        Ok(noted)
    }
    async fn missing(_: Extension<Missing>) -> Result<(), HubError> {
        Ok(())
    }
    let (arrivals, arrived) = mpsc::unbounded_channel();
    let hub = Hub::builder(arrivals)
        .on_connected(arrive)
        .on("Noted", noted)
        .on("Missing", missing)
        .build();
    let handle = hub.handle().clone();
    let router = Router::new()
        .nest_service("/hub", hub)
        .layer(middleware::from_fn(note));
    (serve_router(router).await, handle, arrived)
}

const CALL: &str = r#"{"type":1,"invocationId":"0","target":"Noted","arguments":[]}"#;

fn result(noted: &str) -> String {
    let noted = serde_json::to_string(noted).unwrap();
    format!(r#"{{"type":3,"invocationId":"0","result":{noted}}}"#)
}

#[tokio::test]
async fn a_web_socket_keeps_what_the_upgrade_request_had() {
    let (address, handle, mut arrived) = ground().await;
    let path = format!("/hub?id={}", negotiate(address, &["X-Mark: first"]).await);
    let headers = [("x-mark", "second")];
    let mut client = Client::connect(address, &path, &headers).await.unwrap();
    client.shake_hands().await;
    let expected = r#"GET false Some("second")"#;
    client.check(CALL, &[&result(expected)]).await;
    let connection = soon(arrived.recv()).await.unwrap();
    let noted: &Noted = connection.extensions().get().unwrap();
    assert_eq!(noted.0, expected);
    // Everybody else sees the same.
    let id: ConnectionId = connection.id().as_str().parse().unwrap();
    let found = handle.connection(&id).unwrap();
    assert!(found.extensions().get::<Noted>().is_some());
    let missing = CALL.replace("Noted", "Missing");
    let failed = r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Missing' due to an error on the server."}"#;
    client.check(&missing, &[failed]).await;
}

#[tokio::test]
async fn plain_http_keeps_what_the_opening_request_had() {
    let (address, _, _arrived) = ground().await;
    for by in [By::Events, By::Polls] {
        let mut client = HttpClient::open(address, by).await;
        client.check(CALL, &[&result("GET false None")]).await;
    }
}

/// Waits until something was received after an instant.
async fn received_after(connection: &Connection, before: Instant) -> Instant {
    soon(async {
        while connection.last_received_at() <= before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    connection.last_received_at()
}

#[tokio::test]
async fn a_connection_knows_when_its_client_was_there_last() {
    let (address, _, mut arrived) = ground().await;
    let mut client = Client::open(address).await;
    let connection = soon(arrived.recv()).await.unwrap();
    let shaken = connection.last_received_at();
    client.send(r#"{"type":6}"#).await;
    let pinged = received_after(&connection, shaken).await;
    // What the server sends is no sign of the client.
    connection.try_send(&Frame::new("Say", ())).unwrap();
    client.next().await;
    assert_eq!(connection.last_received_at(), pinged);
    client.send(CALL).await;
    received_after(&connection, pinged).await;
}

#[tokio::test]
async fn a_poll_shows_that_the_client_is_there() {
    let (address, _, mut arrived) = ground().await;
    let client = HttpClient::open(address, By::Polls).await;
    let connection = soon(arrived.recv()).await.unwrap();
    let shaken = connection.last_received_at();
    tokio::select! {
        answer = client.request("GET") => panic!("{answer:?}"),
        received = received_after(&connection, shaken) => assert!(received > shaken),
    }
}
