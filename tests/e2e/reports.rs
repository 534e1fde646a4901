//! Situations that users of other systems reported, with the real core at the real server, by the numbers
//! of the reports.

mod clock;
mod path;
mod session;
mod size;

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use vestnik_core::Config;
use vestnik_model::{InstallationId, NotificationId, UserId, contract::server};
use vestnik_testkit::{
    CoreDevice, RawHub, SharedHost, TestServer, backend::to_user, clock::AheadClock,
    core_device::Setup, server::Setup as ServerSetup,
};

/// A connection of an installation that has greeted.
async fn greeted(
    at: SocketAddr,
    token: &str,
    installation: InstallationId,
) -> anyhow::Result<RawHub> {
    let mut hub = RawHub::open(at, token).await?;
    let hello = json!({ "installationId": installation });
    let welcome = hub.call(server::HELLO, &hello).await?;
    anyhow::ensure!(welcome["result"]["contract"].is_number(), "{welcome}");
    Ok(hub)
}

/// A server on a shared host.
struct Stage {
    server: TestServer,
    host: SharedHost,
    /// The server's clock.
    clock: AheadClock,
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let server = TestServer::with(ServerSetup::default().clock(clock.clone())).await?;
        let host = SharedHost::start(server.address(), "/push").await?;
        Ok(Self {
            server,
            host,
            clock,
        })
    }

    /// The settings of the one device, which asks again at once and waits long for an answer, with what
    /// vouches for its user.
    fn config(&self, user: &UserId) -> anyhow::Result<(Config, (UserId, String))> {
        let backend = self.server.backend.at(self.host.url());
        let setup = Setup::new(&backend, user, &self.server.folder().join("phone"))?;
        let mut config = setup.config();
        config.tuning.backoff_base = Duration::from_millis(1);
        config.tuning.backoff_cap = Duration::from_millis(10);
        config.tuning.request_timeout = Duration::from_secs(300);
        Ok((config, (setup.user, setup.identity)))
    }

    /// Starts the device as this user's; a second one is the first one started again.
    async fn start(&self, user: &UserId) -> anyhow::Result<CoreDevice> {
        let (config, identity) = self.config(user)?;
        CoreDevice::with_config(config, identity).await
    }

    async fn publish(&self, user: &UserId, title: &str) -> anyhow::Result<NotificationId> {
        Ok(self.server.backend.publish(&to_user(user, title)).await?.id)
    }

    /// The access token by which the device opened its newest connection of the hub.
    async fn access_token(&self) -> anyhow::Result<String> {
        let is_hub = |line: &str| line == "GET /hub";
        let request = self
            .host
            .request("a connection", |request| is_hub(&request.line));
        Ok(request.await?.bearer.unwrap_or_default())
    }

    /// How often somebody had to vouch for a user.
    fn vouched(&self) -> usize {
        let requests = self.host.requests();
        let vouched = |body: &Value| body.get("identity_token").is_some();
        requests
            .iter()
            .filter(|request| vouched(&request.body))
            .count()
    }
}
