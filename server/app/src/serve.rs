//! Runs a server from its first byte to its last.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vestnik_clock::{Clock, SystemClock};
use vestnik_model::contract::{Drain, device};
use vestnik_outbound::TrustError;
use vestnik_push::Driver;
use vestnik_signalr::server::{Frame, HubHandle};
use vestnik_store::{OpenError, Store, StoreError, effect::Revocation, operations::Secrets};
use vestnik_store_sqlite::{Found, SealKey, SqliteStore, StoreOptions, slow_disk};

use crate::{
    backup,
    bus::{Bus, Hint, LocalBus},
    channel::{
        self, BackendSender, GatewaySender, MailSender, Posting, PushSender, Sender,
        webhook::WebhookSender,
    },
    config::{Config, ConfigError, FeedConfig, Source},
    credential::{AccessTokens, LinkKey},
    door::http,
    effects::{self, Consumers},
    feed::{
        Caps, Connections, FanOut, Notes, PresenceBoard, Recheck, Unconfirmed, WatchCaps, Watchers,
        flush_notes, recheck, renew_presence,
    },
    metrics::Metrics,
    rate::Rates,
    refusal::chain,
    state::{Inner, Live, RefreshKey, ServerState},
    supervise::Supervisor,
    worker::{self, Dispatcher, Flight, Loops, WebhookLoop, Worker},
};

/// Over how long returning devices are asked to spread, in milliseconds.
const RETURN_SPREAD: u32 = 2_000;

/// Why a server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A setting cannot be used, or the key for the secrets in the database cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The certificates that the system trusts cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
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
    /// The key that secrets in the database are encrypted under; absent, the one of the settings.
    pub seal_key: Option<SealKey>,
    /// How much longer each commit takes: benches measure a slow disk with it.
    pub commit_delay: Option<Duration>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            bus: Arc::new(LocalBus::default()),
            seal_key: None,
            commit_delay: None,
        }
    }
}

/// A server whose database is open and that does not listen yet.
#[derive(Debug)]
pub struct Server {
    state: ServerState,
    supervisor: Supervisor,
    sender: Sender,
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
    let server = Server::open(config, parts).await?;
    server.serve(listener, shutdown).await;
    Ok(())
}

impl Server {
    /// Checks the settings and opens the database.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn open(config: Config, parts: Parts) -> Result<Self, ServeError> {
        config.checked(&Source::Program)?;
        let Parts {
            clock,
            bus,
            seal_key,
            commit_delay,
        } = parts;
        let (live, metrics) = (live(&config, &clock), Arc::new(Metrics::default()));
        let loops = Arc::new(Loops::new(&*clock));
        attach(&bus, &live, &loops);
        let mut options = StoreOptions {
            key: own_or_configured(seal_key, &config)?,
            sink: effects::sink(
                Arc::clone(&bus),
                Arc::clone(&live.connections),
                Arc::clone(&metrics),
            ),
            ..StoreOptions::new(Arc::clone(&clock))
        };
        options.writer.before_commit = commit_delay.map(slow_disk);
        let store = SqliteStore::open(&config.database, options)?;
        log_opening(&store);
        let store: Arc<dyn Store> = Arc::new(store);
        let offered = Secrets {
            access: clock.random(),
            refresh: clock.random(),
        };
        let secrets = store.secrets(offered).await?;
        store.clear_presence(live.presence.node.clone()).await?;
        let supervisor = Supervisor::default();
        let pushes = pushes(&config, &clock);
        let letters = letters(&config, (&store, &clock), secrets.refresh);
        let webhooks = webhooks(&config, &clock, &metrics)?;
        let gateways = gateways(&config, (&store, &clock));
        let state = ServerState::new(Inner {
            access: AccessTokens::new(&secrets.access, config.tokens),
            backends: backends(&config, (&store, &clock))?,
            refresh_key: RefreshKey(secrets.refresh),
            rates: Arc::new(Rates::new(config.rates, Arc::clone(&clock))),
            uploads: config.audiences.upload_places(),
            config,
            store,
            clock,
            hub: HubHandle::default(),
            live,
            pushes,
            letters,
            gateways,
            webhooks,
            loops,
            health: supervisor.health(),
            metrics,
        });
        Ok(Self {
            sender: sender(&state, &bus),
            state,
            supervisor,
        })
    }

    /// What the doors of a server without sockets share.
    #[cfg(test)]
    pub(crate) fn into_state(self) -> ServerState {
        self.state
    }

    /// Closes the database of a server that cannot be started.
    pub async fn close(self) {
        self.state.store.close().await;
    }

    /// Serves until `shutdown`, then drains and closes the database.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let Self {
            state,
            supervisor,
            sender,
        } = self;
        keep_feed(&state, &supervisor);
        let flight = keep_work(&state, sender, &supervisor);
        tracing::info!("serving");
        let drained = drain(state.clone(), shutdown);
        http::serve(listener, http::router(&state), &state.config, drained).await;
        supervisor.stop().await;
        // First what is known now: services may let the rest wait.
        write_notes(&state).await;
        // What a service took, or has in its hands, is noted before the database is closed.
        flight.land().await;
        state.gateways.stop().await;
        state.store.close().await;
        tracing::info!("stopped");
    }
}

async fn write_notes(state: &ServerState) {
    let written = state.live.notes.write(&*state.store, &*state.clock);
    if let Err(error) = written.await {
        let error = chain(&error);
        tracing::warn!(error, "notes were not stored at the end");
    }
}

/// Has the hints of every node given to the consumers of this one.
fn attach(bus: &Arc<dyn Bus>, live: &Live, loops: &Arc<Loops>) {
    let loops = Arc::clone(loops);
    let consumers = Consumers {
        connections: Arc::clone(&live.connections),
        dirty: Arc::clone(&live.dirty),
        watchers: Arc::clone(&live.watchers),
        events: Arc::clone(&live.events),
        wake: Arc::new(move |kind| loops.wake(kind)),
    };
    bus.attach(Arc::new(move |hint| consumers.take(hint)));
}

/// Says what an operator should know of how the file was opened.
fn log_opening(store: &SqliteStore) {
    let opening = store.opening();
    match opening.found {
        Found::New => tracing::info!("the database was made"),
        Found::Same => {}
        Found::Restored => tracing::warn!(
            "the database is not the one that was closed last: it was restored or copied; devices \
             read their logs anew, access tokens are void, and API keys that were revoked since the \
             copy was made are valid again",
        ),
    }
    if opening.has_encrypted {
        tracing::info!("secrets that were stored plainly are encrypted now");
    }
    for note in &opening.notes {
        tracing::warn!(?note, "while the database was opened");
    }
}

fn live(config: &Config, clock: &Arc<dyn Clock>) -> Live {
    let notes = Arc::new(Notes::default());
    Live {
        connections: Arc::new(Connections::new(caps(config.feed))),
        dirty: Arc::default(),
        watchers: Arc::new(Watchers::new(watch_caps(config.feed))),
        events: Arc::new(Watchers::new(watch_caps(config.feed))),
        presence: Arc::new(PresenceBoard {
            node: config.node.clone().unwrap_or_else(|| "main".to_owned()),
            clock: Arc::clone(clock),
            notes: Arc::clone(&notes),
        }),
        notes,
    }
}

fn watch_caps(feed: FeedConfig) -> WatchCaps {
    WatchCaps {
        key: feed.watches_per_key,
        app: feed.watches_per_app,
        total: feed.watches,
    }
}

fn caps(feed: FeedConfig) -> Caps {
    Caps {
        installation: feed.connections_per_installation,
        user: feed.connections_per_user,
        key: feed.connections_per_key,
        app: feed.connections_per_app,
        total: feed.connections,
    }
}

/// What sends the tries of dispatches. It forgets credentials that are deleted.
fn sender(state: &ServerState, bus: &Arc<dyn Bus>) -> Sender {
    let sender = Sender {
        store: Arc::clone(&state.store),
        clock: Arc::clone(&state.clock),
        pushes: PushSender::new(
            Arc::clone(&state.store),
            Arc::clone(&state.clock),
            state.pushes.clone(),
        ),
        letters: state.letters.clone(),
        backends: state.backends.clone(),
        gateways: state.gateways.clone(),
    };
    forget_revoked(bus, &sender);
    sender
}

/// Has credentials that are deleted forgotten by what sends with them. The consumer holds what they are kept in,
/// and not the store, which holds the bus.
fn forget_revoked(bus: &Arc<dyn Bus>, sender: &Sender) {
    let (pushes, letters) = (sender.pushes.forgetter(), sender.letters.forgetter());
    let (backends, gateways) = (sender.backends.forgetter(), sender.gateways.forgetter());
    bus.attach(Arc::new(move |hint| {
        if let Hint::Revoked {
            app,
            what: Revocation::Provider { channel },
        } = hint
        {
            pushes(app, *channel);
            letters(app, *channel);
            backends(app, *channel);
            gateways(app, *channel);
        }
    }));
}

/// Starts the loops of work.
fn keep_work(state: &ServerState, sender: Sender, supervisor: &Supervisor) -> Arc<Flight> {
    let flight = Arc::<Flight>::default();
    let worker = Worker {
        work: Arc::clone(&state.store) as _,
        clock: Arc::clone(&state.clock),
        loops: Arc::clone(&state.loops),
    };
    worker::start(&worker, supervisor);
    let dispatcher = Dispatcher {
        sender,
        loops: Arc::clone(&state.loops),
        flight: Arc::clone(&flight),
    };
    supervisor.keep("dispatch", move || dispatcher.clone().run());
    let webhooks = WebhookLoop {
        store: Arc::clone(&state.store),
        clock: Arc::clone(&state.clock),
        sender: state.webhooks.clone(),
        loops: Arc::clone(&state.loops),
        metrics: Arc::clone(&state.metrics),
        turns: Arc::default(),
    };
    supervisor.keep("webhook", move || webhooks.clone().run());
    flight
}

/// The key of secrets: that which the program was given, else that of the configuration.
fn own_or_configured(own: Option<SealKey>, config: &Config) -> Result<Option<SealKey>, ServeError> {
    Ok(match own {
        Some(key) => Some(key),
        None => backup::seal_key(config)?,
    })
}

/// What sends events to webhooks.
fn webhooks(
    config: &Config,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
) -> Result<WebhookSender, TrustError> {
    // It was checked with the other settings.
    let reach = config.outbound.reach().unwrap_or_default();
    WebhookSender::new(reach, Arc::clone(clock), Arc::clone(metrics))
}

/// What sends letters, with the secret that outlives restarts.
fn letters(
    config: &Config,
    (store, clock): (&Arc<dyn Store>, &Arc<dyn Clock>),
    secret: [u8; 32],
) -> MailSender {
    MailSender::new(Posting {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        // It was checked with the other settings.
        reach: config.outbound.reach().unwrap_or_default(),
        secret,
        links: LinkKey::new(&secret),
        public_url: config.public_url.clone(),
    })
}

/// What asks the backends of Apps.
fn backends(
    config: &Config,
    (store, clock): (&Arc<dyn Store>, &Arc<dyn Clock>),
) -> Result<BackendSender, TrustError> {
    let reach = config.outbound.reach().unwrap_or_default();
    BackendSender::new(Arc::clone(store), Arc::clone(clock), reach)
}

/// What sends messages by gateways.
fn gateways(config: &Config, (store, clock): (&Arc<dyn Store>, &Arc<dyn Clock>)) -> GatewaySender {
    GatewaySender::new(Arc::clone(store), Arc::clone(clock), config)
}

/// What sends pushes.
fn pushes(config: &Config, clock: &Arc<dyn Clock>) -> Driver {
    let driver = vestnik_push::driver::Config {
        // It was checked with the other settings.
        reach: config.outbound.reach().unwrap_or_default(),
        limits: channel::limits(),
        ..vestnik_push::driver::Config::default()
    };
    Driver::new(Arc::clone(clock), driver)
}

/// Starts the tasks of the live feed.
fn keep_feed(state: &ServerState, supervisor: &Supervisor) {
    let Live {
        connections,
        dirty,
        watchers,
        events,
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
    for _ in 0..state.config.feed.workers {
        let fan_out = fan_out.clone();
        supervisor.keep("feed", move || fan_out.clone().work());
    }
    let (store, clock) = (Arc::clone(&state.store), Arc::clone(&state.clock));
    supervisor.keep("notes", move || {
        flush_notes(Arc::clone(&notes), Arc::clone(&store), Arc::clone(&clock))
    });
    let compared = Recheck {
        store: Arc::clone(&state.store),
        clock: Arc::clone(&state.clock),
        connections: Arc::clone(&connections),
        dirty,
        watchers,
        events,
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
    announce_drain(&state.live.connections);
    let patience = Duration::from_secs(u64::from(state.config.limits.drain_seconds));
    if tokio::time::timeout(patience, state.hub.drain(true))
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time");
    }
}

/// Asks every device to come back, each at a time of its own.
fn announce_drain(connections: &Connections) {
    let mut index = 0;
    let mut part = connections.devices(None);
    loop {
        for device in part.items {
            let retry_after_ms = spread(index);
            index = index.wrapping_add(1);
            let frame = Frame::new(device::DRAIN, (Drain { retry_after_ms },));
            if device.connection.try_send(&frame).is_err() {
                tracing::debug!("drain notice not sent; the device will see the connection close");
            }
        }
        let Some(last) = part.behind else { return };
        part = connections.devices(Some(&last));
    }
}

/// When the n-th device is asked to come back: evenly over the spread, neighbours far apart.
fn spread(index: u32) -> u32 {
    // The golden ratio's fraction of 2^32 scatters consecutive numbers evenly.
    let scattered = index.wrapping_mul(2_654_435_769);
    u32::try_from((u64::from(scattered) * u64::from(RETURN_SPREAD)) >> 32).unwrap_or_default()
}
