//! A world to test in: a real server on a free loopback port with a file of its own, and the
//! backend of one App.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use reqwest::Url;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vestnik_model::{AppId, InstallationId, UserId, route};
use vestnik_server::{
    Config, Parts, ServeError,
    bus::{Bus, LocalBus},
};

use crate::{
    backend::{Backend, Secrets},
    eventually::{SOON, within},
};

/// A server, and the backend of an App at it.
#[derive(Debug)]
pub struct World {
    /// The App's backend.
    pub backend: Backend,
    /// The backend of another App at the same server.
    pub other: Backend,
    server: Server,
    config: Config,
    bus: Arc<dyn Bus>,
    folder: TempDir,
}

impl World {
    /// Starts one with the server's own settings.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with_config(|_| {}).await
    }

    /// Starts one with other settings.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn with_config(change: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        Self::with_bus(Arc::new(LocalBus::default()), change).await
    }

    /// Starts one with other settings and another bus.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn with_bus(
        bus: Arc<dyn Bus>,
        change: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut config = config(&folder.path().join("vestnik.sqlite"));
        change(&mut config);
        let secrets = bootstrap(&config.database, "shop").await?;
        let other = bootstrap(&config.database, "other").await?;
        let server = Server::start(config.clone(), free_port(), bus.clone()).await?;
        Ok(Self {
            backend: Backend::new(base(server.address)?, secrets)?,
            other: Backend::new(base(server.address)?, other)?,
            server,
            config,
            bus,
            folder,
        })
    }

    /// Where the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The server's file.
    #[must_use]
    pub fn database(&self) -> &Path {
        &self.config.database
    }

    /// Where the server's file is, and whatever else is made for this world.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the server as an operator does, and starts it again on its file and port.
    ///
    /// # Errors
    /// When it does not stop cleanly or start again.
    pub async fn restart(self) -> anyhow::Result<Self> {
        let address = self.server.address;
        self.server.stop().await?;
        Ok(Self {
            server: Server::start(self.config.clone(), address, self.bus.clone()).await?,
            ..self
        })
    }

    /// As [`World::stop`], and gives the server's folder away, with what is in it.
    ///
    /// # Errors
    /// When it did not stop well.
    pub async fn keep(self) -> anyhow::Result<TempDir> {
        self.server.stop().await?;
        Ok(self.folder)
    }

    /// Stops the server and insists that it drained without an error.
    ///
    /// # Errors
    /// When it did not.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await
    }
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    async fn start(config: Config, at: SocketAddr, bus: Arc<dyn Bus>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let shutdown = CancellationToken::new();
        let parts = Parts {
            bus,
            ..Parts::default()
        };
        let serving = vestnik_server::serve_with(listener, config, shutdown.clone(), parts);
        let task = tokio::spawn(serving);
        let ready = reqwest::get(base(address)?.join(route::READYZ)?).await?;
        ready.error_for_status()?;
        Ok(Self {
            address,
            shutdown,
            task,
        })
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let served = within("the server's end", SOON, self.task).await??;
        served.context("the server did not end well")
    }
}

/// The server's settings for a test: its own, with a file given.
#[must_use]
pub fn config(database: &Path) -> Config {
    Config {
        database: database.to_owned(),
        ..Config::default()
    }
}

/// Makes an App with its first keys in a server's file.
///
/// # Errors
/// When the file cannot be opened or the App is there already.
pub async fn bootstrap(database: &Path, app: &str) -> anyhow::Result<Secrets> {
    let app = AppId::parse(app)?;
    let made = vestnik_server::bootstrap(database, app.clone()).await?;
    Ok(Secrets {
        app,
        key: made.admin_key,
        identity_key_id: made.identity_key_id,
        identity_secret: made.identity_secret,
    })
}

/// The address of a server as a URL.
///
/// # Errors
/// Never for a real address.
pub fn base(address: SocketAddr) -> anyhow::Result<Url> {
    Ok(Url::parse(&format!("http://{address}/"))?)
}

/// Any free port of loopback.
#[must_use]
pub fn free_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A user by name.
///
/// # Panics
/// When it is not a user's name; tests write it down themselves.
#[must_use]
pub fn user(name: &str) -> UserId {
    UserId::parse(name).expect("tests name their users well")
}

/// An installation by number.
#[must_use]
pub const fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}
