//! Runs a server from its first byte to its last.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vestnik_model::contract::{Drain, device};
use vestnik_signalr::server::Frame;
use vestnik_store::{OpenError, Store, StoreError};
use vestnik_store_sqlite::SqliteStore;

use crate::{
    bootstrap::random_epoch,
    bus::{Bus, LocalBus},
    clock::{Clock, SystemClock},
    config::Config,
    door::http,
    feed::{Feed, recheck},
    state::{ServerState, StateParts},
    worker::{self, DueJobs},
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
    let state = ServerState::new(StateParts {
        config,
        store,
        bus,
        clock,
        signing_secret,
    });
    run(listener, &state, shutdown).await;
    state.store.close().await;
    Ok(())
}

async fn run(listener: TcpListener, state: &ServerState, shutdown: CancellationToken) {
    let (workers, ends) = (TaskTracker::new(), CancellationToken::new());
    let feed = Feed::start(&state.fan_out(), &workers);
    let devices = Arc::clone(&state.devices);
    let (clock, millis) = (
        Arc::clone(&state.clock),
        state.config.delivery.recheck_millis,
    );
    for task in [
        feed.clone().listen(Arc::clone(&state.bus)).boxed(),
        recheck(feed, devices, clock, millis).boxed(),
        worker::run(due_jobs(state)).boxed(),
    ] {
        workers.spawn(ends.clone().run_until_cancelled_owned(task));
    }
    tracing::info!("serving");
    let drained = drain(state.clone(), shutdown);
    http::serve(listener, http::router(state), state.config.limits, drained).await;
    ends.cancel();
    workers.close();
    workers.wait().await;
    tracing::info!("stopped");
}

fn due_jobs(state: &ServerState) -> DueJobs {
    DueJobs {
        store: Arc::clone(&state.store),
        bus: Arc::clone(&state.bus),
        clock: Arc::clone(&state.clock),
        changes: state.changes.clone(),
        keep: SignedDuration::from_hours(24 * i64::from(state.config.delivery.keep_days)),
    }
}

/// Waits for the signal, then empties the hub; requests in hand go on meanwhile.
async fn drain(state: ServerState, shutdown: CancellationToken) {
    shutdown.cancelled().await;
    tracing::info!(connections = state.hub.connection_count(), "draining");
    for (index, connection) in (0..).zip(state.devices.connections()) {
        let retry_after_ms = spread(index);
        let frame = Frame::new(device::DRAIN, (Drain { retry_after_ms },));
        if connection.try_send(&frame).is_err() {
            tracing::debug!("drain notice not sent; the device will see the connection close");
        }
    }
    let patience = Duration::from_secs(u64::from(state.config.limits.drain_seconds));
    if tokio::time::timeout(patience, state.hub.drain(true))
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
