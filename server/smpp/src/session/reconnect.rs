//! When to connect again.

use std::time::Duration;

use vestnik_clock::{Monotonic, Now};

/// The ceiling of the first wait, and of all.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The same for an account that is refused: message centres lock out who asks often.
const REFUSED: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15 * 60));
/// How long a session must hold before the failures before it are forgotten.
const STABLE: Duration = Duration::from_secs(30);

/// The failures in a row, and how long to wait after each.
///
/// The wait is drawn evenly from the upper half below a ceiling that doubles with each failure, so that clients
/// that lost the same message centre do not come back together, and none comes back at once.
#[derive(Debug, Clone, Default)]
pub struct Reconnect {
    failures: u32,
    bound_at: Option<Monotonic>,
}

impl Reconnect {
    /// A session is bound.
    pub const fn on_bound(&mut self, now: Monotonic) {
        self.bound_at = Some(now);
    }

    /// No connection was made, or the session is over. Gives how long to wait.
    pub fn on_failed(&mut self, is_refused: bool, now: Now) -> Duration {
        let held = self.bound_at.take();
        if held.is_some_and(|since| now.monotonic.saturating_since(since) >= STABLE) {
            self.failures = 0;
        }
        let (first, most) = if is_refused { REFUSED } else { WAIT };
        let ceiling = first.saturating_mul(1 << self.failures.min(16)).min(most);
        self.failures = self.failures.saturating_add(1);
        let share = u32::try_from(now.random >> 32).unwrap_or(u32::MAX);
        ceiling / 2 + (ceiling / 2).mul_f64(f64::from(share) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn at(seconds: u64, random: u64) -> Now {
        Now {
            monotonic: Monotonic::from_origin(Duration::from_secs(seconds)),
            wall: Timestamp::UNIX_EPOCH,
            random,
        }
    }

    #[test]
    fn waits_double_and_are_bounded_and_spread() {
        let mut reconnect = Reconnect::default();
        let longest: Vec<_> = (0..9)
            .map(|_| reconnect.on_failed(false, at(0, u64::MAX)).as_secs())
            .collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let shortest = reconnect.on_failed(false, at(0, 0));
        assert_eq!(shortest.as_secs(), 30);
    }

    #[test]
    fn an_account_that_is_refused_comes_back_seldom() {
        let mut reconnect = Reconnect::default();
        let waits: Vec<_> = (0..6)
            .map(|_| reconnect.on_failed(true, at(0, u64::MAX)).as_secs())
            .collect();
        assert_eq!(waits, [60, 120, 240, 480, 900, 900]);
    }

    #[test]
    fn only_a_session_that_held_makes_failures_forgotten() {
        let mut reconnect = Reconnect::default();
        for _ in 0..3 {
            reconnect.on_failed(false, at(0, u64::MAX));
        }
        reconnect.on_bound(at(10, 0).monotonic);
        assert_eq!(reconnect.on_failed(false, at(39, u64::MAX)).as_secs(), 8);
        reconnect.on_bound(at(40, 0).monotonic);
        assert_eq!(reconnect.on_failed(false, at(70, u64::MAX)).as_secs(), 1);
    }
}
