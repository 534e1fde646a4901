//! The hostile server itself, by clients that are not Vestnik's: reqwest, tokio-tungstenite and plain TCP.

mod http;
mod hub;

use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use vestnik_model::{UserId, route};

use super::*;
use crate::{
    RawHub,
    name::{installation, user},
};

/// A person with a plain client.
struct Person {
    user: UserId,
    server: HostileServer,
    http: Client,
}

/// A pair of tokens.
struct Tokens {
    access: String,
    refresh: String,
}

impl Person {
    async fn new(name: &str) -> anyhow::Result<Self> {
        let http = Client::builder().no_proxy().redirect(Policy::none());
        Ok(Self {
            user: user(name),
            server: HostileServer::start().await?,
            http: http.build()?,
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        access: &str,
        body: &Value,
    ) -> reqwest::Result<Response> {
        let url = format!("http://{}{path}", self.server.address());
        let request = self.http.request(method, url).bearer_auth(access);
        request.json(body).send().await
    }

    async fn token(&self, body: &Value) -> reqwest::Result<Response> {
        self.send(Method::POST, route::TOKEN, "none", body).await
    }

    async fn log_in_as(&self, user: &UserId) -> anyhow::Result<Tokens> {
        let body = json!({
            "grant_type": "identity_token", "app": "shop", "installation_id": installation(1),
            "installation_secret": "s", "identity_token": self.server.identity(user),
        });
        let granted: Value = self.token(&body).await?.error_for_status()?.json().await?;
        assert_eq!(granted["user"], json!(user));
        let text = |name: &str| granted[name].as_str().unwrap_or_default().to_owned();
        Ok(Tokens {
            access: text("access_token"),
            refresh: text("refresh_token"),
        })
    }

    async fn log_in(&self) -> anyhow::Result<Tokens> {
        self.log_in_as(&self.user).await
    }

    async fn refresh(&self, token: &str) -> reqwest::Result<Response> {
        let body = json!({"grant_type": "refresh_token", "refresh_token": token});
        self.token(&body).await
    }

    async fn negotiate(&self, access: &str) -> reqwest::Result<Response> {
        self.send(Method::POST, "/hub/negotiate", access, &Value::Null)
            .await
    }

    /// A hub connection that has said `Hello`.
    async fn online(&self) -> anyhow::Result<RawHub> {
        let tokens = self.log_in().await?;
        let mut hub = RawHub::open(self.server.address(), &tokens.access).await?;
        let welcome = hub.call("Hello", &json!({})).await?;
        assert_eq!(welcome["result"]["contract"], 1, "{welcome}");
        Ok(hub)
    }
}
