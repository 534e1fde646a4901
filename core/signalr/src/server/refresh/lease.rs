use std::time::Instant;

use super::TokenLifetime;

/// Until when a token is good: what is decided about its expiry, without a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Absent when it never ends.
    ends: Option<Instant>,
}

impl Lease {
    /// The lease of a token that was presented now.
    pub(crate) fn new(now: Instant, lifetime: Option<TokenLifetime>) -> Self {
        Self {
            ends: lifetime.and_then(|TokenLifetime(lifetime)| now.checked_add(lifetime)),
        }
    }

    /// When to ask again whether it [is over](Self::is_over).
    pub(crate) const fn ends(self) -> Option<Instant> {
        self.ends
    }

    pub(crate) fn is_over(self, now: Instant) -> bool {
        self.ends.is_some_and(|end| end <= now)
    }

    /// Says whether this one ends later than another.
    pub(crate) fn outlives(self, other: Self) -> bool {
        match (self.ends, other.ends) {
            (Some(end), Some(other)) => end > other,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::server::clock;

    fn lease(now: Instant, seconds: u64) -> Lease {
        Lease::new(now, Some(TokenLifetime(Duration::from_secs(seconds))))
    }

    #[test]
    fn is_over_at_its_end_and_not_before() {
        let now = clock::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let lease = lease(now, 60);
        assert_eq!(lease.ends(), Some(after(60)));
        for (seconds, is_over) in [(0, false), (59, false), (60, true), (3_600, true)] {
            assert_eq!(lease.is_over(after(seconds)), is_over, "{seconds}");
        }
    }

    #[test]
    fn never_ends_without_a_lifetime_or_with_one_beyond_time() {
        let now = clock::now();
        for lease in [Lease::new(now, None), lease(now, u64::MAX)] {
            assert_eq!(lease.ends(), None);
            assert!(!lease.is_over(now + Duration::from_secs(1_000_000_000)));
        }
    }

    #[test]
    fn the_later_end_outlives_the_earlier() {
        let now = clock::now();
        let (short, long, endless) = (lease(now, 1), lease(now, 2), Lease::new(now, None));
        for (one, other, outlives) in [
            (long, short, true),
            (short, long, false),
            (short, short, false),
            (endless, long, true),
            (long, endless, false),
            (endless, endless, false),
        ] {
            assert_eq!(one.outlives(other), outlives, "{one:?} {other:?}");
        }
    }
}
