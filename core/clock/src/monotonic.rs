//! Instants of a clock that includes suspension.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// An instant, counted from an origin that is fixed while the machine runs. Instants of one clock
/// can be compared with each other; an instant means nothing in another process or after a reboot.
///
/// [`std::time::Instant`] is not used because on Linux and macOS it stands still while the machine
/// is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// The last instant there is: a deadline that never passes.
    pub const MAX: Self = Self(Duration::MAX);

    /// The instant that lies `elapsed` after the origin.
    #[must_use]
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the origin the instant lies.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to `self`, zero if `earlier` is the later one.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Saturates at [`Monotonic::MAX`].
impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

/// Saturates at the origin.
impl Sub<Duration> for Monotonic {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(earlier))
    }
}

/// As [`Monotonic::saturating_since`].
impl Sub for Monotonic {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let second = Duration::from_secs(1);
        let early = Monotonic::from_origin(second);
        assert_eq!((early + second) - early, second);
        assert_eq!(early - (early + second), Duration::ZERO);
        assert_eq!(
            early - Duration::from_secs(9),
            Monotonic::from_origin(Duration::ZERO)
        );
        assert_eq!(Monotonic::MAX + second, Monotonic::MAX);
    }
}
