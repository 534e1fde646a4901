//! The time of the server, as a device knows it.
//!
//! A device's clock may be hours off. Each answer to `Hello` says what time it is at the server; the
//! difference is kept and added to the device's clock. Until it is known, nothing counts as expired:
//! showing something late is better than showing nothing.

use jiff::{SignedDuration, Timestamp};

/// The time of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerTime {
    /// The time; the device's own while the server's is not known.
    pub(crate) now: Timestamp,
    /// Whether the server's time is known.
    pub(crate) is_known: bool,
}

impl ServerTime {
    pub(crate) fn is_past(self, at: Timestamp) -> bool {
        self.is_known && at <= self.now
    }
}

/// Corrects the device's clock.
pub(crate) fn server_time(device: Timestamp, offset: Option<SignedDuration>) -> ServerTime {
    ServerTime {
        now: shifted(device, offset.unwrap_or_default()),
        is_known: offset.is_some(),
    }
}

/// The server's clock minus the device's, in whole milliseconds.
pub(crate) fn offset(server: Timestamp, device: Timestamp) -> SignedDuration {
    SignedDuration::from_millis(server.as_millisecond() - device.as_millisecond())
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
            let corrected = server_time(at(wrong + 1), Some(offset));
            assert_eq!((corrected.now, corrected.is_known), (at(1), true));
            assert!(corrected.is_past(at(1)) && !corrected.is_past(at(2)));
        }
    }

    #[test]
    fn nothing_is_past_while_the_servers_time_is_unknown() {
        assert!(!server_time(at(9), None).is_past(at(0)));
    }

    #[test]
    fn times_saturate() {
        let ages = SignedDuration::from_hours(24 * 365 * 20_000);
        assert_eq!(shifted(Timestamp::MAX, ages), Timestamp::MAX);
        assert_eq!(shifted(Timestamp::MIN, -ages), Timestamp::MIN);
    }
}
