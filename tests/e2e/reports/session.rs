//! Access tokens and refresh tokens that are presented by somebody else, or after their session.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{contract::server, route};
use vestnik_testkit::{RawHub, name::user};

use super::{Stage, greeted};

/// The status and code with which a token is refused, at the hub and by REST.
async fn refused(
    stage: &Stage,
    token: &str,
    resource: &str,
) -> anyhow::Result<Vec<(StatusCode, String)>> {
    let mut refused = Vec::new();
    let hub = RawHub::open(stage.server.address(), token).await;
    let hub = hub.err().context("the hub takes the token")?;
    let (status, body) = RawHub::refusal(&hub).context("the hub refuses the token")?;
    refused.push((status, code(&serde_json::from_str(&body)?)));
    for method in [Method::GET, Method::DELETE] {
        let backend = stage.server.backend.with_key(token);
        let answer = backend.request(method, resource)?.send().await?;
        let status = answer.status();
        refused.push((status, code(&answer.json().await?)));
    }
    Ok(refused)
}

fn code(problem: &Value) -> String {
    problem["code"].as_str().unwrap_or_default().to_owned()
}

fn revoked() -> Vec<(StatusCode, String)> {
    let revoked = (StatusCode::UNAUTHORIZED, "auth.revoked".to_owned());
    vec![revoked; 3]
}

/// Report 4: the next user is logged in on the installation before the former one's logout arrives.
#[tokio::test]
async fn a_former_users_late_logout_and_token_reach_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (anna, boris) = (user("anna"), user("boris"));
    let phone = stage.start(&anna).await?;
    phone.online().await?;
    let former = stage.access_token().await?;
    let installation = phone.client.installation().to_string();
    let resource = route::with(route::INSTALLATION, &installation);
    let id = phone.client.installation();
    let mut socket = greeted(stage.server.address(), &former, id).await?;

    let logout = format!("DELETE {resource}");
    let gate = stage.host.hold(&logout);
    phone.client.logout().await?;
    gate.reached().await?;
    let (_, (user, identity)) = stage.config(&boris)?;
    phone.client.login(user, identity.into()).await?;
    phone.online().await?;
    stage.publish(&anna, "private").await?;
    let (messages, _) = socket.receive_all().await?;
    let entries = |message: &&Value| message["target"] == "Entries";
    assert_eq!(
        messages.iter().find(entries),
        None,
        "Anna's by the old socket"
    );
    assert_eq!(refused(&stage, &former, &resource).await?, revoked());

    gate.open();
    let is_over = |line: &str, is_over: bool| is_over && line == logout;
    stage
        .host
        .request("the end of the logout", |request| {
            is_over(&request.line, request.is_over)
        })
        .await?;
    let own = stage.publish(&boris, "for Boris").await?;
    phone.has_shown(&[own]).await?;
    assert_eq!(phone.seen().order, [own]);
    let view: Value = stage.server.backend.get(&resource).await?;
    assert_eq!(view["user"], "boris", "{view}");
    assert_eq!(stage.vouched(), 2, "Boris had to be vouched for again");
    phone.stop().await?;
    stage.server.stop().await
}

/// Report 5: a client goes on with its access token after the logout.
#[tokio::test]
async fn a_token_of_a_session_that_was_logged_out_reads_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.start(&anna).await?;
    phone.online().await?;
    let former = stage.access_token().await?;
    let installation = phone.client.installation().to_string();
    let resource = route::with(route::INSTALLATION, &installation);
    // It says no `Hello`, so that nothing but its token is known of it.
    let mut socket = RawHub::open(stage.server.address(), &former).await?;
    phone.client.logout().await?;
    let (messages, _) = socket.receive_all().await?;
    let entries = |message: &&Value| message["target"] == "Entries";
    assert_eq!(messages.iter().find(entries), None);
    stage.publish(&anna, "after the logout").await?;
    assert_eq!(refused(&stage, &former, &resource).await?, revoked());
    phone.stop().await?;
    stage.server.stop().await
}

/// Report 19: what has a copy of the session's refresh token, as a second tab has, refreshes at the same
/// moments as the device.
#[tokio::test]
async fn two_that_share_a_refresh_token_both_go_on() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let backend = &stage.server.backend;
    let phone = stage.start(&anna).await?;
    phone.online().await?;
    phone.stop().await?;
    for round in 0..3 {
        let gate = stage.host.hold(format!("POST {}", route::TOKEN));
        let phone = stage.start(&anna).await?;
        gate.reached().await?;
        let is_refresh = |body: &Value| body.get("refresh_token").is_some();
        let asked = stage
            .host
            .request("a refresh", |request| {
                !request.is_over && is_refresh(&request.body)
            })
            .await?;
        // The other tab is first, and uses what it is given before the device has its answer.
        let answer = backend.post(route::TOKEN, &asked.body).await?;
        assert_eq!(answer.status(), StatusCode::OK, "round {round}");
        let tokens: Value = answer.json().await?;
        let token = tokens["access_token"].as_str().unwrap_or_default();
        let id = phone.client.installation();
        let mut tab = greeted(stage.server.address(), token, id).await?;
        let page = tab.call(server::SYNC, &json!({})).await?;
        assert!(page["result"]["cursor"].is_string(), "{page}");
        gate.open();
        phone.online().await?;
        let id = stage.publish(&anna, &format!("round {round}")).await?;
        phone.has_shown(&[id]).await?;
        phone.stop().await?;
        assert_eq!(stage.vouched(), 1, "round {round}");
        // Longer than an access token lives.
        stage.clock.advance(Duration::from_secs(3_600));
    }
    stage.server.stop().await
}
