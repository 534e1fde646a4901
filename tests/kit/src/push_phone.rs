//! A phone that gets pushes as an extension does: with the core's keys and reader, without its engine.

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use vestnik_clock::{Clock as _, SystemClock, new_uuid_v7};
use vestnik_core::inbox::{
    Payload,
    push::{Closed, Opened, PushKeys, open},
};
use vestnik_envelope::KeyRing;
use vestnik_model::{InstallationId, NotificationId, UserId, route};
use vestnik_sim::Event;

use crate::{Backend, clock};

/// A phone that gets pushes and reports over REST. It can lose its keys.
#[derive(Debug)]
pub struct PushPhone {
    backend: Backend,
    http: Client,
    user: UserId,
    installation: InstallationId,
    /// Its address as it reports it.
    address: Value,
    keys: PushKeys,
}

impl PushPhone {
    /// Logs a new phone in that is reached at an address, and reports it with its key.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn log_in(backend: &Backend, user: &UserId, address: Value) -> anyhow::Result<Self> {
        let installation = InstallationId::from_uuid(new_uuid_v7(&SystemClock));
        let phone = Self {
            backend: backend.clone(),
            http: Client::builder().no_proxy().build()?,
            user: user.clone(),
            installation,
            address,
            keys: keys(user, installation)?,
        };
        phone.tell(&phone.key()).await?;
        Ok(phone)
    }

    /// Its public key, as it reports it.
    #[must_use]
    pub fn key(&self) -> String {
        self.keys.public_text()
    }

    /// Its keys are gone, and it makes new ones. The server does not know them yet.
    ///
    /// # Errors
    /// Never: new keys read back.
    pub fn lose_keys(&mut self) -> anyhow::Result<()> {
        self.keys = keys(&self.user, self.installation)?;
        Ok(())
    }

    /// Reports its whole state, with this key.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn tell(&self, key: &str) -> anyhow::Result<()> {
        let state = json!({
            "platform": "android", "permission": "granted",
            "push_addresses": [self.address], "envelope_key": key,
        });
        let path = route::with(route::INSTALLATION, &self.installation.to_string());
        self.ask(Method::PUT, &path, &state).await.map(drop)
    }

    /// Opens a push that FCM brought.
    ///
    /// # Errors
    /// Why it does not open.
    pub fn open(&self, event: &Event) -> anyhow::Result<Result<Payload, Closed>> {
        let content = serde_json::to_value(&event.message.content)?;
        let push = serde_json::to_vec(&content["message"]["data"])?;
        Ok(match open(&push, &self.keys) {
            Ok(Opened::Payload(payload)) => Ok(*payload),
            Ok(Opened::Withdrawal(_)) => anyhow::bail!("the push withdraws"),
            Ok(Opened::Hint(_)) => anyhow::bail!("the push has no content"),
            Err(closed) => Err(closed),
        })
    }

    /// Reports a push that did not open. `number` tells reports of the same push apart.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn report_closed(&self, closed: Closed, number: u32) -> anyhow::Result<()> {
        let reason = closed.why.reported().context("it is reported")?;
        let id = closed.notification.context("it says what it is about")?;
        let fact = json!({"kind": "not_shown", "body": {"reason": reason}});
        self.report(id, fact, number).await
    }

    /// Reports that it has a notification.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn report_delivered(&self, id: NotificationId) -> anyhow::Result<()> {
        self.report(id, json!({"kind": "delivered"}), 0).await
    }

    /// Reports that it has a notification and did not show it.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn report_not_shown(&self, id: NotificationId, reason: &str) -> anyhow::Result<()> {
        let fact = json!({"kind": "not_shown", "body": {"reason": reason}});
        self.report(id, fact, 0).await
    }

    /// Somebody else has the phone by now.
    #[must_use]
    pub fn of(self, user: &UserId) -> Self {
        Self {
            user: user.clone(),
            ..self
        }
    }

    async fn report(&self, id: NotificationId, fact: Value, number: u32) -> anyhow::Result<()> {
        let outcome = self.outcome(id, fact, number).await?;
        anyhow::ensure!(outcome != "refused", "the fact is refused");
        Ok(())
    }

    /// Reports that it dropped a push which was for who had it before; gives what the server says of it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn report_foreign(&self, id: NotificationId) -> anyhow::Result<Value> {
        let fact = json!({"kind": "not_shown", "body": {"reason": "owner.mismatch_dropped"}});
        self.outcome(id, fact, 0).await
    }

    async fn outcome(
        &self,
        id: NotificationId,
        mut fact: Value,
        number: u32,
    ) -> anyhow::Result<Value> {
        fact["id"] = json!(format!(
            "{}-{id}-{number}",
            fact["kind"].as_str().unwrap_or_default()
        ));
        fact["notificationId"] = json!(id);
        fact["at"] = json!(clock::timestamp());
        let body = json!({"facts": [fact]});
        let mut answer = self.ask(Method::POST, route::RECEIPTS, &body).await?;
        Ok(answer["results"][0]["outcome"].take())
    }

    /// Asks the server in a new session: an access token may have ended meanwhile.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let tokens = self.backend.log_in(&self.user, self.installation).await?;
        let mut request = self.backend.request(method, path)?.json(body).build()?;
        let bearer = format!("Bearer {}", tokens.access_token).parse()?;
        request.headers_mut().insert("authorization", bearer);
        let answer = self.http.execute(request).await?;
        let status = answer.status();
        anyhow::ensure!(status.is_success(), "{path}: {status}");
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        Ok(answer.json().await?)
    }
}

/// New keys of an installation.
fn keys(user: &UserId, installation: InstallationId) -> anyhow::Result<PushKeys> {
    let ring = KeyRing::new(Timestamp::UNIX_EPOCH, SystemClock.random());
    let text = json!({
        "installation": installation, "user": user,
        "keys": BASE64_URL_SAFE_NO_PAD.encode(&*ring.to_bytes()),
    });
    PushKeys::parse(&text.to_string()).context("new keys read back")
}
