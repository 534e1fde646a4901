//! How long to wait after a failure.
//!
//! The pause is drawn evenly from zero to a ceiling that doubles with each failure in a row. If the
//! server asks for a pause, it is at least that long, within bounds: a server's slip must neither
//! silence a device for days nor make it ask without end.

use std::time::Duration;

use vestnik_inbox::planted::Plant;

/// The shortest pause that a server may ask for.
pub const SHORTEST_ASKED: Duration = Duration::from_secs(1);
/// The longest pause that a server may ask for.
pub const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);
/// How often the ceiling doubles at the most.
const MAX_DOUBLINGS: u32 = 16;
/// What part of a pause that was asked for is added at random at the most.
const SPREAD: u32 = 10;

/// How long the pauses between attempts are, as long as the server asks for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first pause after a failure is at most this long.
    pub backoff_base: Duration,
    /// Any pause after a failure is at most this long.
    pub backoff_cap: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
        }
    }
}

impl Pace {
    /// The pauses of what somebody waits for: of tokens and of the live connection.
    pub(super) fn backoff(self) -> Backoff {
        Backoff::new(self.backoff_base.min(self.backoff_cap), self.backoff_cap)
    }

    /// The pauses of what goes on in the background, whose own base is no longer than any pause of the
    /// pace.
    pub(super) fn background(self, base: Duration, cap: Duration) -> Backoff {
        Backoff::new(base.min(self.backoff_cap), cap)
    }
}

/// Failures in a row, and the pause that follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// No failures yet. The first pause is at most `base`, any pause at most `cap`.
    pub(super) const fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            failures: 0,
        }
    }

    /// Whether there was no failure since the last success.
    pub(super) const fn is_clear(&self) -> bool {
        self.failures == 0
    }

    /// It worked: the next failure is the first.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// A failure that counts for so many: what is refused is repeated rarely.
    pub(super) fn at_least(&mut self, failures: u32) {
        self.failures = self.failures.max(failures);
    }

    /// Counts a failure and gives the pause after it. `asked` is what the server asked for, as it came.
    pub(super) fn fail(&mut self, asked: Option<Duration>, random: u64) -> Duration {
        let doublings = self.failures.min(MAX_DOUBLINGS);
        self.failures = self.failures.saturating_add(1);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.cap);
        let own = part(ceiling, random);
        asked.map_or(own, |asked| {
            if Plant::PauseIsBelieved.is_on() {
                return asked;
            }
            let asked = asked.clamp(SHORTEST_ASKED, LONGEST_ASKED);
            own.max(asked + part(asked / SPREAD, random))
        })
    }
}

/// The part of a time that stands to the whole as `random` to all 64-bit numbers.
pub(super) fn part(whole: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    let drawn = (u128::from(nanos) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(drawn).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_grow_up_to_a_cap_and_for_ever() {
        let mut backoff = Backoff::new(SECOND, SECOND * 60);
        let pauses: Vec<_> = (0..200)
            .map(|_| backoff.fail(None, u64::MAX).as_secs_f64().round())
            .collect();
        assert_eq!(pauses[..8], [1., 2., 4., 8., 16., 32., 60., 60.]);
        assert!((pauses[199] - 60.).abs() < 0.1);
    }

    #[test]
    fn a_server_that_asks_for_the_shortest_pause_each_time_is_asked_ever_more_rarely() {
        let mut backoff = Backoff::new(SECOND, SECOND * 60);
        let pauses = (0..9).map(|_| backoff.fail(Some(Duration::ZERO), u64::MAX));
        let pauses: Vec<_> = pauses.map(|pause| pause.as_secs_f64().round()).collect();
        assert_eq!(pauses, [1., 2., 4., 8., 16., 32., 60., 60., 60.]);
    }

    proptest! {
        #[test]
        fn what_a_server_asks_for_is_kept_within_bounds(asked: u64, nanos: u32, random: u64) {
            let mut backoff = Backoff::new(SECOND, SECOND * 60);
            let asked = Duration::from_secs(asked).saturating_add(Duration::from_nanos(nanos.into()));
            let pause = backoff.fail(Some(asked), random);
            prop_assert!(pause >= asked.clamp(SHORTEST_ASKED, LONGEST_ASKED));
            prop_assert!(pause <= LONGEST_ASKED + LONGEST_ASKED / SPREAD);
        }
    }
}
