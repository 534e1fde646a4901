//! Secrets stay out of logs: a whole life of an App under the loudest log, and not one of them in
//! it. A binary of its own, because a program has one log.

mod captured;
mod mail_server;
mod secrets;
mod sending;

use reqwest::Method;
use serde_json::{Map, Value, json};
use tracing_subscriber::EnvFilter;
use vestnik_model::{
    TokenRequest, contract::server, publish::ContentRequest, route, webhook::WebhookKey,
};
use vestnik_testkit::{
    CoreDevice, RawHub, Receiver, TestServer,
    backend::{self, to_user},
    name::{installation, user},
    receiver::Reaction,
    server::Setup,
    wait::eventually,
};

use crate::{captured::Captured, secrets::Secrets};

/// Vestnik's crates log everything: their names begin so. Libraries log what an operator would switch on to
/// find a fault.
const LOUD: &str = "debug,vestnik=trace";

#[tokio::test]
async fn no_secret_is_logged() -> anyhow::Result<()> {
    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(LOUD)?)
        .with_writer(captured.clone())
        .with_ansi(false)
        .init();
    let mut secrets = Secrets::default();
    let receiver = Receiver::start().await?;
    let host = receiver.host();
    let setup = Setup::default().config(|config| config.outbound.listed = vec![host]);
    let mut kit = TestServer::with(setup).await?;
    for (name, secret) in [
        ("API key", &kit.backend.secrets().key),
        ("identity secret", &kit.backend.secrets().identity_secret),
    ] {
        secrets.keep(name, secret);
    }
    hook(&kit, &receiver, &mut secrets).await?;
    deliver(&kit, &mut secrets).await?;
    refresh(&kit, &mut secrets).await?;
    misbehave(&kit, &mut secrets).await?;
    kit.restart().await?;
    kit.stop().await?;
    sending::send(&mut secrets).await?;

    let log = captured.text();
    for part in [
        "vestnik_server",
        "vestnik_signalr",
        "vestnik_core",
        "vestnik_push",
    ] {
        assert!(log.contains(part), "{part} logs something");
    }
    for line in log.lines() {
        secrets.check(line);
    }
    Ok(())
}

/// Events are sent to an address with a password in it, and fail there too.
async fn hook(kit: &TestServer, receiver: &Receiver, secrets: &mut Secrets) -> anyhow::Result<()> {
    let password = secrets.keep("password in an address", "canary-password");
    let url = format!("{}?password={password}", receiver.url());
    let made = kit
        .backend
        .post(route::WEBHOOKS, &json!({"url": url}))
        .await?;
    let key: WebhookKey = made.error_for_status()?.json().await?;
    secrets.keep("webhook key", &key.verifier);
    let path = route::with(route::WEBHOOK, &key.id.to_string());
    receiver.plan([Reaction::Status(500), Reaction::Cut]);
    for verb in ["test", "test", "rotate"] {
        let answer = kit
            .backend
            .post(&format!("{path}:{verb}"), &json!({}))
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        if let Some(verifier) = answer["verifier"].as_str() {
            secrets.keep("new webhook key", verifier);
        }
    }
    let request = to_user(&user("nobody"), "sent to the receiver");
    kit.backend.publish(&request).await?;
    let mut changes = receiver.changes();
    eventually("an event", &mut changes, |all| {
        (all.len() > 2).then_some(())
    })
    .await
}

/// A notification with content goes all the way.
async fn deliver(kit: &TestServer, secrets: &mut Secrets) -> anyhow::Result<()> {
    let anna = user("anna");
    secrets.keep("identity token", kit.backend.identity(&anna)?);
    let phone = CoreDevice::of(&kit.backend, &anna, kit.folder(), "phone").await?;
    phone.online().await?;
    let phone_number = secrets.keep("telephone number", "+4930918273645");
    let said = json!({"phone": phone_number});
    put(kit, &route::with(route::USER, anna.as_str()), &said).await?;
    let email = secrets.keep("e-mail address", "canary@shop.example");
    let path = route::with(route::USER_EMAIL, anna.as_str());
    put(kit, &path, &json!({"address": email})).await?;
    let named = json!({
        "to": {"phones": [phone_number], "emails": [email], "exclude_users": ["anna"]},
        "notification": {"title": "nobody"},
    });
    let answer = kit.backend.post(route::NOTIFICATIONS, &named).await?;
    answer.error_for_status()?;
    let mut request = to_user(&anna, &secrets.keep("title", "canary-title"));
    request.notification = ContentRequest {
        body: secrets.keep("body", "canary-body"),
        data: Some(
            Map::from_iter([(
                "order".to_owned(),
                Value::from(secrets.keep("data", "canary-data")),
            )])
            .into(),
        ),
        ..request.notification
    };
    let accepted = kit.backend.publish(&request).await?;
    phone.has_shown(&[accepted.id]).await?;
    phone.client.clicked(accepted.id).await?;
    phone.flush().await?;
    phone.client.logout().await?;
    phone.stop().await?;
    Ok(())
}

async fn put(kit: &TestServer, path: &str, body: &Value) -> anyhow::Result<()> {
    let request = kit.backend.request(Method::PUT, path)?;
    request.json(body).send().await?.error_for_status()?;
    Ok(())
}

/// Tokens are granted, renewed, and refused when they come back.
async fn refresh(kit: &TestServer, secrets: &mut Secrets) -> anyhow::Result<()> {
    let first = kit.backend.log_in(&user("boris"), installation(1)).await?;
    secrets.keep("access token", first.access_token);
    let refresh_token = secrets.keep("refresh token", first.refresh_token);
    let secret = backend::secret(installation(1));
    secrets.keep("installation secret", secret.expose());
    for _ in 0..3 {
        let request = TokenRequest::RefreshToken {
            refresh_token: refresh_token.clone(),
            installation_secret: Some(secret.clone()),
        };
        let answer = kit.backend.post(route::TOKEN, &request).await?;
        let answer: Value = answer.json().await?;
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                secrets.keep("renewed token", token);
            }
        }
    }
    Ok(())
}

/// What is wrong is refused without being repeated.
async fn misbehave(kit: &TestServer, secrets: &mut Secrets) -> anyhow::Result<()> {
    let wrong = secrets.keep("wrong token", "canary-wrong-token");
    let queried = secrets.keep("token in a query", "canary-query-token");
    let path = format!("{}?access_token={queried}", route::HUB);
    let texts = [
        json!({"title": secrets.keep("wrong body", "canary-wrong-body")}).to_string(),
        format!("{{\"{}\"", secrets.keep("wrong JSON", "canary-wrong-json")),
    ];
    for (method, path) in [
        (Method::GET, path.as_str()),
        (Method::POST, route::NOTIFICATIONS),
        (Method::POST, route::TOKEN),
    ] {
        for text in &texts {
            let request = kit.backend.request(method.clone(), path)?;
            let answer = request.body(text.clone()).send().await?;
            secrets.check(&answer.text().await?);
        }
    }
    if let Err(error) = RawHub::connect(kit.address(), &wrong).await
        && let Some((_, body)) = RawHub::refusal(&error)
    {
        secrets.check(&body);
    }
    let tokens = kit.backend.log_in(&user("vera"), installation(2)).await?;
    let token = secrets.keep("device's token", tokens.access_token);
    let mut hub = RawHub::open(kit.address(), &token).await?;
    let argument = json!({"installationId": secrets.keep("argument", "canary-argument")});
    for target in [server::HELLO, server::PUBLISH, "Nothing"] {
        let answer = hub.call(target, &argument).await?;
        secrets.check(&answer.to_string());
    }
    Ok(())
}
