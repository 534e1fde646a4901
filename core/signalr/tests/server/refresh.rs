//! Authentication that is renewed, and that expires, while a connection lives.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use serde_json::json;
use vestnik_signalr::server::{
    Caller, Connection, Hub, HubConfig, HubError, TokenLifetime, authorized,
};

use crate::client::{Answer, Client, exchange, negotiate, request, serve_router};

/// The same user whatever the role.
#[derive(Debug, Clone)]
struct User {
    name: String,
    role: String,
}

impl PartialEq for User {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Believes every `Token: name role milliseconds`, as if it had been signed.
async fn identify(mut request: Request, next: Next) -> Response {
    let token = request.headers().get("token");
    let token = token.map(|token| token.to_str().unwrap().to_owned());
    if let Some(token) = token {
        let mut words = token.split(' ');
        let user = User {
            name: words.next().unwrap().to_owned(),
            role: words.next().unwrap().to_owned(),
        };
        if let Some(lifetime) = words.next() {
            let lifetime = Duration::from_millis(lifetime.parse().unwrap());
            request.extensions_mut().insert(TokenLifetime(lifetime));
        }
        request.extensions_mut().insert(user);
    }
    next.run(request).await
}

async fn role(Caller(user): Caller<User>) -> Result<String, HubError> {
    Ok(user.role)
}

async fn count(connection: Connection, name: String) -> Result<usize, HubError> {
    Ok(connection.hub().user(&name).count())
}

async fn serve(config: HubConfig) -> SocketAddr {
    let hub = Hub::builder_for::<User, ()>(())
        .config(config)
        .authorize(|user| user.role != "banned")
        .user(|user| Some(user.name.clone()))
        .on("Role", role)
        .on("Count", count)
        .on("Rule", authorized(|user: &User| user.role == "admin", role))
        .build();
    let router = Router::new().nest_service("/hub", hub);
    serve_router(router.layer(middleware::from_fn(identify))).await
}

fn refreshing() -> HubConfig {
    HubConfig {
        refreshes_authentication: true,
        ..HubConfig::default()
    }
}

const GUEST: &str = "ada guest 90500";
const ADMIN: &str = "ada admin 60999";

/// A connection by WebSocket, its token, and its public id.
async fn open(address: SocketAddr, token: &'static str) -> (Client, String, String) {
    let header = format!("Token: {token}");
    let line = "POST /hub/negotiate?negotiateVersion=1";
    let answer = request(address, line, &[&header]).await.json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let (secret, id) = (text("connectionToken"), text("connectionId"));
    let path = format!("/hub?id={secret}");
    let mut client = Client::connect(address, &path, &[("token", token)])
        .await
        .unwrap();
    client.shake_hands().await;
    (client, secret, id)
}

async fn refresh(address: SocketAddr, query: &str, token: &str) -> Answer {
    let line = format!("POST /hub/refresh{query}");
    request(address, &line, &[&format!("Token: {token}")]).await
}

fn call(target: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"0","target":"{target}","arguments":[]}}"#)
}

fn result(text: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"0","result":"{text}"}}"#)
}

#[tokio::test]
async fn negotiate_tells_how_long_a_token_is_good_for_where_that_helps() {
    for (config, token, expected) in [
        (refreshing(), "ada guest 90500", json!(90)),
        (refreshing(), "ada guest", json!(null)),
        (HubConfig::default(), "ada guest 90500", json!(null)),
    ] {
        let address = serve(config).await;
        let header = format!("Token: {token}");
        let line = "POST /hub/negotiate?negotiateVersion=1";
        let answer = request(address, line, &[&header]).await.json();
        assert_eq!(answer["tokenLifetimeSeconds"], expected, "{token}");
    }
}

#[tokio::test]
async fn later_calls_and_their_guards_see_the_refreshed_caller() {
    let address = serve(refreshing()).await;
    let (mut client, secret, id) = open(address, GUEST).await;
    client.check(&call("Role"), &[&result("guest")]).await;
    let refused = "Failed to invoke 'Rule' because user is unauthorized";
    let refused = format!(r#"{{"type":3,"invocationId":"0","error":"{refused}"}}"#);
    client.check(&call("Rule"), &[&refused]).await;

    let answer = refresh(address, &format!("?id={secret}"), ADMIN).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-type: application/json"),
        "{answer:?}"
    );
    let body = answer.json();
    assert_eq!(body["connectionId"], id.as_str());
    assert_eq!(body["tokenLifetimeSeconds"], 60);
    let at = body["refreshedAt"].as_str().unwrap();
    assert!(at.len() == 20 && at.ends_with('Z'), "{at}");
    assert!(!answer.body.contains(&secret), "{answer:?}");

    client.check(&call("Role"), &[&result("admin")]).await;
    client.check(&call("Rule"), &[&result("admin")]).await;
    // Other connections of the same user are none of its business.
    let (mut other, ..) = open(address, GUEST).await;
    other.check(&call("Role"), &[&result("guest")]).await;
    let count = r#"{"type":1,"invocationId":"0","target":"Count","arguments":["ada"]}"#;
    let two = r#"{"type":3,"invocationId":"0","result":2}"#;
    client.check(count, &[two]).await;

    let answer = refresh(address, &format!("?id={secret}"), "ada guest").await;
    assert_eq!(answer.json().get("tokenLifetimeSeconds"), None);
    client.check(&call("Rule"), &[&refused]).await;
}

#[tokio::test]
async fn each_failure_is_told_apart_and_changes_nothing() {
    let address = serve(refreshing()).await;
    let (mut client, secret, _) = open(address, GUEST).await;
    let waiting = negotiate(address, &["Token: ada guest"]).await;
    let (id, waiting) = (format!("?id={secret}"), format!("?id={waiting}"));
    for (query, token, status, error) in [
        ("", ADMIN, 400, "missing_connection_token"),
        ("?id=", ADMIN, 400, "missing_connection_token"),
        ("?id=never", ADMIN, 404, "connection_not_found"),
        (&waiting, ADMIN, 404, "connection_not_found"),
        (&id, "eve admin", 403, "permission_change_rejected"),
        (&id, "ada banned", 403, "permission_change_rejected"),
    ] {
        let answer = refresh(address, query, token).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (status, &json!(error)),
            "{query} {token}"
        );
        assert!(answer.json()["error_description"].is_string(), "{answer:?}");
    }
    let anonymous = request(address, &format!("POST /hub/refresh{id}"), &[]).await;
    assert_eq!(anonymous.status, 401);
    assert_eq!(anonymous.json()["error"], "invalid_token");
    let line = format!("GET /hub/refresh{id}");
    assert_eq!(
        request(address, &line, &["Token: ada guest"]).await.status,
        405
    );
    client.check(&call("Role"), &[&result("guest")]).await;
}

#[tokio::test]
async fn a_connection_that_ended_cannot_be_refreshed() {
    let address = serve(refreshing()).await;
    let (mut client, secret, _) = open(address, GUEST).await;
    client.send(r#"{"type":7}"#).await;
    client.expect_close().await;
    let answer = refresh(address, &format!("?id={secret}"), ADMIN).await;
    assert_eq!(answer.json()["error"], "connection_not_found");
}

#[tokio::test]
async fn a_hub_that_does_not_refresh_says_so() {
    let address = serve(HubConfig::default()).await;
    let (mut client, secret, _) = open(address, GUEST).await;
    let answer = refresh(address, &format!("?id={secret}"), ADMIN).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"], "refresh_disabled");
    client.check(&call("Role"), &[&result("guest")]).await;
}

const EXPIRED: &str = r#"{"type":7,"error":"The authentication of the connection has expired.","allowReconnect":true}"#;

#[tokio::test]
async fn a_connection_ends_with_its_token_where_the_hub_wants_that() {
    let config = HubConfig {
        closes_on_expiry: true,
        ..refreshing()
    };
    let address = serve(config).await;
    let (mut short, ..) = open(address, "ada guest 100").await;
    let (mut long, secret, _) = open(address, GUEST).await;
    assert_eq!(short.next().await, EXPIRED);
    short.expect_close().await;
    long.check(&call("Role"), &[&result("guest")]).await;

    refresh(address, &format!("?id={secret}"), "ada admin 100").await;
    assert_eq!(long.next().await, EXPIRED);
    long.expect_close().await;
}

#[tokio::test]
async fn a_connection_outlives_its_token_elsewhere() {
    let address = serve(refreshing()).await;
    let (mut client, secret, _) = open(address, "ada guest 0").await;
    client.check(&call("Role"), &[&result("guest")]).await;
    let answer = refresh(address, &format!("?id={secret}"), "ada admin 0").await;
    assert_eq!(answer.status, 200);
    client.check(&call("Role"), &[&result("admin")]).await;
}

#[tokio::test]
async fn a_client_of_long_polling_renews_by_its_polls() {
    let config = HubConfig {
        closes_on_expiry: true,
        ..HubConfig::default()
    };
    let address = serve(config).await;
    let path = format!(
        "/hub?id={}",
        negotiate(address, &["Token: ada guest"]).await
    );
    let get = format!("GET {path}");
    let poll = async |token: &str| {
        let header = format!("Token: {token}");
        request(address, &get, &[&header]).await.body
    };
    let send = async |text: &str| {
        let line = format!("POST {path}");
        let body = format!("{text}\x1e");
        let answer = exchange(address, &line, &["Token: ada guest"], &body).await;
        assert_eq!(answer.status, 200);
    };
    assert_eq!(poll("ada guest 60000").await, "");
    send(r#"{"protocol":"json","version":1}"#).await;
    assert_eq!(poll("ada guest 60000").await, "{}\x1e");
    // This poll renews; the call before it may see either.
    send(&call("Role")).await;
    poll("ada admin 90000").await;
    for _ in 0..2 {
        send(&call("Role")).await;
        // A token older than the best that is known does not take it back.
        let answer = poll("ada guest 60000").await;
        assert_eq!(answer, format!("{}\x1e", result("admin")));
    }
    assert_eq!(
        request(address, &get, &["Token: eve admin 99000"])
            .await
            .status,
        403
    );
}
