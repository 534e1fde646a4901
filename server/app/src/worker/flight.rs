//! How many tries are on their way, in total and of each App.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as Gate, Notify, OwnedMutexGuard};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vestnik_model::AppId;

/// The most tries at a time. Each holds what it sends, at most some kilobytes.
const TRIES: usize = 1_600;
/// The most tries of one App at a time, so that one whose services are slow leaves room for others.
const TRIES_OF_APP: usize = 400;
/// A part begins no delivery more once it has so many tries: it has those of one person more at most.
pub(super) const ROWS: usize = 100;

/// The tries that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    apps: Mutex<BTreeMap<AppId, usize>>,
    /// There is more room than before.
    pub(super) has_room: Notify,
    /// The parts that are on their way. They outlive the loop that began them: what a service has taken is
    /// noted.
    pub(super) parts: TaskTracker,
    /// The server ends.
    pub(super) lands: CancellationToken,
    /// The rows of work that somebody has a [`Turn`] at.
    turns: Mutex<BTreeMap<u64, Arc<Gate<()>>>>,
}

/// The turn at a row of work: nobody else begins tries of it.
///
/// A try whose lease is over counts as lost for whoever begins the next tries of its notification. So who
/// may be too late, and knows what became of his tries, takes the turn until that is noted.
#[derive(Debug)]
pub(super) struct Turn {
    row: u64,
    flight: Arc<Flight>,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turn {
    /// Waits for the turn at a row.
    pub(super) async fn at(flight: &Arc<Flight>, row: u64) -> Self {
        let gate = Arc::clone(flight.turns().entry(row).or_default());
        Self {
            row,
            flight: Arc::clone(flight),
            held: Some(gate.lock_owned().await),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.flight.turns();
        self.held = None;
        // Who waits for the turn has the gate, too.
        let is_last = |gate: &Arc<Gate<()>>| Arc::strong_count(gate) == 1;
        if turns.get(&self.row).is_some_and(is_last) {
            turns.remove(&self.row);
        }
    }
}

impl Flight {
    /// Waits until nothing is on its way, once the loop that begins tries has ended. The answers of mail
    /// servers, which may take minutes, are waited for a little only; what was written is unproven then.
    pub(crate) async fn land(&self) {
        self.lands.cancel();
        self.parts.close();
        self.parts.wait().await;
    }

    /// How many parts can begin.
    pub(super) fn room(&self) -> u32 {
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

    fn turns(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Gate<()>>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Room for some of the tries that this is for.
    pub(super) fn split(&mut self, tries: usize) -> Self {
        let tries = tries.min(self.tries);
        self.tries -= tries;
        Self {
            app: self.app.clone(),
            tries,
            flight: Arc::clone(&self.flight),
        }
    }

    /// Takes the room that so many tries need, or gives back what they do not need.
    pub(super) fn fit(&mut self, tries: usize) {
        if let Some(more) = tries.checked_sub(self.tries) {
            self.tries = tries;
            *self.flight.apps().entry(self.app.clone()).or_default() += more;
            return;
        }
        let freed = self.tries.saturating_sub(tries);
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
        self.fit(0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_row_has_one_turn_at_a_time_and_is_forgotten_after_the_last() {
        let flight = Arc::new(Flight::default());
        let first = Turn::at(&flight, 7).await;
        drop(Turn::at(&flight, 8).await);
        let mut second = Box::pin(Turn::at(&flight, 7));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        drop(second.await);
        assert!(flight.turns().is_empty());
    }

    #[test]
    fn an_app_leaves_room_for_others_and_all_of_it_comes_back() {
        let flight = Arc::new(Flight::default());
        let [shop, bank] = ["shop", "bank"].map(|name| AppId::parse(name).unwrap());
        let mut parts: Vec<_> = (0..4).map(|_| Room::take(&flight, &shop)).collect();
        assert_eq!((flight.full(), flight.room()), (vec![shop.clone()], 12));
        parts.extend((0..12).map(|_| Room::take(&flight, &bank)));
        assert_eq!(flight.room(), 0);
        parts[0].fit(1);
        assert_eq!(flight.full(), vec![bank.clone(), shop.clone()]);
        // Those of a person with many devices count, all of them.
        parts[0].fit(ROWS + 40);
        assert_eq!((flight.full(), flight.room()), (vec![bank, shop], 0));
        // Two who share it give it back each for themselves.
        let half = parts[0].split(40);
        assert_eq!(flight.room(), 0);
        drop(half);
        parts[0].fit(0);
        assert_eq!(flight.room(), 1);
        drop(parts);
        assert_eq!((flight.full(), flight.room()), (Vec::new(), 16));
    }
}
