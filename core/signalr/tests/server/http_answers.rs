//! Negotiate, and every HTTP answer that is no WebSocket.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::any_service,
};
use serde_json::json;
use vestnik_signalr::{
    negotiate::Transports,
    server::{Caller, Hub, HubConfig, HubError, HubService},
};

use crate::{
    client::{Client, expect_status, negotiate, request, serve, serve_router},
    http_client::EventReader,
};

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
    assert_eq!(
        body["availableTransports"],
        json!([
            { "transport": "WebSockets", "transferFormats": ["Text", "Binary"] },
            { "transport": "ServerSentEvents", "transferFormats": ["Text"] },
            { "transport": "LongPolling", "transferFormats": ["Text", "Binary"] },
        ])
    );
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

const SSE: &[&str] = &["Accept: text/event-stream"];
const UPGRADE: &[&str] = &[
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// Sends requests without a body and expects status and body of each answer.
async fn check_answers(address: SocketAddr, rows: &[(&str, &[&str], u16, &str)]) {
    for (line, headers, status, body) in rows {
        let answer = request(address, line, headers).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (*status, *body),
            "{line} {headers:?}"
        );
        if *status == 404 {
            assert!(
                answer.head.contains("content-type: text/plain"),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn answers_requests_that_name_no_connection() {
    let unknown = "No Connection with that ID";
    let nowhere = "Connection ID required";
    check_answers(
        serve(hub()).await,
        &[
            ("GET /hub/negotiate", &[], 405, ""),
            ("PUT /hub/negotiate", &[], 405, ""),
            ("PUT /hub", &[], 405, ""),
            ("HEAD /hub", &[], 405, ""),
            ("OPTIONS /hub", &[], 405, ""),
            ("GET /hub", SSE, 400, nowhere),
            ("GET /hub", &[], 400, nowhere),
            ("GET /hub?id=", &[], 400, nowhere),
            ("POST /hub", &[], 400, nowhere),
            ("DELETE /hub", &[], 400, nowhere),
            ("GET /hub?id=never", SSE, 404, unknown),
            ("GET /hub?id=never", &[], 404, unknown),
            ("GET /hub?id=never", UPGRADE, 404, unknown),
            ("POST /hub?id=never", &[], 404, unknown),
            ("DELETE /hub?id=never", &[], 404, unknown),
            ("GET /hub", &["Upgrade: websocket"], 426, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn answers_requests_for_a_connection_without_a_transport() {
    let address = serve(hub()).await;
    let token = negotiate(address, &[]).await;
    let line = |method| format!("{method} /hub?id={token}");
    let not_polling = "Cannot terminate this connection using the DELETE endpoint.";
    check_answers(
        address,
        &[
            (
                &line("POST"),
                &[],
                409,
                "The connection has no transport yet.",
            ),
            (&line("DELETE"), &[], 400, not_polling),
            // The first poll is answered at once.
            (&line("GET"), &[], 200, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn answers_requests_for_a_connection_of_another_transport() {
    let address = serve(hub()).await;
    let path = async || format!("/hub?id={}", negotiate(address, &[]).await);
    let (socket, events, polls) = (path().await, path().await, path().await);
    let _socket = Client::connect(address, &socket, &[]).await.unwrap();
    let _events = EventReader::open(address, &events).await;
    request(address, &format!("GET {polls}"), &[]).await;

    let change = "Cannot change transports mid-connection";
    let active = "The connection is already active.";
    let beside = "POST requests are not allowed for WebSocket connections.";
    let not_polling = "Cannot terminate this connection using the DELETE endpoint.";
    let line = |method: &str, path: &str| format!("{method} {path}");
    check_answers(
        address,
        &[
            (&line("GET", &socket), UPGRADE, 409, active),
            (&line("GET", &socket), SSE, 400, change),
            (&line("GET", &socket), &[], 400, change),
            (&line("POST", &socket), &[], 405, beside),
            (&line("DELETE", &socket), &[], 400, not_polling),
            (&line("GET", &events), UPGRADE, 400, change),
            (&line("GET", &events), SSE, 409, active),
            (&line("GET", &events), &[], 400, change),
            (&line("POST", &events), &[], 200, ""),
            (&line("DELETE", &events), &[], 400, not_polling),
            (&line("GET", &polls), UPGRADE, 400, change),
            (&line("GET", &polls), SSE, 400, change),
            (&line("POST", &polls), &[], 200, ""),
            (&line("DELETE", &polls), &[], 202, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn offers_and_serves_only_what_is_enabled() {
    let none = Transports {
        web_sockets: false,
        server_sent_events: false,
        long_polling: false,
    };
    let config = HubConfig {
        transports: none,
        ..HubConfig::default()
    };
    let address = serve(Hub::builder(()).config(config).build()).await;
    let answer = request(address, "POST /hub/negotiate?negotiateVersion=1", &[]).await;
    assert_eq!(answer.json()["availableTransports"], json!([]));
    let token = negotiate(address, &[]).await;
    let line = format!("GET /hub?id={token}");
    let why = |transport| format!("{transport} transport not supported by this end point type");
    check_answers(
        address,
        &[
            (&line, UPGRADE, 404, &why("WebSockets")),
            ("GET /hub", UPGRADE, 404, &why("WebSockets")),
            (&line, SSE, 404, &why("ServerSentEvents")),
            (&line, &[], 404, &why("LongPolling")),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_draining_hub_takes_nobody_by_any_transport() {
    let hub = hub();
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let line = format!("GET /hub?id={}", negotiate(address, &[]).await);
    handle.drain(true).await;
    check_answers(
        address,
        &[
            ("POST /hub/negotiate", &[], 503, ""),
            (&line, UPGRADE, 503, ""),
            (&line, SSE, 503, ""),
            (&line, &[], 503, ""),
        ],
    )
    .await;
}

/// Expects these whole lines in a head, whatever their case.
fn check_head(head: &str, lines: &[&str]) {
    let head = head.to_ascii_lowercase();
    for line in lines {
        let line = line.to_ascii_lowercase();
        assert!(
            head.split("\r\n").any(|has| has == line),
            "no {line} in {head}"
        );
    }
}

#[tokio::test]
async fn heads_an_event_stream_so_that_nobody_holds_it_back() {
    let address = serve(hub()).await;
    let path = format!("/hub?id={}", negotiate(address, &[]).await);
    let events = EventReader::open(address, &path).await;
    check_head(
        &events.head,
        &[
            "Content-Type: text/event-stream",
            "Cache-Control: no-cache,no-store,no-transform",
            "X-Accel-Buffering: no",
            "Pragma: no-cache",
            "Content-Encoding: identity",
        ],
    );
}

#[tokio::test]
async fn heads_polls_so_that_nobody_keeps_them() {
    let config = HubConfig {
        poll_timeout: Duration::from_millis(20),
        ..HubConfig::default()
    };
    let hub = Hub::builder(()).config(config).build();
    let handle = hub.handle().clone();
    let address = serve(hub).await;
    let line = format!("GET /hub?id={}", negotiate(address, &[]).await);
    let check = async |status, lines: &[&str]| {
        let answer = request(address, &line, &[]).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let uncached = [
            "Cache-Control: no-cache, no-store",
            "Pragma: no-cache",
            "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
        ];
        check_head(&answer.head, &uncached);
        check_head(&answer.head, lines);
    };
    let octets = "Content-Type: application/octet-stream";
    check(200, &[octets, "Content-Length: 0"]).await;
    check(200, &["Content-Type: text/plain", "Content-Length: 0"]).await;
    // The end of a connection that never shook hands needs no words.
    tokio::join!(
        handle.drain(false),
        check(204, &["Content-Type: text/plain"])
    );
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
    for method in ["GET", "POST", "DELETE"] {
        let answer = request(address, &format!("{method} {path}"), &["User: eve"]).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{method}");
    }
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
async fn a_token_belongs_to_its_caller_to_the_end() {
    let address = serve_router(hub_of_users()).await;
    let path = format!("/hub?id={}", negotiate(address, &["User: ada"]).await);
    let line = |method| format!("{method} {path}");
    let answer = async |method, user| request(address, &line(method), &[user]).await.status;
    assert_eq!(answer("GET", "User: ada").await, 200);
    for method in ["GET", "POST", "DELETE"] {
        assert_eq!(answer(method, "User: eve").await, 403, "{method}");
        assert_eq!(answer(method, "a: b").await, 401, "{method}");
    }
    assert_eq!(answer("POST", "User: ada").await, 200);
    assert_eq!(answer("DELETE", "User: ada").await, 202);
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
