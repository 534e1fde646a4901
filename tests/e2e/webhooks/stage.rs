//! A server, receivers that it may reach, and what a backend does with webhooks.

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_clock::Clock as _;
use vestnik_model::{
    EventId, EventPage, EventView, NotificationId, UserId, route,
    webhook::{WebhookKey, WebhookView},
};
use vestnik_testkit::{
    Receiver, TestServer,
    backend::to_user,
    clock::AheadClock,
    name::installation,
    receiver::Received,
    server::Setup,
    wait::{asked, eventually},
};

/// Words that no receiver may be sent.
pub(super) const PLANTED: &str = "bergamot";

pub(super) struct Stage {
    pub(super) server: TestServer,
    pub(super) clock: AheadClock,
}

impl Stage {
    /// A server that may reach these receivers.
    pub(super) async fn new(receivers: &[&Receiver]) -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let listed = receivers.iter().map(|receiver| receiver.host()).collect();
        let setup = Setup::default()
            .config(|config| config.outbound.listed = listed)
            .clock(clock.clone());
        let server = TestServer::with(setup).await?;
        Ok(Self { server, clock })
    }

    pub(super) async fn add(&self, receiver: &Receiver) -> anyhow::Result<WebhookKey> {
        self.add_with(json!({"url": receiver.url()})).await
    }

    pub(super) async fn add_with(&self, body: Value) -> anyhow::Result<WebhookKey> {
        let (status, made) = self.ask(Method::POST, route::WEBHOOKS, Some(body)).await?;
        anyhow::ensure!(status == StatusCode::CREATED, "{status} {made}");
        Ok(serde_json::from_value(made)?)
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self.server.backend.request(method, path)?;
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// `POST …/{id}:verb`, which must be done.
    pub(super) async fn act(
        &self,
        key: &WebhookKey,
        verb: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let path = format!("{}:{verb}", path(key));
        let (status, answer) = self.ask(Method::POST, &path, body).await?;
        anyhow::ensure!(status == StatusCode::OK, "{status} {answer}");
        Ok(answer)
    }

    pub(super) async fn view(&self, key: &WebhookKey) -> anyhow::Result<WebhookView> {
        self.server.backend.get(&path(key)).await
    }

    /// Waits until a webhook's view is as wanted.
    pub(super) async fn becomes(
        &self,
        key: &WebhookKey,
        what: &str,
        is: impl Fn(&WebhookView) -> bool,
    ) -> anyhow::Result<WebhookView> {
        asked(what, async || {
            let view = self.view(key).await?;
            Ok(is(&view).then_some(view))
        })
        .await
    }

    /// Publishes to somebody who has no device, so that a delivery changes at once.
    pub(super) async fn publish(&self, user: &UserId) -> anyhow::Result<NotificationId> {
        let mut request = to_user(user, &format!("{PLANTED} title"));
        request.notification.body = format!("{PLANTED} body");
        request.notification.data = serde_json::from_value(json!({"key": PLANTED}))?;
        Ok(self.server.backend.publish(&request).await?.id)
    }

    /// Publishes to a user whose phone then reports that it was read.
    pub(super) async fn read_by(&self, user: &UserId) -> anyhow::Result<()> {
        let backend = &self.server.backend;
        let tokens = backend.log_in(user, installation(1)).await?;
        let id = self.publish(user).await?;
        let fact = json!({
            "id": "f-1", "kind": "read", "notificationId": id, "at": self.clock.now(),
        });
        let phone = backend.with_key(&tokens.access_token);
        let report = phone
            .post(route::RECEIPTS, &json!({"facts": [fact]}))
            .await?;
        report.error_for_status()?;
        Ok(())
    }

    /// Every event of the App.
    pub(super) async fn events(&self) -> anyhow::Result<Vec<EventView>> {
        let page: EventPage = self.server.backend.get("/v1/events?limit=500").await?;
        Ok(page.data)
    }

    /// The events of the App behind one.
    pub(super) async fn events_behind(&self, after: EventId) -> anyhow::Result<Vec<EventView>> {
        let path = format!("/v1/events?limit=500&after={after}");
        let page: EventPage = self.server.backend.get(&path).await?;
        Ok(page.data)
    }
}

pub(super) fn path(key: &WebhookKey) -> String {
    route::with(route::WEBHOOK, &key.id.to_string())
}

/// Waits until so many requests were received.
pub(crate) async fn received(receiver: &Receiver, count: usize) -> anyhow::Result<Vec<Received>> {
    let mut changes = receiver.changes();
    eventually("what a receiver gets", &mut changes, |all| {
        (all.len() >= count).then(|| all.clone())
    })
    .await
}

pub(crate) fn ids(received: &[Received]) -> Vec<String> {
    received.iter().map(|one| one.id().to_owned()).collect()
}

/// Whether one of a request's signatures is right, by another library than the server's: that of tokens,
/// which has both algorithms.
pub(crate) fn is_signed(received: &Received, verifier: &str) -> anyhow::Result<bool> {
    let header = |name: &str| received.headers.get(name).context("it has the header");
    let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signed = format!("{id}.{time}.{}", received.body);
    let (version, key, algorithm) = match verifier.split_once('_').context("a prefix")? {
        ("whsec", key) => {
            let key = DecodingKey::from_secret(&BASE64_STANDARD.decode(key)?);
            ("v1", key, Algorithm::HS256)
        }
        (_, key) => {
            let key = BASE64_URL_SAFE_NO_PAD.encode(BASE64_STANDARD.decode(key)?);
            (
                "v1a",
                DecodingKey::from_ed_components(&key)?,
                Algorithm::EdDSA,
            )
        }
    };
    for signature in header("webhook-signature")?.split(' ') {
        let (of, signature) = signature.split_once(',').context("a version")?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(BASE64_STANDARD.decode(signature)?);
        let is_good = || crypto::verify(&signature, signed.as_bytes(), &key, algorithm);
        if of == version && is_good()? {
            return Ok(true);
        }
    }
    Ok(false)
}
