//! A bus that loses hints.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use vestnik_server::bus::{Bus, Consumer, Hint, LocalBus};

/// A bus that loses every second hint of a log or a notification, drawn from a seed. Revocations are
/// never lost: they are applied where they are committed.
#[derive(Debug)]
pub struct LossyBus {
    bus: LocalBus,
    rng: Mutex<StdRng>,
    lost: AtomicU64,
    passed: AtomicU64,
}

impl LossyBus {
    /// A bus whose losses are drawn from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            bus: LocalBus::default(),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            lost: AtomicU64::new(0),
            passed: AtomicU64::new(0),
        }
    }

    /// How many hints were lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// How many hints passed that could have been lost.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    fn passes(&self, hint: &Hint) -> bool {
        if !matches!(hint, Hint::Log { .. } | Hint::Notification { .. }) {
            return true;
        }
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let passes = rng.random_bool(0.5);
        let counter = if passes { &self.passed } else { &self.lost };
        counter.fetch_add(1, Ordering::Relaxed);
        passes
    }
}

impl Bus for LossyBus {
    fn publish(&self, hints: &[Hint]) {
        for hint in hints.iter().filter(|hint| self.passes(hint)) {
            self.bus.publish(std::slice::from_ref(hint));
        }
    }

    fn attach(&self, consumer: Consumer) {
        self.bus.attach(consumer);
    }
}
