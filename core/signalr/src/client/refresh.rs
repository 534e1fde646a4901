//! When to prove anew who we are, so that a connection outlives its token: a schedule without a
//! clock.
//!
//! A server that renews authentication tells in negotiate for how many seconds the token is still
//! good (`tokenLifetimeSeconds`, ASP.NET Core 11). The official clients ask for a new one 300 s
//! before the end (`refreshBeforeExpirationInMilliseconds`, dotnet/aspnetcore issue 67226), and
//! half-way when the whole lifetime is shorter than that. Here it is half-way for anything up to
//! twice as long, so that a lifetime a little above 300 s is not used up in an instant: the wait
//! grows steadily with the lifetime.

use std::time::{Duration, Instant};

use crate::backoff::{Backoff, ReconnectPolicy};

/// How long before the end a long-lived token is replaced.
const AHEAD: Duration = Duration::from_secs(300);
/// The shortest wait. A server that says "expired already" each time is not asked without pause.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest lifetime that is counted with.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// The waits between attempts that failed.
const BASE: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(30);

/// When one connection is to refresh its authentication next.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    next: Instant,
    expires: Instant,
    backoff: Backoff,
}

/// What came of an attempt to refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempted {
    /// The server took the new token, which is good for so long; without it there is no next time.
    Refreshed(Option<Duration>),
    /// The server does not take the token: only another sign-in helps.
    Refused,
    /// The server does not refresh this connection.
    Unsupported,
    /// It did not come to an answer. The server may have said when to try again.
    Failed(Option<Duration>),
}

impl Attempted {
    /// Reads a status that says no.
    pub(crate) const fn from_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            401 | 403 => Self::Refused,
            408 | 429 | 500..=599 => Self::Failed(retry_after),
            _ => Self::Unsupported,
        }
    }
}

impl Schedule {
    /// For a token that is good for so long from now.
    pub(crate) fn new(now: Instant, lifetime: Duration) -> Self {
        let lifetime = lifetime.min(LONGEST);
        let wait = lifetime.saturating_sub(AHEAD).max(lifetime / 2);
        let policy = ReconnectPolicy {
            base: BASE,
            cap: CAP,
            ..ReconnectPolicy::default()
        };
        Self {
            next: now + wait.max(SHORTEST),
            expires: now + lifetime.max(SHORTEST),
            backoff: Backoff::new(policy),
        }
    }

    /// When to refresh.
    pub(crate) const fn next(&self) -> Instant {
        self.next
    }

    /// Until when an attempt may take: at the token's end it is of no use any more.
    pub(crate) const fn expires(&self) -> Instant {
        self.expires
    }

    /// What is left to do after an attempt; nothing when it was the last. `entropy` is 64 even
    /// random bits.
    pub(crate) fn after(mut self, now: Instant, attempt: Attempted, entropy: u64) -> Option<Self> {
        match attempt {
            Attempted::Refreshed(lifetime) => Some(Self::new(now, lifetime?)),
            Attempted::Refused | Attempted::Unsupported => None,
            Attempted::Failed(hint) => {
                self.next = now + self.backoff.failed(now, hint, entropy)?;
                (self.next < self.expires).then_some(self)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::clock;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Counts the waits of a schedule whose every attempt comes to the same.
    fn waits(lifetime: u64, attempt: Attempted, most: usize) -> Vec<u64> {
        let mut now = clock::now();
        let mut schedule = Some(Schedule::new(now, seconds(lifetime)));
        let mut waits = Vec::new();
        while let Some(waiting) = schedule.take()
            && waits.len() < most
        {
            waits.push((waiting.next() - now).as_secs());
            now = waiting.next();
            schedule = waiting.after(now, attempt, u64::MAX);
        }
        waits
    }

    #[test]
    fn a_token_is_replaced_five_minutes_ahead_or_half_way() {
        for (lifetime, wait) in [
            (3_600, 3_300),
            (601, 301),
            (600, 300),
            (301, 150),
            (60, 30),
            (2, 1),
            (1, 1),
            (0, 1),
        ] {
            let refused = waits(lifetime, Attempted::Refused, 9);
            assert_eq!(refused, [wait], "{lifetime}");
        }
    }

    #[test]
    fn a_lifetime_beyond_reason_is_no_panic() {
        let now = clock::now();
        let schedule = Schedule::new(now, Duration::MAX);
        assert_eq!(schedule.next(), now + LONGEST - AHEAD);
    }

    #[test]
    fn each_refresh_tells_when_the_next_is() {
        let refreshed = Attempted::Refreshed(Some(seconds(60)));
        assert_eq!(waits(3_600, refreshed, 4), [3_300, 30, 30, 30]);
        assert_eq!(waits(3_600, Attempted::Refreshed(None), 4), [3_300]);
    }

    #[test]
    fn failures_are_repeated_with_growing_waits_until_the_token_has_expired() {
        let waits = waits(3_600, Attempted::Failed(None), 100);
        assert_eq!(
            waits[..6],
            [3_300, 0, 1, 3, 7, 15],
            "just below the ceilings"
        );
        let total: u64 = waits.iter().sum();
        assert!((3_500..3_600).contains(&total), "{total}");
    }

    #[test]
    fn nobody_comes_earlier_than_asked_nor_after_the_end() {
        let now = clock::now();
        let schedule = Schedule::new(now, seconds(3_600));
        let due = schedule.next();
        let again = |hint| {
            let failed = Attempted::Failed(Some(seconds(hint)));
            schedule.clone().after(due, failed, 0)
        };
        assert_eq!(again(120).map(|next| next.next()), Some(due + seconds(120)));
        assert!(again(301).is_none());
    }

    #[test]
    fn a_status_says_whether_to_go_on() {
        let hint = Some(seconds(7));
        for (status, expected) in [
            (401, Attempted::Refused),
            (403, Attempted::Refused),
            (400, Attempted::Unsupported),
            (404, Attempted::Unsupported),
            (405, Attempted::Unsupported),
            (302, Attempted::Unsupported),
            (408, Attempted::Failed(hint)),
            (429, Attempted::Failed(hint)),
            (503, Attempted::Failed(hint)),
        ] {
            assert_eq!(Attempted::from_status(status, hint), expected, "{status}");
        }
    }
}
