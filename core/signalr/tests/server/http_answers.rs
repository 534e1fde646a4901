//! Negotiate, and every HTTP answer that is no WebSocket.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::any_service,
};
use vestnik_signalr::server::{Caller, Hub, HubConfig, HubError, HubService};

use crate::client::{Client, expect_status, negotiate, request, serve, serve_router};

fn hub() -> HubService<()> {
    Hub::builder(()).build()
}

#[derive(Debug, Clone, PartialEq)]
struct User(String);

/// A hub for known callers, behind a layer that believes every `User` header.
fn hub_of_users() -> Router {
    async fn name(Caller(User(name)): Caller<User>) -> Result<String, HubError> {
        Ok(name)
    }
    async fn identify(mut request: Request, next: Next) -> Response {
        let user = request
            .headers()
            .get("user")
            .and_then(|name| name.to_str().ok());
        if let Some(user) = user.map(|name| User(name.to_owned())) {
            request.extensions_mut().insert(user);
        }
        next.run(request).await
    }
    let hub = Hub::builder_for::<User, _>(()).on("Name", name).build();
    Router::new()
        .nest_service("/hub", hub)
        .layer(middleware::from_fn(identify))
}

#[tokio::test]
async fn negotiates_version_1() {
    let address = serve(hub()).await;
    let answer = request(address, "POST /hub/negotiate?negotiateVersion=1", &[]).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-type: application/json"),
        "{answer:?}"
    );
    assert!(answer.head.contains("content-length:"), "{answer:?}");
    let body = answer.json();
    assert_eq!(body["negotiateVersion"], 1);
    assert_eq!(body["availableTransports"][0]["transport"], "WebSockets");
    assert_eq!(body["availableTransports"].as_array().unwrap().len(), 1);
    assert_eq!(body["connectionId"].as_str().unwrap().len(), 22);
    assert_eq!(body["connectionToken"].as_str().unwrap().len(), 22);
    assert_ne!(body["connectionId"], body["connectionToken"]);
}

#[tokio::test]
async fn negotiates_version_0_where_the_id_is_the_token() {
    let address = serve(hub()).await;
    let answer = request(address, "POST /hub/negotiate", &[]).await.json();
    assert_eq!(answer["negotiateVersion"], 0);
    assert!(answer.get("connectionToken").is_none());
    let id = answer["connectionId"].as_str().unwrap();
    let mut client = Client::connect(address, &format!("/hub?id={id}"), &[])
        .await
        .unwrap();
    client.shake_hands().await;
}

#[tokio::test]
async fn refuses_a_strange_version_with_status_200() {
    let address = serve(hub()).await;
    let answer = request(address, "POST /hub/negotiate?negotiateVersion=new", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"error":"The client requested a non-integer protocol version."}"#
    );
}

#[tokio::test]
async fn answers_wrong_methods_and_transports() {
    let address = serve(hub()).await;
    let token = negotiate(address, &[]).await;
    let by_id = |verb| format!("{verb} /hub?id={token}");
    for (line, header, status, body) in [
        ("GET /hub/negotiate".to_owned(), "a: b", 405, ""),
        ("PUT /hub".to_owned(), "a: b", 405, ""),
        (
            "GET /hub".to_owned(),
            "Accept: text/event-stream",
            404,
            "ServerSentEvents transport not supported by this end point type",
        ),
        (
            "GET /hub".to_owned(),
            "Accept: */*",
            404,
            "LongPolling transport not supported by this end point type",
        ),
        ("GET /hub".to_owned(), "Upgrade: websocket", 426, ""),
        (
            "POST /hub".to_owned(),
            "a: b",
            400,
            "Connection ID required",
        ),
        (
            "POST /hub?id=never".to_owned(),
            "a: b",
            404,
            "No Connection with that ID",
        ),
        (
            by_id("POST"),
            "a: b",
            405,
            "POST requests are not allowed for WebSocket connections.",
        ),
        (
            by_id("DELETE"),
            "a: b",
            400,
            "Cannot terminate this connection using the DELETE endpoint.",
        ),
    ] {
        let answer = request(address, &line, &[header]).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, body),
            "{line} {header}"
        );
    }
}

#[tokio::test]
async fn a_token_opens_one_connection() {
    let address = serve(hub()).await;
    let path = format!("/hub?id={}", negotiate(address, &[]).await);
    expect_status(Client::connect(address, "/hub?id=never", &[]).await, 404);
    let mut client = Client::connect(address, &path, &[]).await.unwrap();
    client.shake_hands().await;
    expect_status(Client::connect(address, &path, &[]).await, 409);
}

#[tokio::test]
async fn a_token_is_worth_nothing_after_its_connection() {
    let hub = hub();
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let path = format!("/hub?id={}", negotiate(address, &[]).await);
    let mut client = Client::connect(address, &path, &[]).await.unwrap();
    client.shake_hands().await;
    tokio::join!(handle.drain(false), async {
        assert_eq!(client.next().await, r#"{"type":7}"#);
        client.expect_close().await;
    });
    // A draining hub takes nobody, whatever they have.
    expect_status(Client::connect(address, &path, &[]).await, 503);
    assert_eq!(
        request(address, &format!("POST {path}"), &[]).await.status,
        404
    );
}

#[tokio::test]
async fn a_token_belongs_to_its_caller() {
    let address = serve_router(hub_of_users()).await;
    assert_eq!(
        request(address, "POST /hub/negotiate", &[]).await.status,
        401
    );
    expect_status(Client::connect(address, "/hub", &[]).await, 401);
    let path = format!("/hub?id={}", negotiate(address, &["User: ada"]).await);
    expect_status(
        Client::connect(address, &path, &[("user", "eve")]).await,
        403,
    );
    let mut client = Client::connect(address, &path, &[("user", "ada")])
        .await
        .unwrap();
    client.shake_hands().await;
    client
        .check(
            r#"{"type":1,"invocationId":"0","target":"Name","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"0","result":"ada"}"#],
        )
        .await;
}

#[tokio::test]
async fn bounds_the_negotiated_that_never_connect() {
    let config = HubConfig {
        max_unconnected: 1,
        ..HubConfig::default()
    };
    let address = serve(Hub::builder(()).config(config).build()).await;
    let token = negotiate(address, &[]).await;
    let answer = request(address, "POST /hub/negotiate?negotiateVersion=1", &[]).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after"), "{answer:?}");
    Client::connect(address, &format!("/hub?id={token}"), &[])
        .await
        .unwrap();
    negotiate(address, &[]).await;
}

#[tokio::test]
async fn can_be_routed_as_well_as_nested() {
    let hub = hub();
    let router = Router::new()
        .route_service("/a/hub", any_service(hub.clone()))
        .route_service("/a/hub/negotiate", hub);
    let address = serve_router(router).await;
    let answer = request(address, "POST /a/hub/negotiate?negotiateVersion=1", &[])
        .await
        .json();
    let token = answer["connectionToken"].as_str().unwrap();
    Client::connect(address, &format!("/a/hub?id={token}"), &[])
        .await
        .unwrap()
        .shake_hands()
        .await;
}
