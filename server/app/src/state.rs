//! What the doors share, and what each operation is given of it.

use std::sync::Arc;

use jiff::SignedDuration;
use vestnik_signalr::server::HubHandle;
use vestnik_store::Store;

use crate::{
    bus::{Bus, Changes},
    clock::Clock,
    config::Config,
    credential::AccessTokens,
    feed::{Devices, FanOut},
    metrics::Metrics,
    operation::{Greeting, Publishing, Reporting, Syncing, TokenIssuer, Watching},
};

/// What the doors share. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ServerState(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: AccessTokens,
    /// The live connections.
    pub(crate) hub: HubHandle,
    /// Where each device stands in its user's log.
    pub(crate) devices: Arc<Devices>,
    /// Changes of notifications, for those who watch.
    pub(crate) changes: Changes,
    pub(crate) metrics: Arc<Metrics>,
}

/// What a [`ServerState`] is made of.
pub(crate) struct StateParts {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) signing_secret: [u8; 32],
}

impl ServerState {
    pub(crate) fn new(parts: StateParts) -> Self {
        let StateParts {
            config,
            store,
            bus,
            clock,
            signing_secret,
        } = parts;
        let metrics = Arc::new(Metrics::default());
        Self(Arc::new(Inner {
            access: AccessTokens::new(&signing_secret, config.tokens),
            config,
            store,
            bus,
            clock,
            hub: HubHandle::default(),
            devices: Arc::default(),
            changes: Changes::new(Arc::clone(&metrics)),
            metrics,
        }))
    }

    pub(crate) fn fan_out(&self) -> FanOut {
        FanOut {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            devices: Arc::clone(&self.devices),
            changes: self.changes.clone(),
            metrics: Arc::clone(&self.metrics),
        }
    }

    pub(crate) fn publishing(&self) -> Publishing<'_> {
        Publishing {
            store: &*self.store,
            bus: &*self.bus,
            clock: &*self.clock,
            metrics: &self.metrics,
        }
    }

    pub(crate) fn reporting(&self) -> Reporting<'_> {
        Reporting {
            store: &*self.store,
            bus: &*self.bus,
            clock: &*self.clock,
            changes: &self.changes,
        }
    }

    pub(crate) fn token_issuer(&self) -> TokenIssuer<'_> {
        TokenIssuer {
            store: &*self.store,
            clock: &*self.clock,
            access: &self.access,
            refresh_life: SignedDuration::from_secs(i64::from(self.config.tokens.refresh_seconds)),
        }
    }

    pub(crate) fn greeting(&self) -> Greeting<'_> {
        Greeting {
            store: &*self.store,
            bus: &*self.bus,
            clock: &*self.clock,
            devices: &self.devices,
        }
    }

    pub(crate) fn syncing(&self) -> Syncing<'_> {
        Syncing {
            store: &*self.store,
            bus: &*self.bus,
            clock: &*self.clock,
            devices: &self.devices,
            changes: &self.changes,
        }
    }

    pub(crate) fn watching(&self) -> Watching {
        Watching {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            changes: self.changes.clone(),
        }
    }
}

impl std::ops::Deref for ServerState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
