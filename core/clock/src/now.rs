//! One reading of a clock.

use jiff::Timestamp;

use crate::{Clock, Monotonic};

/// One reading of a [`Clock`]: what a machine takes with each input, so that it decides without a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// What deadlines are counted in.
    pub monotonic: Monotonic,
    /// The time of day, which may step in either direction.
    pub wall: Timestamp,
    /// 64 even random bits, by which retries are spread. Not fit for keys or tokens.
    pub random: u64,
}

impl Now {
    /// Reads a clock.
    pub fn read(clock: &(impl Clock + ?Sized)) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = clock.random();
        Self {
            monotonic: clock.monotonic(),
            wall: clock.now(),
            random: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    #[test]
    fn a_reading_has_both_times_and_new_randomness() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH, 1);
        let (first, second) = (Now::read(&clock), Now::read(&clock));
        assert_eq!(first.monotonic, clock.monotonic());
        assert_eq!(first.wall, clock.now());
        assert_ne!(first.random, second.random);
    }
}
