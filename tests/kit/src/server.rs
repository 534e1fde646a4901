//! A real server in this process, on a free port of loopback, with a file of its own.

mod running;

use std::{net::SocketAddr, path::Path, sync::Arc};

use reqwest::Url;
use rusqlite::Connection;
use tempfile::TempDir;
use vestnik_clock::{Clock, SystemClock};
use vestnik_model::AppId;
use vestnik_server::{Config, Parts, bus::Bus};
use vestnik_sqlite::Held;
use vestnik_store::Operations as _;
use vestnik_store_sqlite::{SqliteStore, StoreOptions};

use self::running::Running;
use crate::{
    backend::{Backend, Secrets},
    name::{base, free_port},
    wait::asked,
};

/// A server, and the backends of two Apps at it.
#[derive(Debug)]
pub struct TestServer {
    /// The backend of the App `shop`.
    pub backend: Backend,
    /// The backend of the App `other`.
    pub other: Backend,
    setup: Setup,
    address: SocketAddr,
    /// None between [`TestServer::halt`] and [`TestServer::resume`].
    running: Option<Running>,
    folder: TempDir,
}

/// What a [`TestServer`] runs with: the server's own settings, the system's clock and the local bus,
/// unless it is said otherwise.
///
/// ```no_run
/// # async fn example() -> anyhow::Result<()> {
/// use vestnik_testkit::{TestServer, server::Setup};
///
/// let server = TestServer::with(Setup::default().config(|config| {
///     config.delivery.recheck_millis = 300;
/// }))
/// .await?;
/// server.stop().await
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Setup {
    config: Config,
    bus: Option<Arc<dyn Bus>>,
    clock: Option<Arc<dyn Clock>>,
}

impl Setup {
    /// The settings alone, for a server in a process of its own.
    #[must_use]
    pub fn into_config(self) -> Config {
        self.config
    }

    /// The same with changed settings. The address and the file are the kit's.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// The same with a bus of the test's own. Servers that are started again attach to it again.
    #[must_use]
    pub fn bus(mut self, bus: Arc<dyn Bus>) -> Self {
        self.bus = Some(bus);
        self
    }

    /// The same with a clock that the test moves: a [`ManualClock`](vestnik_clock::ManualClock), or an
    /// [`AheadClock`](crate::clock::AheadClock).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The same without limits that a load of one machine could reach: of requests per second, and of
    /// connections of one address.
    #[must_use]
    pub fn unlimited(self) -> Self {
        self.config(|config| {
            let rates = &mut config.rates;
            for rate in [
                &mut rates.key_per_second,
                &mut rates.key_burst,
                &mut rates.installation_per_second,
                &mut rates.installation_burst,
                &mut rates.user_per_second,
                &mut rates.user_burst,
                &mut rates.address_per_second,
                &mut rates.address_burst,
                &mut rates.token_per_minute,
                &mut rates.token_burst,
            ] {
                *rate = 1_000_000;
            }
            config.limits.connections_per_address = config.limits.connections;
        })
    }

    /// What one start of the server stands on.
    fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        if let Some(bus) = &self.bus {
            parts.bus = Arc::clone(bus);
        }
        if let Some(clock) = &self.clock {
            parts.clock = Arc::clone(clock);
        }
        parts
    }
}

/// How [`TestServer::halt`] ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// As an operator ends it: it drains, and must end without an error.
    Drain,
    /// In the middle of everything: its tasks are dropped and its sockets closed, without a drain.
    /// Its store ends with the transaction in hand. For the death of a process see the fault runs.
    Kill,
}

impl TestServer {
    /// Starts a server with its own settings.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with(Setup::default()).await
    }

    /// Starts a server with settings of the test's own.
    ///
    /// # Errors
    /// When the server does not start.
    pub async fn with(mut setup: Setup) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        setup.config.database = folder.path().join("vestnik.sqlite");
        let shop = bootstrap(&setup.config.database, "shop").await?;
        let other = bootstrap(&setup.config.database, "other").await?;
        let running = Running::start(&setup, free_port()).await?;
        let address = running.address();
        Ok(Self {
            backend: Backend::new(base(address), shop)?,
            other: Backend::new(base(address), other)?,
            setup,
            address,
            running: Some(running),
            folder,
        })
    }

    /// Where the server listens. It stays the same over restarts.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the server listens, as a URL.
    #[must_use]
    pub fn url(&self) -> Url {
        base(self.address)
    }

    /// The server's file.
    #[must_use]
    pub fn database(&self) -> &Path {
        &self.setup.config.database
    }

    /// The folder of the server's file; tests may put theirs beside it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the server and keeps its file and port, so that the file can be looked at or replaced.
    ///
    /// # Errors
    /// When it does not end as asked.
    pub async fn halt(&mut self, how: Halt) -> anyhow::Result<()> {
        match (self.running.take(), how) {
            (Some(running), Halt::Drain) => running.stop().await,
            (Some(running), Halt::Kill) => {
                running.kill().await?;
                released(self.database()).await
            }
            (None, _) => Ok(()),
        }
    }

    /// Starts a halted server on its file and port.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        self.running = Some(Running::start(&self.setup, self.address).await?);
        Ok(())
    }

    /// Stops the server as an operator does, and starts it on the same file and port.
    ///
    /// # Errors
    /// When it does not stop without an error, or not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.halt(Halt::Drain).await?;
        self.resume().await
    }

    /// Kills the server in the middle of everything, and starts it on the same file and port.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.halt(Halt::Kill).await?;
        self.resume().await
    }

    /// Stops the server and insists that it drained without an error.
    ///
    /// # Errors
    /// When it did not.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.halt(Halt::Drain).await
    }

    /// As [`TestServer::stop`], and hands its folder over, with what is in it.
    ///
    /// # Errors
    /// When it did not stop without an error.
    pub async fn keep(mut self) -> anyhow::Result<TempDir> {
        self.halt(Halt::Drain).await?;
        Ok(self.folder)
    }
}

/// Waits until a killed server's store has ended, with the transaction that it had in hand.
async fn released(database: &Path) -> anyhow::Result<()> {
    asked(
        "the end of a killed server's store",
        async || match Held::take(database) {
            Ok(held) => {
                drop(held);
                Ok(Some(()))
            }
            Err(vestnik_sqlite::OpenError::Locked { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        },
    )
    .await
}

/// What is wrong with the file of a server that has ended, or `ok`: SQLite's own check, and every counter
/// against a recount.
///
/// # Errors
/// When the file cannot be opened.
pub async fn integrity(database: &Path) -> anyhow::Result<String> {
    let check = "PRAGMA integrity_check";
    let sqlite: String = Connection::open(database)?.query_row(check, [], |row| row.get(0))?;
    let options = StoreOptions::new(Arc::new(SystemClock));
    let store = SqliteStore::open(database, options)?;
    let wrong = store.check_integrity().await;
    store.close().await;
    let wrong = wrong?;
    if wrong.is_empty() {
        return Ok(sqlite);
    }
    Ok(format!("{sqlite}, and {}", wrong.join(", ")))
}

/// Makes an App with its first keys in a server's file.
///
/// # Errors
/// When the file cannot be opened or has the App already.
pub async fn bootstrap(database: &Path, app: &str) -> anyhow::Result<Secrets> {
    let app = AppId::parse(app)?;
    let made = vestnik_server::bootstrap(database, None, app.clone()).await?;
    Ok(Secrets {
        app,
        key: made.admin_key,
        identity_key_id: made.identity_key_id,
        identity_secret: made.identity_secret,
    })
}
