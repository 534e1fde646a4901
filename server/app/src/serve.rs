//! Runs a server from its first byte to its last.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vestnik_model::contract::{Drain, device};
use vestnik_signalr::server::Frame;
use vestnik_store::{OpenError, Store, StoreError};
use vestnik_store_sqlite::SqliteStore;

use crate::{
    accept,
    app::{App, AppParts},
    bootstrap::random_epoch,
    bus::{Bus, LocalBus},
    clock::{Clock, SystemClock},
    config::Config,
    hub::{Feed, recheck},
    router, worker,
};

/// Over how long returning devices are asked to spread, in milliseconds.
const RETURN_SPREAD: u32 = 2_000;

/// Why a server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a server stands on. Tests give their own.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Time and randomness.
    pub clock: Arc<dyn Clock>,
    /// Hints between those who write and those who hold connections.
    pub bus: Arc<dyn Bus>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            bus: Arc::new(LocalBus::default()),
        }
    }
}

/// Serves until `shutdown`, then drains: devices are asked to come back, receipts in hand are
/// finished, the database is closed.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    serve_with(listener, config, shutdown, Parts::default()).await
}

/// As [`serve`], on given parts.
///
/// # Errors
/// [`ServeError`].
pub async fn serve_with(
    listener: TcpListener,
    config: Config,
    shutdown: CancellationToken,
    parts: Parts,
) -> Result<(), ServeError> {
    let Parts { clock, bus } = parts;
    let store = SqliteStore::open(&config.database, random_epoch(clock.as_ref()))?;
    let store: Arc<dyn Store> = Arc::new(store);
    let signing_secret = store.signing_secret(clock.random()).await?;
    let app = App::new(AppParts {
        config,
        store,
        bus,
        clock,
        signing_secret,
    });
    run(listener, &app, shutdown).await;
    app.store.close().await;
    Ok(())
}

async fn run(listener: TcpListener, app: &App, shutdown: CancellationToken) {
    let (workers, ends) = (TaskTracker::new(), CancellationToken::new());
    let feed = Feed::start(app, &workers);
    for task in [
        ends.clone()
            .run_until_cancelled_owned(feed.clone().hear(app.clone()))
            .boxed(),
        ends.clone()
            .run_until_cancelled_owned(recheck(app.clone(), feed.clone()))
            .boxed(),
        ends.clone()
            .run_until_cancelled_owned(worker::run(app.clone()))
            .boxed(),
    ] {
        workers.spawn(task);
    }
    drop(feed);
    tracing::info!("serving");
    let drained = drain(app.clone(), shutdown);
    accept::serve(listener, router::router(app), app.config.limits, drained).await;
    ends.cancel();
    workers.close();
    workers.wait().await;
    tracing::info!("stopped");
}

/// Waits for the signal, then empties the hub; requests in hand go on meanwhile.
async fn drain(app: App, shutdown: CancellationToken) {
    shutdown.cancelled().await;
    tracing::info!(connections = app.hub.connection_count(), "draining");
    for (index, connection) in (0..).zip(app.devices.connections()) {
        let retry_after_ms = spread(index);
        let frame = Frame::new(device::DRAIN, (Drain { retry_after_ms },));
        if connection.try_send(&frame).is_err() {
            tracing::debug!("a device learns of the drain by its connection's end");
        }
    }
    let patience = Duration::from_secs(u64::from(app.config.limits.drain_seconds));
    if tokio::time::timeout(patience, app.hub.drain(true))
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time");
    }
}

/// When the n-th device is asked to come back: evenly over the spread, neighbours far apart.
fn spread(index: u32) -> u32 {
    // The golden ratio's fraction of 2^32 scatters consecutive numbers evenly.
    let scattered = index.wrapping_mul(2_654_435_769);
    u32::try_from((u64::from(scattered) * u64::from(RETURN_SPREAD)) >> 32).unwrap_or_default()
}
