//! The one place where the kit reads the clock: it measures real servers in real time.
#![allow(
    clippy::disallowed_methods,
    reason = "the kit measures real servers in real time"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::{Clock, Monotonic, SystemClock};

/// The monotonic time now.
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}

/// The time of day now.
#[must_use]
pub fn timestamp() -> Timestamp {
    Timestamp::now()
}

/// A clock whose time of day is ahead of the system's by as much as the test wants. The monotonic time
/// stays the system's: deadlines of what is under way are not moved. Clones are handles on the same
/// clock.
#[derive(Debug, Clone, Default)]
pub struct AheadClock {
    millis: Arc<AtomicU64>,
}

impl AheadClock {
    /// Moves the time of day ahead, as an operator or NTP does.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }
}

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.saturating_add(self.ahead()).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }

    fn random(&self) -> [u8; 32] {
        SystemClock.random()
    }
}

/// A clock whose time of day is wrong, as that of a device whose battery was empty. The monotonic time is
/// the system's.
#[derive(Debug, Clone, Copy)]
pub struct WrongClock(
    /// How far it is ahead; negative when it is behind.
    pub SignedDuration,
);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.saturating_add(self.0).unwrap_or(now)
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }

    fn random(&self) -> [u8; 32] {
        SystemClock.random()
    }
}
