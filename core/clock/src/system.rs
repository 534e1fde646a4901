//! The system's clocks and its randomness.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::{Clock, Monotonic};

#[cfg_attr(unix, path = "system/unix.rs")]
#[cfg_attr(not(unix), path = "system/other.rs")]
mod platform;

/// The system's clocks and its randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of the workspace that reads the time of day"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        let millis = TimestampRound::new()
            .smallest(Unit::Millisecond)
            .mode(RoundMode::Floor);
        now.round(millis).unwrap_or(now)
    }

    fn monotonic(&self) -> Monotonic {
        platform::since_origin()
    }

    fn random(&self) -> [u8; 32] {
        rand::random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_has_whole_milliseconds_and_is_not_in_the_future() {
        let read = SystemClock.now();
        assert_eq!(read.subsec_nanosecond() % 1_000_000, 0);
        assert!(read <= SystemClock.now());
    }

    #[test]
    fn monotonic_time_never_goes_back() {
        let readings: Vec<_> = (0..1_000).map(|_| SystemClock.monotonic()).collect();
        assert!(readings.is_sorted());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn monotonic_time_is_that_since_boot_with_suspension() {
        let uptime = || -> f64 {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            text.split(' ').next().unwrap().parse().unwrap()
        };
        let before = uptime();
        let read = SystemClock.monotonic().since_origin().as_secs_f64();
        // The file has hundredths of a second, rounded down.
        assert!(before <= read && read <= uptime() + 0.01);
    }

    #[test]
    fn random_bytes_differ() {
        assert_ne!(SystemClock.random(), SystemClock.random());
    }
}
