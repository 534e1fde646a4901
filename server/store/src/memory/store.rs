//! The handle: one mutex, transactions, and the doubles for tests.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;

use super::{
    lease,
    pause::{Gate, Pause},
    txn::Txn,
    world::World,
};
use crate::{Answer, Sink, StoreError};

/// A store in memory; see the [module](crate::memory).
pub struct MemoryStore {
    world: Mutex<World>,
    sink: Sink,
    gate: Arc<Gate>,
    is_closed: AtomicBool,
    failing_writes: Mutex<VecDeque<StoreError>>,
    failing_reads: Mutex<VecDeque<StoreError>>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store. The sink is called under the store's lock: it must not use the store.
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        Self {
            world: Mutex::new(World::new()),
            sink,
            gate: Arc::default(),
            is_closed: AtomicBool::new(false),
            failing_writes: Mutex::default(),
            failing_reads: Mutex::default(),
        }
    }

    /// For tests: what another process finds that opens the data of this one, which has ended whatever was on
    /// its way. This value is not to be used any more.
    #[must_use]
    pub fn reopened(&self, sink: Sink, now: Timestamp) -> Self {
        let mut world = lock(&self.world).clone();
        lease::end_all(&mut world, now);
        Self {
            world: Mutex::new(world),
            ..Self::new(sink)
        }
    }

    /// For tests: the next operation that writes fails with this error and changes nothing. Several
    /// calls make as many operations fail.
    pub fn fail_next_write(&self, error: StoreError) {
        lock(&self.failing_writes).push_back(error);
    }

    /// For tests: the next operation that only reads fails with this error.
    pub fn fail_next_read(&self, error: StoreError) {
        lock(&self.failing_reads).push_back(error);
    }

    /// For tests: from now on operations that write commit, emit their effects and wait before they
    /// answer, until the pause is dropped. Reads are not held.
    #[must_use]
    pub fn pause(&self) -> Pause {
        Pause::begin(&self.gate)
    }

    /// Runs a job as one transaction, `at` being the time of its effects. It is done when the answer is
    /// polled for the first time, whatever becomes of the answer.
    pub(super) fn write<'a, T: Send + 'a>(
        &'a self,
        at: Timestamp,
        job: impl FnOnce(&mut Txn) -> Result<T, StoreError> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let done = self.commit(at, job)?;
            if self.gate.is_shut_for_commit() {
                self.gate.opened().await;
            }
            Ok(done)
        })
    }

    fn commit<T>(
        &self,
        at: Timestamp,
        job: impl FnOnce(&mut Txn) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut world = lock(&self.world);
        self.check(&self.failing_writes)?;
        let mut txn = Txn::begin(world.clone(), at);
        let done = job(&mut txn)?;
        let (changed, events) = txn.finish()?;
        *world = changed;
        if !events.is_empty() {
            (self.sink)(&events);
        }
        Ok(done)
    }

    /// Looks at the world as the last commit left it.
    pub(super) fn read<'a, T: Send + 'a>(
        &'a self,
        look: impl FnOnce(&World) -> T + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            self.check(&self.failing_reads)?;
            let world = lock(&self.world).clone();
            Ok(look(&world))
        })
    }

    fn check(&self, failing: &Mutex<VecDeque<StoreError>>) -> Result<(), StoreError> {
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        lock(failing).pop_front().map_or(Ok(()), Err)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Waits for a transaction that is running, and refuses everything after it.
    pub(super) fn shut(&self) {
        let world = lock(&self.world);
        self.is_closed.store(true, Ordering::SeqCst);
        drop(world);
    }
}

/// A lock whatever happened under it: the world is only ever replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
