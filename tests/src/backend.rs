//! The App's own backend, as a customer of the server has one: vouches for users, makes keys,
//! publishes and asks what became of it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use vestnik_model::{
    AppId, AudienceRequest, InstallationId, KeyCreated, KeyRequest, NotificationId, Problem,
    PublishAccepted, PublishRequest, Scope, TokenRequest, TokenResponse, TopicName, UserId,
    publish::ContentRequest, route, subscription::TopicSettings, view::NotificationView,
};

use crate::clock;

/// For how many seconds an identity token holds.
const IDENTITY_SECONDS: i64 = 3_600;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a backend knows itself and its users by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The App.
    pub app: AppId,
    /// An API key with every scope.
    pub key: String,
    /// What the identity key is called.
    pub identity_key_id: String,
    /// The identity key's secret, as base64url.
    pub identity_secret: String,
}

/// A backend of one App at one server.
#[derive(Debug, Clone)]
pub struct Backend {
    http: Client,
    base: Url,
    secrets: Secrets,
}

impl Backend {
    /// A backend that asks the server at `base`.
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

    /// What it knows itself and its users by.
    #[must_use]
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Vouches for a user.
    ///
    /// # Errors
    /// When the identity secret is none.
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
    /// When the identity secret is none.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let header = Header {
            kid: Some(self.secrets.identity_key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let secret = BASE64_URL_SAFE_NO_PAD.decode(&self.secrets.identity_secret)?;
        let key = EncodingKey::from_secret(&secret);
        Ok(jsonwebtoken::encode(&header, claims, &key)?)
    }

    /// Logs an installation of a user in, as its core does.
    ///
    /// # Errors
    /// When the server does not.
    pub async fn log_in(
        &self,
        user: &UserId,
        installation: InstallationId,
    ) -> anyhow::Result<TokenResponse> {
        let request = TokenRequest::IdentityToken {
            app: self.secrets.app.clone(),
            installation_id: installation,
            identity_token: self.identity(user)?,
        };
        let answer = self.post(route::TOKEN, &request).await?;
        taken(answer, StatusCode::OK).await
    }

    /// Makes an API key.
    ///
    /// # Errors
    /// When the server does not.
    pub async fn key(&self, scopes: &[Scope]) -> anyhow::Result<String> {
        let request = KeyRequest {
            name: "test".to_owned(),
            scopes: scopes.to_vec(),
        };
        let answer = self.post(route::KEYS, &request).await?;
        let created: KeyCreated = taken(answer, StatusCode::CREATED).await?;
        Ok(created.key)
    }

    /// Makes a topic that users may join themselves.
    ///
    /// # Errors
    /// When the server does not.
    pub async fn topic(&self, topic: &TopicName) -> anyhow::Result<()> {
        let settings = TopicSettings {
            self_subscribe: true,
        };
        let path = route::with(route::TOPIC, topic.as_str());
        let answer = self.request(Method::PUT, &path)?.json(&settings);
        let answer = answer.send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(())
    }

    /// Publishes, and insists that it is accepted.
    ///
    /// # Errors
    /// When it is not.
    pub async fn publish(&self, request: &PublishRequest) -> anyhow::Result<PublishAccepted> {
        let answer = self.post(route::NOTIFICATIONS, request).await?;
        taken(answer, StatusCode::ACCEPTED).await
    }

    /// What became of a notification.
    ///
    /// # Errors
    /// When the server does not say.
    pub async fn notification(&self, id: NotificationId) -> anyhow::Result<NotificationView> {
        self.get(&route::with(route::NOTIFICATION, &id.to_string()))
            .await
    }

    /// Reads any resource.
    ///
    /// # Errors
    /// When the server does not give it.
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

    /// A request of its own making, with the backend's key.
    ///
    /// # Errors
    /// When the path is none.
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
        ttl_seconds: None,
        external_id: None,
        correlation_id: None,
        idempotency_key: None,
    }
}

async fn taken<T: DeserializeOwned>(answer: Response, wanted: StatusCode) -> anyhow::Result<T> {
    let status = answer.status();
    let body = answer.bytes().await?;
    if status == wanted {
        return serde_json::from_slice(&body).context("the answer is not what it should be");
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(problem.into()),
        Err(_) => bail!("{status} instead of {wanted}"),
    }
}
