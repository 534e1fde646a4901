//! How many tries are on their way, in total and of each App.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use vestnik_model::AppId;

/// The most tries at a time. Each holds what it sends, at most some kilobytes.
const TRIES: usize = 1_600;
/// The most tries of one App at a time, so that one whose services are slow leaves room for others.
const TRIES_OF_APP: usize = 400;
/// The most tries that a part begins.
pub(super) const ROWS: usize = 100;

/// The tries that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    apps: Mutex<BTreeMap<AppId, usize>>,
    /// There is more room than before.
    pub(super) has_room: Notify,
}

impl Flight {
    /// How many parts can begin.
    pub(super) fn parts(&self) -> u32 {
        let taken: usize = self.apps().values().sum();
        u32::try_from(TRIES.saturating_sub(taken) / ROWS).unwrap_or(u32::MAX)
    }

    /// The Apps that have no room for another part.
    pub(super) fn full(&self) -> Vec<AppId> {
        let apps = self.apps();
        let full = apps
            .iter()
            .filter(|(_, taken)| **taken + ROWS > TRIES_OF_APP);
        full.map(|(app, _)| app.clone()).collect()
    }

    fn apps(&self) -> MutexGuard<'_, BTreeMap<AppId, usize>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The room that a part takes, for as long as it lives.
#[derive(Debug)]
pub(super) struct Room {
    app: AppId,
    tries: usize,
    flight: Arc<Flight>,
}

impl Room {
    /// Room for a whole part of an App.
    pub(super) fn take(flight: &Arc<Flight>, app: &AppId) -> Self {
        *flight.apps().entry(app.clone()).or_default() += ROWS;
        Self {
            app: app.clone(),
            tries: ROWS,
            flight: Arc::clone(flight),
        }
    }

    /// Gives back what is not needed for so many tries.
    pub(super) fn shrink_to(&mut self, tries: usize) {
        let freed = self.tries.saturating_sub(tries);
        if freed == 0 {
            return;
        }
        self.tries -= freed;
        let mut apps = self.flight.apps();
        if let Some(taken) = apps.get_mut(&self.app) {
            *taken = taken.saturating_sub(freed);
            if *taken == 0 {
                apps.remove(&self.app);
            }
        }
        drop(apps);
        self.flight.has_room.notify_one();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_leaves_room_for_others_and_all_of_it_comes_back() {
        let flight = Arc::new(Flight::default());
        let [shop, bank] = ["shop", "bank"].map(|name| AppId::parse(name).unwrap());
        let mut parts: Vec<_> = (0..4).map(|_| Room::take(&flight, &shop)).collect();
        assert_eq!((flight.full(), flight.parts()), (vec![shop.clone()], 12));
        parts.extend((0..12).map(|_| Room::take(&flight, &bank)));
        assert_eq!(flight.parts(), 0);
        parts[0].shrink_to(1);
        parts[0].shrink_to(ROWS);
        assert_eq!((flight.full(), flight.parts()), (vec![bank, shop], 0));
        parts[0].shrink_to(0);
        assert_eq!(flight.parts(), 1);
        drop(parts);
        assert_eq!((flight.full(), flight.parts()), (Vec::new(), 16));
    }
}
