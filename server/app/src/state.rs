//! What the doors share, and what each operation is given of it.

use std::sync::Arc;

use jiff::SignedDuration;
use vestnik_clock::Clock;
use vestnik_model::{
    AppId,
    contract::Limits,
    limits::{DEFAULT_PAGE_ENTRIES, REPORT_BYTES},
};
use vestnik_push::Driver;
use vestnik_rules::work;
use vestnik_signalr::server::HubHandle;
use vestnik_store::Store;

use crate::{
    channel::{BackendSender, GatewaySender, MailSender, webhook::WebhookSender},
    config::Config,
    credential::AccessTokens,
    feed::{Connections, Dirty, Everything, Notes, PageBounds, PresenceBoard, Watchers},
    metrics::Metrics,
    operation::{
        Bouncing, EventReading, Greeting, Hearing, Hooking, Issuing, Publishing, Reporting,
        Setting, Syncing, Uploading, Watching,
    },
    rate::Rates,
    share::Shares,
    supervise::Health,
    worker::Loops,
};

/// What the doors share. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ServerState(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: AccessTokens,
    pub(crate) refresh_key: RefreshKey,
    /// The hub's connections, as SignalR knows them.
    pub(crate) hub: HubHandle,
    pub(crate) live: Live,
    /// What every principal has taken of its rate.
    pub(crate) rates: Arc<Rates>,
    /// The uploads that are being taken.
    pub(crate) uploads: Shares<AppId>,
    /// What sends pushes.
    pub(crate) pushes: Driver,
    /// What sends letters.
    pub(crate) letters: MailSender,
    /// What asks the Apps' own backends.
    pub(crate) backends: BackendSender,
    /// What sends messages by gateways.
    pub(crate) gateways: GatewaySender,
    /// What sends events to webhooks.
    pub(crate) webhooks: WebhookSender,
    /// The loops of work.
    pub(crate) loops: Arc<Loops>,
    /// How the background tasks do.
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
}

/// The key that refresh tokens are derived with.
pub(crate) struct RefreshKey(pub(crate) [u8; 32]);

impl std::fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshKey")
    }
}

/// What the live half of the server works with: the consumers of effects, and what is noted.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) connections: Arc<Connections>,
    pub(crate) dirty: Arc<Dirty>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) events: Arc<Watchers<Everything>>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) presence: Arc<PresenceBoard>,
}

impl ServerState {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// How large messages may be.
    pub(crate) fn limits(&self) -> Limits {
        let bytes = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        Limits {
            page_bytes: bytes(self.config.limits.page_bytes),
            report_bytes: bytes(REPORT_BYTES),
            publish_bytes: bytes(
                self.config
                    .limits
                    .body_bytes
                    .min(self.config.limits.hub_message_bytes),
            ),
        }
    }

    /// What a page may hold.
    pub(crate) fn page_bounds(&self) -> PageBounds {
        PageBounds {
            entries: DEFAULT_PAGE_ENTRIES,
            bytes: self.config.limits.page_bytes,
        }
    }

    pub(crate) fn publishing(&self) -> Publishing<'_> {
        Publishing {
            store: &*self.store,
            clock: &*self.clock,
            metrics: &self.metrics,
            keep: work::days(self.config.delivery.keep_days),
        }
    }

    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting {
            store: &*self.store,
            backends: &self.backends,
            now: self.clock.now(),
        }
    }

    pub(crate) fn hearing(&self) -> Hearing<'_> {
        Hearing {
            store: &*self.store,
            gateways: &self.gateways,
            now: self.clock.now(),
        }
    }

    pub(crate) fn bouncing(&self) -> Bouncing<'_> {
        Bouncing {
            store: &*self.store,
            letters: &self.letters,
        }
    }

    pub(crate) fn reporting(&self) -> Reporting<'_> {
        Reporting {
            store: &*self.store,
            clock: &*self.clock,
        }
    }

    pub(crate) fn issuing(&self) -> Issuing<'_> {
        Issuing {
            store: &*self.store,
            clock: &*self.clock,
            access: &self.access,
            refresh_key: &self.refresh_key.0,
            refresh_life: SignedDuration::from_secs(i64::from(self.config.tokens.refresh_seconds)),
        }
    }

    pub(crate) fn greeting(&self) -> Greeting<'_> {
        Greeting {
            store: &*self.store,
            clock: &*self.clock,
            dirty: &self.live.dirty,
            notes: &self.live.notes,
            presence: &self.live.presence,
            limits: self.limits(),
        }
    }

    pub(crate) fn syncing(&self) -> Syncing {
        Syncing {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            dirty: Arc::clone(&self.live.dirty),
            notes: Arc::clone(&self.live.notes),
            bounds: self.page_bounds(),
        }
    }

    pub(crate) fn event_reading(&self) -> EventReading<'_> {
        EventReading {
            store: &*self.store,
            events: &self.live.events,
        }
    }

    pub(crate) fn uploading(&self) -> Uploading<'_> {
        Uploading {
            store: &*self.store,
            clock: &*self.clock,
            bounds: self.config.audiences,
        }
    }

    pub(crate) fn hooking(&self) -> Hooking<'_> {
        Hooking {
            store: &*self.store,
            clock: &*self.clock,
            sender: &self.webhooks,
            max: self.config.limits.webhooks_per_app,
        }
    }

    pub(crate) fn watching(&self) -> Watching {
        Watching {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            watchers: Arc::clone(&self.live.watchers),
        }
    }
}

impl std::ops::Deref for ServerState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
