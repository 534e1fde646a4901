//! The time of the server, as a device knows it.
//!
//! A device's clock may be hours off. Each answer to `Hello` says what time it is at the server; the
//! difference is kept and added to the device's clock. Until there was one, nothing counts as expired:
//! showing something late is better than showing nothing. A difference that an earlier process kept may be
//! wrong, because the clock may have been set since: what has expired by it alone is neither shown nor
//! given up until the server is heard.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The server's clock minus the device's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// No answer to `Hello` has ever come.
    Unknown,
    /// An earlier process was told, and the clock may have been set since.
    Kept(SignedDuration),
    /// This process was told.
    Heard(SignedDuration),
}

impl Offset {
    /// The difference, if there is one.
    #[must_use]
    pub const fn difference(self) -> Option<SignedDuration> {
        match self {
            Self::Unknown => None,
            Self::Kept(difference) | Self::Heard(difference) => Some(difference),
        }
    }
}

/// A moment, by the server's clock if that was known when it passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub at: Timestamp,
    /// Whether it is one of the device's clock.
    pub is_by_device: bool,
}

impl Moment {
    /// The device's clock was set by so much since.
    pub fn clock_was_set(&mut self, by: SignedDuration) {
        if self.is_by_device {
            self.at = shifted(self.at, by);
        }
    }
}

/// The time of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerTime {
    /// The time; the device's own while the server's is not known.
    pub(crate) now: Timestamp,
    offset: Offset,
}

impl ServerTime {
    /// Whether the server itself has said what time it is, in this process.
    pub(crate) const fn is_heard(self) -> bool {
        match self.offset {
            Offset::Heard(_) => true,
            Offset::Unknown | Offset::Kept(_) => false,
        }
    }

    /// Whether a moment has passed, beyond doubt.
    pub(crate) fn is_past(self, at: Timestamp) -> bool {
        self.is_heard() && at <= self.now
    }

    /// Whether a moment has passed by a difference that may be wrong by now.
    pub(crate) fn is_perhaps_past(self, at: Timestamp) -> bool {
        match self.offset {
            Offset::Kept(_) => at <= self.now,
            Offset::Unknown | Offset::Heard(_) => false,
        }
    }
}

/// Corrects the device's clock.
pub(crate) fn server_time(device: Timestamp, offset: Offset) -> ServerTime {
    ServerTime {
        now: shifted(device, offset.difference().unwrap_or_default()),
        offset,
    }
}

/// The server's clock minus the device's, in whole milliseconds.
pub(crate) fn offset(server: Timestamp, device: Timestamp) -> SignedDuration {
    SignedDuration::from_millis(server.as_millisecond() - device.as_millisecond())
}

/// The difference that an answer of the server leaves. `lowest` is the one that holds if the answer took no
/// time at all, and `round_trip` is how long the device waited for it: the true one is no lower than `lowest`
/// and higher by `round_trip` at the most. What is known already is the better, unless it is none of these:
/// then the device's clock was set.
pub(crate) fn heard(
    known: Option<SignedDuration>,
    lowest: SignedDuration,
    round_trip: Duration,
) -> SignedDuration {
    let round_trip = i64::try_from(round_trip.as_millis()).unwrap_or(i64::MAX);
    let highest = lowest.saturating_add(SignedDuration::from_millis(round_trip));
    known
        .filter(|known| (lowest..=highest).contains(known))
        .unwrap_or(lowest)
}

/// A time moved by a duration, as far as times go.
pub(crate) fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
    }

    #[test]
    fn a_wrong_clock_is_corrected_in_both_directions() {
        for wrong in [-100_000, -5, 0, 5, 100_000] {
            let offset = offset(at(0), at(wrong));
            let corrected = server_time(at(wrong + 1), Offset::Heard(offset));
            assert_eq!(corrected.now, at(1));
            assert!(corrected.is_past(at(1)) && !corrected.is_past(at(2)));
            assert!(!corrected.is_perhaps_past(at(1)));
        }
    }

    #[test]
    fn what_has_passed_by_a_kept_difference_has_perhaps_passed() {
        let kept = server_time(at(1), Offset::Kept(SignedDuration::ZERO));
        assert!(kept.is_perhaps_past(at(1)) && !kept.is_perhaps_past(at(2)));
        assert!(!kept.is_past(at(1)));
    }

    #[test]
    fn nothing_is_past_while_the_servers_time_is_unknown() {
        let unknown = server_time(at(9), Offset::Unknown);
        assert!(!unknown.is_past(at(0)) && !unknown.is_perhaps_past(at(0)));
    }

    #[test]
    fn an_answer_that_was_long_on_its_way_spoils_no_better_difference() {
        let millis = SignedDuration::from_millis;
        let (slow, fast) = (Duration::from_secs(5), Duration::from_millis(10));
        // The answer came 5 s late: it seems that the server's clock is 5 s behind.
        for (known, lowest, round_trip, expected) in [
            (None, -5_000, slow, -5_000),
            (Some(0), -5_000, slow, 0),
            (Some(-2_000), -5_000, slow, -2_000),
            // The first answer was late, the next is not.
            (Some(-5_000), -4, fast, -4),
            // The device's clock was set, forward and back.
            (Some(0), -3_600_000, fast, -3_600_000),
            (Some(0), 3_600_000, fast, 3_600_000),
            (Some(4_000_000), 3_600_000, slow, 3_600_000),
        ] {
            let known = known.map(millis);
            let found = heard(known, millis(lowest), round_trip);
            assert_eq!(found, millis(expected), "{known:?} {lowest}");
        }
        let ages = heard(Some(millis(7)), SignedDuration::MAX, Duration::MAX);
        assert_eq!(ages, SignedDuration::MAX);
    }

    #[test]
    fn times_saturate() {
        let ages = SignedDuration::from_hours(24 * 365 * 20_000);
        assert_eq!(shifted(Timestamp::MAX, ages), Timestamp::MAX);
        assert_eq!(shifted(Timestamp::MIN, -ages), Timestamp::MIN);
    }
}
