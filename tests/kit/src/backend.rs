//! The backend of an App, as a customer of the server has one: vouches for users, makes keys and topics,
//! publishes, and asks what became of it.

mod watching;

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use vestnik_model::{
    AppId, AudienceRequest, EventPage, EventView, InstallationId, InstallationSecret, KeyCreated,
    KeyRequest, NotificationId, Problem, PublishAccepted, PublishRequest, Scope, TokenRequest,
    TokenResponse, TopicName, UserId,
    preference::{Preferences, PreferencesPatch},
    publish::ContentRequest,
    route,
    subscription::TopicSettings,
    view::{DeliveryView, List, NotificationView},
};

use crate::clock;

pub use watching::{SenderHub, Watching, watch};

/// For how many seconds an identity token holds: nearly the most, for servers whose clock is ahead.
const IDENTITY_SECONDS: i64 = 23 * 3_600;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The credentials of an App.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The App.
    pub app: AppId,
    /// An API key with every scope.
    pub key: String,
    /// The identity key's `kid`.
    pub identity_key_id: String,
    /// The identity key's secret, as base64url.
    pub identity_secret: String,
}

/// Names the App only.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// A backend of one App at one server.
#[derive(Debug, Clone)]
pub struct Backend {
    http: Client,
    base: Url,
    secrets: Secrets,
}

impl Backend {
    /// A backend that uses the server at `base`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(base: Url, secrets: Secrets) -> anyhow::Result<Self> {
        let http = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self {
            http,
            base,
            secrets,
        })
    }

    /// The App.
    #[must_use]
    pub const fn app(&self) -> &AppId {
        &self.secrets.app
    }

    /// The credentials of the App.
    #[must_use]
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Vouches for a user.
    ///
    /// # Errors
    /// When the identity secret cannot be read.
    pub fn identity(&self, user: &UserId) -> anyhow::Result<String> {
        let claims = json!({
            "sub": user,
            "aud": self.secrets.app,
            "exp": clock::timestamp().as_second() + IDENTITY_SECONDS,
        });
        self.sign(&claims)
    }

    /// Signs any claims with the App's identity key, right or wrong.
    ///
    /// # Errors
    /// When the identity secret cannot be read.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let header = Header {
            kid: Some(self.secrets.identity_key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let secret = BASE64_URL_SAFE_NO_PAD.decode(&self.secrets.identity_secret)?;
        let key = EncodingKey::from_secret(&secret);
        Ok(jsonwebtoken::encode(&header, claims, &key)?)
    }

    /// Logs an installation of a user in, as a device does. Its secret is [`secret`].
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn log_in(
        &self,
        user: &UserId,
        installation: InstallationId,
    ) -> anyhow::Result<TokenResponse> {
        let request = TokenRequest::IdentityToken {
            app: self.secrets.app.clone(),
            installation_id: installation,
            installation_secret: secret(installation),
            identity_token: self.identity(user)?,
        };
        let answer = self.post(route::TOKEN, &request).await?;
        taken(answer, StatusCode::OK).await
    }

    /// Makes an API key.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn key(&self, scopes: &[Scope]) -> anyhow::Result<KeyCreated> {
        let request = KeyRequest {
            name: "test".to_owned(),
            scopes: scopes.to_vec(),
        };
        let answer = self.post(route::KEYS, &request).await?;
        taken(answer, StatusCode::CREATED).await
    }

    /// Makes a topic that users may join themselves.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn topic(&self, topic: &TopicName) -> anyhow::Result<()> {
        let settings = TopicSettings {
            self_subscribe: true,
        };
        let path = route::with(route::TOPIC, topic.as_str());
        done(self.request(Method::PUT, &path)?.json(&settings)).await
    }

    /// Subscribes a user to a topic.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn subscribe(&self, topic: &TopicName, user: &UserId) -> anyhow::Result<()> {
        let path = route::SUBSCRIBER
            .replace("{topic}", topic.as_str())
            .replace("{user}", user.as_str());
        done(self.request(Method::PUT, &path)?).await
    }

    /// Changes what a user does not want, and gives all of it.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn prefer(
        &self,
        user: &UserId,
        patch: &PreferencesPatch,
    ) -> anyhow::Result<Preferences> {
        let path = route::with(route::USER_PREFERENCES, user.as_str());
        let answer = self.request(Method::PATCH, &path)?.json(patch).send();
        taken(answer.await?, StatusCode::OK).await
    }

    /// Revokes an API key of the App.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn revoke_key(&self, id: &str) -> anyhow::Result<()> {
        done(self.request(Method::DELETE, &route::with(route::KEY, id))?).await
    }

    /// Logs every installation of a user out.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn log_out(&self, user: &UserId) -> anyhow::Result<()> {
        let path = format!("/v1/users/{}:log_out", user.as_str());
        done(self.request(Method::POST, &path)?).await
    }

    /// Deletes an installation, which logs it out.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn delete_installation(&self, id: InstallationId) -> anyhow::Result<()> {
        let path = route::with(route::INSTALLATION, &id.to_string());
        done(self.request(Method::DELETE, &path)?).await
    }

    /// Withdraws a notification.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn recall(&self, id: NotificationId) -> anyhow::Result<()> {
        let path = format!(
            "{}:recall",
            route::with(route::NOTIFICATION, &id.to_string())
        );
        done(self.request(Method::POST, &path)?).await
    }

    /// The same with another API key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        let mut backend = self.clone();
        backend.secrets.key = key.to_owned();
        backend
    }

    /// The same at another address of the server.
    #[must_use]
    pub fn at(&self, base: Url) -> Self {
        let mut backend = self.clone();
        backend.base = base;
        backend
    }

    /// The same with a client that opens a connection for each request.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn unpooled(&self) -> anyhow::Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            http,
            ..self.clone()
        })
    }

    /// Where the server is.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.base
    }

    /// Publishes, and insists that it is accepted.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn publish(&self, request: &PublishRequest) -> anyhow::Result<PublishAccepted> {
        let answer = self.post(route::NOTIFICATIONS, request).await?;
        taken(answer, StatusCode::ACCEPTED).await
    }

    /// What became of a notification.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn notification(&self, id: NotificationId) -> anyhow::Result<NotificationView> {
        self.get(&route::with(route::NOTIFICATION, &id.to_string()))
            .await
    }

    /// The oldest events of the App, by REST.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn events(&self) -> anyhow::Result<Vec<EventView>> {
        let page: EventPage = self.get("/v1/events?limit=500").await?;
        Ok(page.data)
    }

    /// Reads the deliveries of a notification, as many as a page has.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn deliveries(&self, id: NotificationId) -> anyhow::Result<Vec<DeliveryView>> {
        let path = route::with(route::DELIVERIES, &id.to_string());
        let page: List<DeliveryView> = self.get(&path).await?;
        Ok(page.data)
    }

    /// Reads any resource.
    ///
    /// # Errors
    /// The [`Problem`] of a refusal, or when no answer comes.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let answer = self.request(Method::GET, path)?.send().await?;
        taken(answer, StatusCode::OK).await
    }

    /// Posts any body with the backend's key.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post<T: Serialize + Sync>(
        &self,
        path: &str,
        body: &T,
    ) -> anyhow::Result<Response> {
        let request = self.request(Method::POST, path)?.json(body);
        Ok(request.send().await?)
    }

    /// Makes a request with the backend's key.
    ///
    /// # Errors
    /// When the path does not belong to a URL.
    pub fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let url = self.base.join(path)?;
        let request = self.http.request(method, url);
        Ok(request.bearer_auth(&self.secrets.key))
    }
}

/// A plain notification to one user.
#[must_use]
pub fn to_user(user: &UserId, title: &str) -> PublishRequest {
    let to = AudienceRequest {
        users: vec![user.clone()],
        ..AudienceRequest::default()
    };
    titled(to, title)
}

/// A plain notification to everyone subscribed to a topic.
#[must_use]
pub fn to_topic(topic: &TopicName, title: &str) -> PublishRequest {
    let to = AudienceRequest {
        topics: vec![topic.clone()],
        ..AudienceRequest::default()
    };
    titled(to, title)
}

fn titled(to: AudienceRequest, title: &str) -> PublishRequest {
    PublishRequest {
        to,
        notification: ContentRequest {
            title: title.to_owned(),
            ..ContentRequest::default()
        },
        ..PublishRequest::default()
    }
}

/// The secret of an installation that [`Backend::log_in`] logs in: it follows from the id, so that tests
/// need not keep it.
#[must_use]
pub fn secret(installation: InstallationId) -> InstallationSecret {
    let id = *installation.uuid().as_bytes();
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&id);
    bytes[16..].copy_from_slice(&id.map(|byte| !byte));
    InstallationSecret::from_bytes(bytes)
}

async fn done(request: RequestBuilder) -> anyhow::Result<()> {
    let answer = request.send().await?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(refusal(answer.status(), &answer.bytes().await?))
}

async fn taken<T: DeserializeOwned>(answer: Response, wanted: StatusCode) -> anyhow::Result<T> {
    let status = answer.status();
    let body = answer.bytes().await?;
    if status == wanted {
        return serde_json::from_slice(&body).context("the answer has another form than its type");
    }
    Err(refusal(status, &body))
}

/// The problem of a refusal, which tests downcast to.
fn refusal(status: StatusCode, body: &[u8]) -> anyhow::Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => problem.into(),
        Err(_) => anyhow!("the server answered {status} without a problem"),
    }
}
