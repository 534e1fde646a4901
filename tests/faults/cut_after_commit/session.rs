//! A session with a live connection, of which it is known whether it should be open.

use reqwest::{Client, StatusCode, Url};
use serde_json::json;
use vestnik_model::{InstallationId, UserId, contract::server, route};
use vestnik_testkit::{Backend, RawHub, raw_hub::Received};

/// A session with a live connection.
pub(super) struct LiveSession {
    installation: InstallationId,
    access: String,
    hub: RawHub,
}

impl LiveSession {
    /// Logs an installation in and opens its connection.
    pub(super) async fn open(
        backend: &Backend,
        user: &UserId,
        installation: InstallationId,
    ) -> anyhow::Result<Self> {
        let access = backend.log_in(user, installation).await?.access_token;
        let port = backend.url().port_or_known_default().unwrap_or_default();
        let at = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let mut hub = RawHub::open(at, &access).await?;
        let hello = json!({ "installationId": installation });
        let welcome = hub.call(server::HELLO, &hello).await?;
        anyhow::ensure!(welcome["result"]["contract"] == 1, "{welcome}");
        Ok(Self {
            installation,
            access,
            hub,
        })
    }

    pub(super) const fn installation(&self) -> InstallationId {
        self.installation
    }

    pub(super) fn access(&self) -> &str {
        &self.access
    }

    /// Whether the server refuses the session's token.
    pub(super) async fn has_ended(&self, http: &Client, server: &Url) -> anyhow::Result<bool> {
        let request = http.post(server.join(route::RECEIPTS)?);
        let request = request.bearer_auth(&self.access);
        let answer = request.json(&json!({ "facts": [] })).send().await?;
        let status = answer.status();
        anyhow::ensure!(
            status.is_success() || status == StatusCode::UNAUTHORIZED,
            "{status}"
        );
        Ok(status == StatusCode::UNAUTHORIZED)
    }

    /// Waits for the end of the connection.
    pub(super) async fn is_closed(&mut self) -> anyhow::Result<()> {
        while let Received::Message(_) = self.hub.receive().await? {}
        Ok(())
    }

    /// Insists that the connection answers.
    pub(super) async fn still_lives(&mut self) -> anyhow::Result<()> {
        let page = self.hub.call(server::SYNC, &json!({})).await?;
        anyhow::ensure!(page["result"]["more"].is_boolean(), "{page}");
        Ok(())
    }
}
