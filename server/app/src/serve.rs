//! Runs a server from its first byte to its last.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vestnik_clock::{Clock, SystemClock};
use vestnik_model::contract::{Drain, device};
use vestnik_signalr::server::{Frame, HubHandle};
use vestnik_store::{OpenError, Store, StoreError, operations::Secrets};
use vestnik_store_sqlite::{SqliteStore, StoreOptions};

use crate::{
    bus::{Bus, LocalBus},
    config::Config,
    credential::AccessTokens,
    door::{
        http,
        hub::{HubRates, HubThrottle},
    },
    effects::{self, Consumers, LateWake},
    feed::{
        Caps, Connections, Dirty, FanOut, Notes, PresenceBoard, Recheck, Unconfirmed, Watchers,
        flush_notes, recheck, renew_presence,
    },
    metrics::Metrics,
    state::{Inner, Live, ServerState},
    supervise::Supervisor,
};

/// Over how long returning devices are asked to spread, in milliseconds.
const RETURN_SPREAD: u32 = 2_000;
/// How many users are served at once.
const FEED_WORKERS: usize = 8;
/// The most watches of this node.
const WATCHES: usize = 10_000;

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

/// Serves until `shutdown`, then drains: devices are asked to come back, reports in hand are
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
    let metrics = Arc::new(Metrics::default());
    let live = live(&clock);
    let wake = Arc::new(LateWake::default());
    let sink = effects::sink(Arc::clone(&bus), Arc::clone(&live.connections), Arc::clone(&metrics));
    let late = Arc::clone(&wake);
    let consumers = Consumers {
        connections: Arc::clone(&live.connections),
        dirty: Arc::clone(&live.dirty),
        watchers: Arc::clone(&live.watchers),
        wake: Arc::new(move |kind| late.wake(kind)),
    };
    bus.attach(Arc::new(move |hint| consumers.take(hint)));
    let options = StoreOptions {
        sink,
        ..StoreOptions::new(Arc::clone(&clock))
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.database, options)?);
    let offered = Secrets {
        access: clock.random(),
        refresh: clock.random(),
    };
    let secrets = store.secrets(offered).await?;
    store.clear_presence(live.presence.node.clone()).await?;
    let state = ServerState::new(Inner {
        access: AccessTokens::new(&secrets, config.tokens),
        config,
        store,
        clock,
        hub: HubHandle::default(),
        live,
        hub_throttle: HubThrottle::new(HubRates::default()),
        metrics,
    });
    run(listener, &state, shutdown).await;
    if let Err(error) = state.live.notes.write(&*state.store).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "notes were not stored at the end");
    }
    state.store.close().await;
    Ok(())
}

fn live(clock: &Arc<dyn Clock>) -> Live {
    let notes = Arc::new(Notes::default());
    Live {
        connections: Arc::new(Connections::new(Caps::default())),
        dirty: Arc::default(),
        watchers: Arc::new(Watchers::new(WATCHES)),
        presence: Arc::new(PresenceBoard {
            node: "main".to_owned(),
            clock: Arc::clone(clock),
            notes: Arc::clone(&notes),
        }),
        notes,
    }
}

async fn run(listener: TcpListener, state: &ServerState, shutdown: CancellationToken) {
    let supervisor = Supervisor::default();
    keep_feed(state, &supervisor);
    tracing::info!("serving");
    let drained = drain(state.clone(), shutdown);
    http::serve(listener, http::router(state), state.config.limits, drained).await;
    supervisor.stop().await;
    tracing::info!("stopped");
}

/// Starts the tasks of the live feed.
fn keep_feed(state: &ServerState, supervisor: &Supervisor) {
    let Live {
        connections,
        dirty,
        watchers,
        notes,
        presence,
    } = state.live.clone();
    let unconfirmed = Unconfirmed::start(supervisor, Arc::clone(&notes));
    let fan_out = FanOut {
        store: Arc::clone(&state.store),
        clock: Arc::clone(&state.clock),
        connections: Arc::clone(&connections),
        dirty: Arc::clone(&dirty),
        notes: Arc::clone(&notes),
        unconfirmed,
        metrics: Arc::clone(&state.metrics),
        bounds: state.page_bounds(),
    };
    for _ in 0..FEED_WORKERS {
        let fan_out = fan_out.clone();
        supervisor.keep("feed", move || fan_out.clone().work());
    }
    let store = Arc::clone(&state.store);
    supervisor.keep("notes", move || flush_notes(Arc::clone(&notes), Arc::clone(&store)));
    let compared = Recheck {
        store: Arc::clone(&state.store),
        clock: Arc::clone(&state.clock),
        connections: Arc::clone(&connections),
        dirty,
        watchers,
        millis: state.config.delivery.recheck_millis,
    };
    supervisor.keep("recheck", move || recheck(compared.clone()));
    supervisor.keep("presence", move || {
        renew_presence(Arc::clone(&presence), Arc::clone(&connections))
    });
}

/// Waits for the signal, then empties the hub; requests in hand go on meanwhile.
async fn drain(state: ServerState, shutdown: CancellationToken) {
    shutdown.cancelled().await;
    tracing::info!(connections = state.hub.connection_count(), "draining");
    for (index, device) in (0..).zip(state.live.connections.devices()) {
        let retry_after_ms = spread(index);
        let frame = Frame::new(device::DRAIN, (Drain { retry_after_ms },));
        if device.connection.try_send(&frame).is_err() {
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
