//! What the driver keeps for one account.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use vestnik_outbound::Client;

use super::{
    breaker::{Breaker, Probe},
    tally::Tally,
    throttle::Throttle,
    token::Slot,
};
use crate::{
    apns::ProviderToken,
    jws::TokenError,
    oauth::{AccessToken, TokenRefusal},
    origin::Origin,
    web_push::VapidToken,
};

/// The most push services of one account that anything is remembered of.
const MAX_ORIGINS: usize = 1_000;

/// What the driver keeps for one account.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) client: Client,
    /// The access token of FCM, or of Huawei's first interface; a change is told to those who wait.
    pub(super) access: Mutex<Slot<AccessToken, TokenRefusal>>,
    pub(super) access_changed: Notify,
    /// The token that a service account of Huawei's signs.
    pub(super) signed: Mutex<Slot<AccessToken, Unsigned>>,
    /// The provider token of APNs.
    pub(super) provider: Mutex<Slot<ProviderToken, Unsigned>>,
    /// By push service, or by environment.
    pub(super) origins: Mutex<Recent<Origin, AtOrigin>>,
    tally: Arc<Tally>,
}

/// A provider token could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsigned;

impl From<TokenError> for Unsigned {
    fn from(error: TokenError) -> Self {
        tracing::error!(%error, "a provider token could not be signed");
        Self
    }
}

/// What is remembered of one origin.
#[derive(Debug, Default)]
pub(super) struct AtOrigin {
    pub(super) breaker: Breaker,
    pub(super) throttle: Throttle,
    /// By the number of the key.
    pub(super) vapid: BTreeMap<usize, Slot<VapidToken, Unsigned>>,
}

impl Station {
    pub(super) fn new(client: Client, tally: Arc<Tally>) -> Self {
        Self {
            client,
            access: Mutex::default(),
            access_changed: Notify::new(),
            signed: Mutex::default(),
            provider: Mutex::default(),
            origins: Mutex::new(Recent::new(MAX_ORIGINS)),
            tally,
        }
    }

    /// Works with what is remembered of an origin, and counts whether that opened or closed its breaker.
    pub(super) fn at<T>(&self, origin: &Origin, work: impl FnOnce(&mut AtOrigin) -> T) -> T {
        let mut origins = lock(&self.origins);
        let at = origins.entry(origin, AtOrigin::default);
        let was_closed = at.breaker.is_closed();
        let done = work(at);
        self.tally.count(was_closed, at.breaker.is_closed());
        done
    }
}

/// Leave for one push to be sent to an origin. If it is that of a probe, dropping it gives the probe back
/// to the breaker: a push that was not made, was given up or panicked holds nobody up.
#[derive(Debug)]
pub(super) struct Pass {
    station: Arc<Station>,
    origin: Origin,
    probe: Option<Probe>,
}

impl Pass {
    pub(super) fn new(station: &Arc<Station>, origin: &Origin, probe: Option<Probe>) -> Self {
        Self {
            station: Arc::clone(station),
            origin: origin.clone(),
            probe,
        }
    }

    /// The probe that the push has at an origin.
    pub(super) fn probe_at(&self, origin: &Origin) -> Option<Probe> {
        self.probe.filter(|_| self.origin == *origin)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(probe) = self.probe {
            let give_back = |at: &mut AtOrigin| at.breaker.give_back(probe);
            self.station.at(&self.origin, give_back);
        }
    }
}

/// A map that forgets what was not asked for longest.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    max: usize,
    asked: u64,
    entries: HashMap<K, (u64, V)>,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            asked: 0,
            entries: HashMap::new(),
        }
    }

    pub(super) fn entry(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        self.asked += 1;
        if !self.entries.contains_key(key) && self.entries.len() >= self.max {
            self.forget();
        }
        let asked = self.asked;
        let entry = self.entries.entry(key.clone());
        let (last, value) = entry.or_insert_with(|| (asked, make()));
        *last = asked;
        value
    }

    pub(super) fn find(&mut self, key: &K) -> Option<&mut V> {
        self.asked += 1;
        let (last, value) = self.entries.get_mut(key)?;
        *last = self.asked;
        Some(value)
    }

    fn forget(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, (last, _))| *last);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.entries.remove(&oldest);
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_not_asked_for_longest_is_forgotten() {
        let mut recent = Recent::new(2);
        *recent.entry(&"a", || 1) += 10;
        recent.entry(&"b", || 2);
        assert_eq!(recent.find(&"a"), Some(&mut 11));
        recent.entry(&"c", || 3);
        assert_eq!(recent.find(&"b"), None);
        assert_eq!(*recent.entry(&"a", || 0), 11);
        assert_eq!(recent.entries.len(), 2);
    }
}
