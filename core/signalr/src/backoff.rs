//! When to try again after a failure: a policy as data, and what follows from it.
//!
//! The wait is drawn evenly from zero up to a ceiling that doubles with each failure in a row
//! ("full jitter"), so that clients which lost the same server do not come back together. A hint
//! of the server's wins: nobody comes earlier than asked. Only a connection that held for a while
//! makes the failures before it forgotten, else a server that accepts and drops would be asked
//! without pause.

use std::time::{Duration, Instant};

/// How to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// The ceiling of the first wait. Higher and a short break is felt longer; lower and a server
    /// that restarts meets everybody at once.
    pub base: Duration,
    /// The ceiling that the doubling stops at. Higher and a healed network is noticed late; lower
    /// and a long outage costs battery and server.
    pub cap: Duration,
    /// After how many failures in a row to give up; never without a number.
    pub max_attempts: Option<u32>,
    /// How long a connection must hold before the failures before it are forgotten.
    pub stable_after: Duration,
    /// The longest hint that is believed: a server's slip must not silence its clients for days.
    pub longest_hint: Duration,
    /// Whether the first connection is tried for as the later ones are. The official clients leave
    /// that to the application.
    pub covers_start: bool,
    /// Whether to come back after a Close that does not invite to. The official clients stay away.
    pub returns_uninvited: bool,
}

impl Default for ReconnectPolicy {
    /// Never gives up; waits up to one second first and up to half a minute in the end.
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            max_attempts: None,
            stable_after: Duration::from_secs(30),
            longest_hint: Duration::from_secs(3_600),
            covers_start: true,
            returns_uninvited: false,
        }
    }
}

impl ReconnectPolicy {
    /// Gives up at the first failure.
    #[must_use]
    pub fn never() -> Self {
        Self {
            max_attempts: Some(0),
            ..Self::default()
        }
    }

    /// The longest wait after this many failures in a row, when the server gives no hint.
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> Duration {
        let doubled = self
            .base
            .saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        doubled.min(self.cap)
    }
}

/// The failures in a row of one connection, and what the policy makes of them.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: ReconnectPolicy,
    failures: u32,
    connected_at: Option<Instant>,
}

impl Backoff {
    /// Begins without failures.
    #[must_use]
    pub const fn new(policy: ReconnectPolicy) -> Self {
        Self {
            policy,
            failures: 0,
            connected_at: None,
        }
    }

    /// How many failures there were in a row.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// A connection was made.
    pub const fn connected(&mut self, now: Instant) {
        self.connected_at = Some(now);
    }

    /// The connection was lost, or none was made. Gives how long to wait, or `None` to give up.
    ///
    /// `hint` is what the server asked for; `entropy` is 64 even random bits.
    pub fn failed(
        &mut self,
        now: Instant,
        hint: Option<Duration>,
        entropy: u64,
    ) -> Option<Duration> {
        let held = self
            .connected_at
            .take()
            .map(|since| now.saturating_duration_since(since));
        if held.is_some_and(|held| held >= self.policy.stable_after) {
            self.failures = 0;
        }
        if self
            .policy
            .max_attempts
            .is_some_and(|most| self.failures >= most)
        {
            return None;
        }
        let drawn = part(self.policy.ceiling(self.failures), entropy);
        self.failures = self.failures.saturating_add(1);
        let asked = hint.unwrap_or_default().min(self.policy.longest_hint);
        Some(asked.saturating_add(drawn))
    }

    /// Forgets the failures: something changed that makes a new attempt promising.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The part of a time that stands to the whole as `entropy` to all 64-bit numbers.
fn part(whole: Duration, entropy: u64) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    let drawn = (u128::from(nanos) * u128::from(entropy)) >> 64;
    Duration::from_nanos(u64::try_from(drawn).expect("a part is not larger than the whole"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn begin() -> Instant {
        Instant::now()
    }

    fn policies() -> impl Strategy<Value = ReconnectPolicy> {
        (1..5_000_u64, 1..120_000_u64, 1..120_u64).prop_map(|(base, cap, stable)| ReconnectPolicy {
            base: Duration::from_millis(base),
            cap: Duration::from_millis(cap),
            stable_after: Duration::from_secs(stable),
            ..ReconnectPolicy::default()
        })
    }

    proptest! {
        #[test]
        fn no_wait_is_above_its_ceiling_and_nobody_gives_up(
            policy in policies(),
            draws in prop::collection::vec(any::<u64>(), 1..80),
        ) {
            let mut backoff = Backoff::new(policy);
            let mut ceiling = policy.base.min(policy.cap);
            for entropy in draws {
                let wait = backoff.failed(begin(), None, entropy).unwrap();
                prop_assert!(wait <= ceiling, "{wait:?} above {ceiling:?}");
                ceiling = (ceiling * 2).min(policy.cap);
            }
        }

        #[test]
        fn waits_fill_the_whole_range_evenly(policy in policies(), failures in 0..40_u32) {
            let at = |entropy| {
                let mut backoff = Backoff::new(policy);
                (0..failures).for_each(|_| {
                    backoff.failed(begin(), None, 0);
                });
                backoff.failed(begin(), None, entropy).unwrap()
            };
            let ceiling = policy.ceiling(failures);
            prop_assert_eq!(at(0), Duration::ZERO);
            prop_assert!(ceiling - at(u64::MAX) <= Duration::from_nanos(1));
            prop_assert!(ceiling / 2 - at(u64::MAX / 2) <= Duration::from_nanos(1));
        }

        #[test]
        fn nobody_comes_earlier_than_asked(
            policy in policies(),
            hint in 0..10_000_u64,
            entropy in any::<u64>(),
        ) {
            let hint = Duration::from_secs(hint);
            let wait = Backoff::new(policy).failed(begin(), Some(hint), entropy).unwrap();
            let believed = hint.min(policy.longest_hint);
            prop_assert!(wait >= believed);
            prop_assert!(wait <= believed + policy.ceiling(0));
        }

        #[test]
        fn only_a_stable_connection_makes_failures_forgotten(
            policy in policies(),
            failures in 1..20_u32,
            spare in -2..3_i64,
        ) {
            let mut backoff = Backoff::new(policy);
            let now = begin();
            for _ in 0..failures {
                backoff.failed(now, None, 0);
            }
            backoff.connected(now);
            let distance = Duration::from_secs(spare.unsigned_abs());
            let held = if spare < 0 {
                policy.stable_after.saturating_sub(distance)
            } else {
                policy.stable_after + distance
            };
            backoff.failed(now + held, None, 0);
            let expected = if spare >= 0 { 1 } else { failures + 1 };
            prop_assert_eq!(backoff.failures(), expected);
        }

        #[test]
        fn a_limit_is_reached_exactly(most in 0..50_u32, entropy in any::<u64>()) {
            let policy = ReconnectPolicy { max_attempts: Some(most), ..ReconnectPolicy::default() };
            let mut backoff = Backoff::new(policy);
            for _ in 0..most {
                prop_assert!(backoff.failed(begin(), None, entropy).is_some());
            }
            prop_assert_eq!(backoff.failed(begin(), None, entropy), None);
            backoff.reset();
            prop_assert_eq!(backoff.failed(begin(), None, entropy).is_some(), most > 0);
        }
    }

    #[test]
    fn a_failed_attempt_does_not_inherit_the_age_of_the_last_connection() {
        let mut backoff = Backoff::new(ReconnectPolicy::default());
        let now = begin();
        backoff.connected(now);
        let later = now + Duration::from_secs(3_600);
        for failures in 1..5 {
            backoff.failed(later, None, 0);
            assert_eq!(backoff.failures(), failures);
        }
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        let policy = ReconnectPolicy {
            cap: Duration::MAX,
            ..ReconnectPolicy::default()
        };
        let mut backoff = Backoff::new(policy);
        for _ in 0..1_000 {
            assert!(
                backoff
                    .failed(begin(), Some(Duration::MAX), u64::MAX)
                    .is_some()
            );
        }
    }
}
