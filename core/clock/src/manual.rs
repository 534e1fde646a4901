//! A clock that stands still until it is moved.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::{Clock, Monotonic};

/// A clock for tests: time stands still until it is moved, and the random bytes follow from a seed.
/// Clones are handles to the same clock.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    monotonic: Monotonic,
    generator: u64,
}

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            now,
            // Not the origin, so that a test may look back from the first instant.
            monotonic: Monotonic::from_origin(Duration::from_secs(1_000_000)),
            generator: seed,
        })))
    }

    /// Lets time pass: moves both times. The time of day stops at the last that can be written.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.monotonic = state.monotonic + by;
        state.now = state.now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Sets the time of day, in either direction, as an operator or NTP does. Monotonic time stays.
    pub fn set(&self, now: Timestamp) {
        self.lock().now = now;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn monotonic(&self) -> Monotonic {
        self.lock().monotonic
    }

    fn random(&self) -> [u8; 32] {
        let mut state = self.lock();
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&split_mix(&mut state.generator).to_le_bytes());
        }
        bytes
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): any seed gives a sequence that does not repeat soon.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_when_moved_and_for_all_handles() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH, 0);
        let other = clock.clone();
        let (now, instant) = (clock.now(), clock.monotonic());
        assert_eq!((other.now(), other.monotonic()), (now, instant));
        other.advance(Duration::from_millis(1_500));
        assert_eq!(clock.now().as_millisecond(), 1_500);
        assert_eq!(clock.monotonic() - instant, Duration::from_millis(1_500));
    }

    #[test]
    fn the_time_of_day_steps_without_the_monotonic_time() {
        let clock = ManualClock::new(Timestamp::MAX, 0);
        let instant = clock.monotonic();
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        assert_eq!(clock.monotonic(), instant);
        clock.set(Timestamp::MAX);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn randomness_follows_from_the_seed() {
        let clock = |seed| ManualClock::new(Timestamp::UNIX_EPOCH, seed);
        let (first, same, other) = (clock(1), clock(1), clock(2));
        let drawn = first.random();
        assert_eq!(drawn, same.random());
        assert_ne!(drawn, other.random());
        assert_ne!(drawn, first.random());
    }
}
