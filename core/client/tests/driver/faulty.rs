//! Test doubles that fail: a clock that fails, or holds up, the thread that reads it, and a secret store.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use jiff::Timestamp;
use secrecy::SecretString;
use vestnik_clock::{Clock, Monotonic, SystemClock};
use vestnik_core::{MemorySecrets, SecretError, SecretStore};

/// A clock that is right, and that panics or holds its reader up when a test asks for it. The storage
/// reads the time of day once in each transaction that changes something, the engine the monotonic time
/// for each input.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultyClock(Arc<State>);

#[derive(Debug, Default)]
struct State {
    storage: Trap,
    engine: Trap,
    is_held: Mutex<bool>,
    released: Condvar,
}

/// Counts reads, and panics once.
#[derive(Debug, Default)]
struct Trap {
    reads: AtomicUsize,
    /// The read that panics, counted from 1; 0 for none.
    panics_at: AtomicUsize,
}

impl Trap {
    fn arm(&self, after: usize) {
        let reads = self.reads.load(Ordering::SeqCst);
        self.panics_at.store(reads + after, Ordering::SeqCst);
    }

    fn read(&self) {
        assert!(!self.is_due(), "a planted panic");
    }

    /// Whether this is the read for which the trap was armed.
    fn is_due(&self) -> bool {
        let read = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        let due = self
            .panics_at
            .compare_exchange(read, 0, Ordering::SeqCst, Ordering::SeqCst);
        due.is_ok()
    }

    fn is_armed(&self) -> bool {
        self.panics_at.load(Ordering::SeqCst) > 0
    }
}

impl FaultyClock {
    /// The storage panics at so many transactions from now.
    pub(crate) fn fail_storage(&self, after: usize) {
        self.0.storage.arm(after);
    }

    /// The engine panics at so many inputs from now.
    pub(crate) fn fail_engine(&self, after: usize) {
        self.0.engine.arm(after);
    }

    /// Whether the panic that was planted has not come.
    pub(crate) fn is_armed(&self) -> bool {
        self.0.storage.is_armed() || self.0.engine.is_armed()
    }

    /// How many transactions the storage has begun.
    pub(crate) fn transactions(&self) -> usize {
        self.0.storage.reads.load(Ordering::SeqCst)
    }

    /// How often the engine was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.0.engine.reads.load(Ordering::SeqCst)
    }

    /// The storage stops in its next transaction that changes something.
    pub(crate) fn hold(&self) {
        *self.0.is_held.lock().unwrap() = true;
    }

    /// It goes on.
    pub(crate) fn release(&self) {
        *self.0.is_held.lock().unwrap() = false;
        self.0.released.notify_all();
    }
}

impl Clock for FaultyClock {
    fn now(&self) -> Timestamp {
        if thread::current().name() == Some("vestnik-storage") {
            self.0.storage.read();
            let held = self.0.is_held.lock().unwrap();
            drop(self.0.released.wait_while(held, |held| *held).unwrap());
        }
        SystemClock.now()
    }

    fn monotonic(&self) -> Monotonic {
        if thread::current().name() != Some("vestnik-storage") {
            self.0.engine.read();
        }
        SystemClock.monotonic()
    }

    fn random(&self) -> [u8; 32] {
        SystemClock.random()
    }
}

/// A secret store that refuses what a test wants refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultySecrets(Arc<Keyring>);

#[derive(Debug, Default)]
struct Keyring {
    secrets: MemorySecrets,
    failure: Trap,
    panic: Trap,
    is_locked: AtomicBool,
}

impl FaultySecrets {
    /// It is not available at so many calls from now, once.
    pub(crate) fn fail(&self, after: usize) {
        self.0.failure.arm(after);
    }

    /// It panics at so many calls from now.
    pub(crate) fn panic(&self, after: usize) {
        self.0.panic.arm(after);
    }

    /// It is not available until it is unlocked.
    pub(crate) fn lock(&self, is_locked: bool) {
        self.0.is_locked.store(is_locked, Ordering::SeqCst);
    }

    /// Whether the fault that was planted has not come.
    pub(crate) fn is_armed(&self) -> bool {
        self.0.failure.is_armed() || self.0.panic.is_armed()
    }

    fn open(&self) -> Result<&MemorySecrets, SecretError> {
        self.0.panic.read();
        if self.0.failure.is_due() || self.0.is_locked.load(Ordering::SeqCst) {
            return Err(SecretError::Unavailable {
                source: "it is locked".into(),
            });
        }
        Ok(&self.0.secrets)
    }
}

impl SecretStore for FaultySecrets {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        self.open()?.get(name)
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        self.open()?.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.open()?.delete(name)
    }
}
