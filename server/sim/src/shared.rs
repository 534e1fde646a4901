//! The world behind its lock, for the tasks of the driver and the callers of the library.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use vestnik_clock::Clock;

use crate::{
    incoming::Incoming,
    world::{Verdict, World},
};

/// The world, the clock, and a count of changes.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(world: World, clock: Arc<dyn Clock>) -> Self {
        Self {
            world: Mutex::new(world),
            clock,
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Works on a request.
    pub(crate) fn handle(&self, request: &Incoming) -> Verdict {
        let moment = (self.clock.now(), self.clock.random());
        let verdict = self.lock().handle(request, moment);
        self.changed();
        verdict
    }

    /// Reads.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        let mut world = self.lock();
        // What has come to its end is so before anyone looks.
        world.fleet.expire(self.clock.now());
        read(&world)
    }

    /// Changes something, and tells those who watch.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed();
        changed
    }

    /// Forgets what belongs to a connection that is closed, which is no change that a reader could see.
    pub(crate) fn closed(&self, connection: u64) {
        self.lock().closed(connection);
    }

    /// A count that grows with every request and change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
