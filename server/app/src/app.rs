//! What every handler shares.

use std::sync::Arc;

use tokio::sync::broadcast;
use vestnik_signalr::server::HubHandle;
use vestnik_store::{Change, Store};

use crate::{
    auth::access::AccessTokens, bus::Bus, clock::Clock, config::Config, hub::Devices,
    metrics::Metrics,
};

/// How many changes wait for a slow watcher before it reads the state anew.
const CHANGES: usize = 4_096;

/// What every handler shares. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Inner>);

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
    pub(crate) devices: Devices,
    /// What changed about notifications, for those who watch.
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) metrics: Metrics,
}

/// What an [`App`] is made of.
pub(crate) struct AppParts {
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) signing_secret: [u8; 32],
}

impl App {
    pub(crate) fn new(parts: AppParts) -> Self {
        let AppParts {
            config,
            store,
            bus,
            clock,
            signing_secret,
        } = parts;
        Self(Arc::new(Inner {
            access: AccessTokens::new(&signing_secret, config.tokens),
            config,
            store,
            bus,
            clock,
            hub: HubHandle::default(),
            devices: Devices::default(),
            changes: broadcast::Sender::new(CHANGES),
            metrics: Metrics::default(),
        }))
    }

    /// Tells watchers what changed. Nobody listening is fine.
    pub(crate) fn tell(&self, changes: Vec<Change>) {
        for change in changes {
            self.metrics.count_change(&change);
            drop(self.changes.send(change));
        }
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
