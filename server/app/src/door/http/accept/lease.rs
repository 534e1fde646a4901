//! A connection's place, and when the connection must end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::place::{Admission, ConnectionNumber, Pool};
use crate::{config::LimitConfig, peer::Peer};

/// The most places of one address among those for operations.
const OPERATION_SHARE: usize = 8;

/// The places of a server.
#[derive(Debug)]
pub(super) struct Places {
    state: Mutex<State>,
    patience: Patience,
}

/// How long a connection may be without a request.
#[derive(Debug, Clone, Copy)]
struct Patience {
    first: Duration,
    later: Duration,
}

#[derive(Debug)]
struct State {
    ordinary: Pool,
    operations: Pool,
    /// How to end each connection that holds a place.
    phases: BTreeMap<ConnectionNumber, watch::Sender<Phase>>,
    next: ConnectionNumber,
}

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for a request until this moment.
    Quiet(Instant),
    /// It has so many requests in flight.
    Busy(usize),
    /// Its place was given to another.
    Evicted,
}

/// What a connection may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything.
    Ordinary,
    /// Health and metrics, because every ordinary place is taken.
    Operations,
}

/// A connection's place, given back when the last clone is dropped.
#[derive(Debug, Clone)]
pub(super) struct Lease(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: Arc<Places>,
    number: ConnectionNumber,
    kind: Kind,
}

/// A request in flight, or a WebSocket that a request was upgraded to. Its connection is not closed
/// for being idle, nor for others.
#[derive(Debug)]
pub(super) struct InFlight(Lease);

impl Places {
    pub(super) fn new(limits: LimitConfig) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        Self {
            state: Mutex::new(State {
                ordinary: Pool::new(limits.connections, limits.connections_per_address),
                operations: Pool::new(limits.operation_connections, OPERATION_SHARE),
                phases: BTreeMap::new(),
                next: 0,
            }),
            patience: Patience {
                first: seconds(limits.header_seconds),
                later: seconds(limits.idle_seconds),
            },
        }
    }

    /// Gives a newcomer a place; nothing if even those for operations are taken by requests.
    pub(super) fn admit(self: &Arc<Self>, peer: Option<Peer>, now: Instant) -> Option<Lease> {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        let mut kind = Kind::Ordinary;
        let mut admission = state.ordinary.admit(number, peer);
        if admission == Admission::Full {
            kind = Kind::Operations;
            admission = state.operations.admit(number, peer);
        }
        match admission {
            Admission::Full => return None,
            Admission::Admitted => {}
            Admission::InsteadOf(other) => state.end(other),
        }
        let phase = Phase::Quiet(now + self.patience.first);
        state.phases.insert(number, watch::Sender::new(phase));
        drop(state);
        Some(Lease(Arc::new(Inner {
            places: Arc::clone(self),
            number,
            kind,
        })))
    }

    /// Ends the connection that is worth least: the system has no descriptors left.
    pub(super) fn evict(&self) {
        let mut state = self.lock();
        if let Some(number) = state.ordinary.evict() {
            state.end(number);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pool(&mut self, kind: Kind) -> &mut Pool {
        match kind {
            Kind::Ordinary => &mut self.ordinary,
            Kind::Operations => &mut self.operations,
        }
    }

    fn end(&mut self, number: ConnectionNumber) {
        if let Some(phase) = self.phases.remove(&number) {
            phase.send_replace(Phase::Evicted);
        }
    }
}

impl Lease {
    pub(super) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// A request begins. Nothing if the connection's place was given to another.
    pub(super) fn begin(&self) -> Option<InFlight> {
        let Inner {
            places,
            number,
            kind,
        } = &*self.0;
        let mut state = places.lock();
        if !state.pool(*kind).begin(*number) {
            return None;
        }
        if let Some(phase) = state.phases.get(number) {
            phase.send_modify(|phase| *phase = phase.more());
        }
        drop(state);
        Some(InFlight(self.clone()))
    }

    /// Waits until the connection must end: it has been without a request for too long, or its place
    /// was given to another. Holds no clone of the lease.
    pub(super) fn over(&self) -> impl Future<Output = ()> + use<> {
        let phases = self.0.places.lock();
        let phases = phases
            .phases
            .get(&self.0.number)
            .map(watch::Sender::subscribe);
        async move {
            let Some(mut phases) = phases else { return };
            while wait(&mut phases).await {}
        }
    }
}

/// Whether there is more to wait for.
async fn wait(phases: &mut watch::Receiver<Phase>) -> bool {
    let phase = *phases.borrow_and_update();
    match phase {
        // The sender goes when the place was given to another, after it said so.
        Phase::Busy(_) => phases.changed().await.is_ok(),
        Phase::Quiet(until) => match tokio::time::timeout_at(until, phases.changed()).await {
            Ok(changed) => changed.is_ok(),
            Err(_) => false,
        },
        Phase::Evicted => false,
    }
}

impl Phase {
    fn more(self) -> Self {
        match self {
            Self::Quiet(_) => Self::Busy(1),
            Self::Busy(count) => Self::Busy(count + 1),
            Self::Evicted => Self::Evicted,
        }
    }
}

/// The time of sockets, as tokio's timers have it.
#[expect(
    clippy::disallowed_methods,
    reason = "a request ends when its owner drops it, and sockets go by tokio's time"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Inner {
            places,
            number,
            kind,
        } = &*self.0.0;
        let quiet = Phase::Quiet(now() + places.patience.later);
        let mut state = places.lock();
        let Some(sender) = state.phases.get(number) else {
            return;
        };
        let mut is_quiet = false;
        sender.send_modify(|phase| {
            *phase = match *phase {
                Phase::Busy(count) if count > 1 => Phase::Busy(count - 1),
                Phase::Busy(_) | Phase::Quiet(_) => quiet,
                Phase::Evicted => Phase::Evicted,
            };
            is_quiet = *phase == quiet;
        });
        if is_quiet {
            state.pool(*kind).rest(*number);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        state.phases.remove(&self.number);
        state.pool(self.kind).release(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(change: impl FnOnce(&mut LimitConfig)) -> Arc<Places> {
        let mut limits = LimitConfig {
            header_seconds: 5,
            idle_seconds: 60,
            ..LimitConfig::default()
        };
        change(&mut limits);
        Arc::new(Places::new(limits))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_first_request_ends_in_time() {
        let start = now();
        let lease = places(|_| {}).admit(None, start).unwrap();
        lease.over().await;
        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_later_request_ends_in_time() {
        let lease = places(|_| {}).admit(None, now()).unwrap();
        let (first, second) = (lease.begin().unwrap(), lease.begin().unwrap());
        let mut over = Box::pin(lease.over());
        let hour = Duration::from_secs(3_600);
        drop(first);
        assert!(tokio::time::timeout(hour, &mut over).await.is_err());
        drop(second);
        let start = now();
        over.await;
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_ends_a_silent_connection_at_once() {
        let places = places(|limits| limits.connections = 1);
        let silent = places.admit(None, now()).unwrap();
        let start = now();
        let newcomer = places.admit(None, start).unwrap();
        silent.over().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(silent.begin().is_none());
        assert_eq!(newcomer.kind(), Kind::Ordinary);
        drop(silent);
        assert!(newcomer.begin().is_some(), "the place is the newcomer's");
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_busy_operations_have_places_of_their_own() {
        let places = places(|limits| {
            limits.connections = 1;
            limits.operation_connections = 1;
        });
        let busy = places.admit(None, now()).unwrap();
        let request = busy.begin();
        let operations = places.admit(None, now()).unwrap();
        assert_eq!(operations.kind(), Kind::Operations);
        let held = operations.begin();
        assert!(places.admit(None, now()).is_none());
        drop((held, operations, request, busy));
        let ordinary = places.admit(None, now()).unwrap();
        assert_eq!(ordinary.kind(), Kind::Ordinary);
    }
}
