//! The driver, with what it keeps for each account.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use vestnik_clock::Clock;
use vestnik_outbound::{Client, Limits, Reach, Resolve, SystemResolver, TrustError};

use super::{
    station::{Recent, Station, lock},
    tally::{Breakers, Tally},
};
use crate::account::{Account, Fingerprint};

/// The most accounts that anything is kept for.
const MAX_ACCOUNTS: usize = 1_000;

/// What a driver is built with.
#[derive(Clone)]
pub struct Config {
    /// What it may connect to. Base URLs of accounts and endpoints of Web Push are given by others, so
    /// hosts that are not public must be listed, a simulator's too.
    pub reach: Reach,
    /// The bounds of each account's connections.
    pub limits: Limits,
    /// Who is asked for the addresses of hosts; a [`SystemResolver`] for each account if nobody.
    pub resolver: Option<Arc<dyn Resolve>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            reach: Reach::public(),
            limits: Limits::default(),
            resolver: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("reach", &self.reach)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Sends pushes. Clones share everything; a server has one.
#[derive(Debug, Clone)]
pub struct Driver {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) clock: Arc<dyn Clock>,
    config: Config,
    stations: Mutex<Recent<Fingerprint, Arc<Station>>>,
    tally: Arc<Tally>,
}

impl Driver {
    /// A driver without connections.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, config: Config) -> Self {
        let inner = Inner {
            clock,
            config,
            stations: Mutex::new(Recent::new(MAX_ACCOUNTS)),
            tally: Arc::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// How often breakers opened and closed.
    #[must_use]
    pub fn breakers(&self) -> Breakers {
        self.inner.tally.breakers()
    }
}

impl Inner {
    /// What is kept for an account.
    pub(super) fn station(&self, account: &Account) -> Result<Arc<Station>, TrustError> {
        let found = lock(&self.stations).find(&account.fingerprint).cloned();
        if let Some(station) = found {
            return Ok(station);
        }
        // Reading the system's certificates takes a while, in which others go on.
        let made = Station::new(self.client(account)?, Arc::clone(&self.tally));
        let made = Arc::new(made);
        let mut stations = lock(&self.stations);
        Ok(Arc::clone(stations.entry(&account.fingerprint, || made)))
    }

    fn client(&self, account: &Account) -> Result<Client, TrustError> {
        let Config {
            reach,
            limits,
            resolver,
        } = &self.config;
        let resolver = resolver
            .clone()
            .unwrap_or_else(|| Arc::new(SystemResolver::default()));
        Client::with_resolver(reach.clone(), &account.trust, *limits, resolver)
    }
}
