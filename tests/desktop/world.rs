//! A real server with one App, and its sender.

use anyhow::Context as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use vestnik_model::{AppId, route};
use vestnik_server::{Bootstrap, Config, ServeError};

use crate::{retry, stage::Environment};

const APP: &str = "shop";
const USER: &str = "anna";

/// Until when the identity token holds, in seconds from the test's start.
const IDENTITY_SECONDS: u64 = 3_600;

/// The server and who sends by it.
pub(crate) struct World {
    http: reqwest::Client,
    server: String,
    keys: Bootstrap,
    identity: String,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = Config {
            database: folder.path().join("server.sqlite"),
            ..Config::default()
        };
        let keys = vestnik_server::bootstrap(&config.database, AppId::parse(APP)?).await?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let server = format!("http://{}", listener.local_addr()?);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(vestnik_server::serve(listener, config, shutdown.clone()));
        let identity = identity_token(&keys)?;
        let http = reqwest::Client::new();
        Ok(Self {
            http,
            server,
            keys,
            identity,
            shutdown,
            task,
            folder,
        })
    }

    /// What the app is told of this world.
    pub(crate) fn environment(&self) -> Environment {
        let file = self.folder.path().join("identity.jwt");
        std::fs::write(&file, &self.identity).expect("the folder is the test's own");
        vec![
            ("VESTNIK_SERVER", self.server.clone()),
            ("VESTNIK_APP", APP.to_owned()),
            ("VESTNIK_IDENTITY_FILE", file.display().to_string()),
        ]
    }

    /// Publishes to the user by REST; returns the notification's id.
    pub(crate) async fn publish(&self, notification: &Value) -> anyhow::Result<String> {
        let request = json!({ "to": { "users": [USER] }, "notification": notification });
        let answer = self
            .http
            .post(format!("{}{}", self.server, route::NOTIFICATIONS))
            .bearer_auth(&self.keys.admin_key)
            .json(&request)
            .send()
            .await?;
        let accepted: Value = answer.error_for_status()?.json().await?;
        Ok(accepted["id"].as_str().context("no id")?.to_owned())
    }

    /// Waits until the server knows that the user has read a notification.
    pub(crate) async fn is_read(&self, id: &str) -> anyhow::Result<()> {
        retry::until("the server knows that it was read", || async {
            let delivery = self.delivery(id).await?;
            anyhow::ensure!(delivery["status"] == "read", "{delivery}");
            Ok(())
        })
        .await
    }

    /// Waits until the server knows what else was done with a notification.
    pub(crate) async fn engagement_has(&self, id: &str, engagement: &str) -> anyhow::Result<()> {
        retry::until("the server knows what was done with it", || async {
            let delivery = self.delivery(id).await?;
            let done = delivery["engagement"].as_array().context("no engagement")?;
            anyhow::ensure!(done.contains(&json!(engagement)), "{delivery}");
            Ok(())
        })
        .await
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.task.await??;
        Ok(())
    }

    async fn delivery(&self, id: &str) -> anyhow::Result<Value> {
        let path = route::with(route::DELIVERIES, id);
        let answer = self
            .http
            .get(format!("{}{path}", self.server))
            .bearer_auth(&self.keys.admin_key)
            .send()
            .await?;
        let mut page: Value = answer.error_for_status()?.json().await?;
        Ok(page["data"][0].take())
    }
}

/// Vouches for the user, as the App's backend would.
fn identity_token(keys: &Bootstrap) -> anyhow::Result<String> {
    let claims = json!({
        "sub": USER,
        "aud": APP,
        "exp": jsonwebtoken::get_current_timestamp() + IDENTITY_SECONDS,
    });
    let header = Header {
        kid: Some(keys.identity_key_id.clone()),
        ..Header::new(Algorithm::HS256)
    };
    let key = EncodingKey::from_base64_secret(&keys.identity_secret)?;
    Ok(jsonwebtoken::encode(&header, &claims, &key)?)
}
