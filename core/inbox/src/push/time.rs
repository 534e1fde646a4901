//! The server's time in a process that never hears the server.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Offset, Stamp, rule::clock::shifted};

/// For so long after the server was heard the device's clock is believed. Later it may have been set, and
/// push services drop by themselves what has expired.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A time that was heard is kept anew after so long.
const KEPT_ANEW: SignedDuration = SignedDuration::from_hours(24);
/// A difference that has changed by more is kept anew: the device's clock was set.
const WAS_SET: SignedDuration = SignedDuration::from_secs(60);

/// When the app heard the server's time last, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard {
    /// The server's time.
    at: i64,
    /// The server's clock minus the device's.
    ahead: i64,
}

impl Heard {
    /// What is to be kept instead of what is; nothing if that is as good, or the server was not heard.
    pub(super) fn next(kept: Option<Self>, stamp: &Stamp) -> Option<Self> {
        let Offset::Heard(ahead) = stamp.offset else {
            return None;
        };
        let new = Self {
            at: stamp.server_now().as_millisecond(),
            ahead: i64::try_from(ahead.as_millis()).ok()?,
        };
        let is_as_good = kept.is_some_and(|kept| {
            let differs = SignedDuration::from_millis(new.ahead.abs_diff(kept.ahead).cast_signed());
            let age = SignedDuration::from_millis(new.at.saturating_sub(kept.at));
            differs <= WAS_SET && (SignedDuration::ZERO..KEPT_ANEW).contains(&age)
        });
        (!is_as_good).then_some(new)
    }

    /// Whether a moment of the server's clock has passed, beyond doubt. `now` is by the device's clock.
    pub(super) fn is_past(self, at: Timestamp, now: Timestamp) -> bool {
        let now = shifted(now, SignedDuration::from_millis(self.ahead));
        let since = SignedDuration::from_millis(now.as_millisecond().saturating_sub(self.at));
        at <= now && since < BELIEVED_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: i64 = 365 * 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn stamp(now: i64, ahead: i64) -> Stamp {
        Stamp {
            now: at(now),
            offset: Offset::Heard(SignedDuration::from_secs(ahead)),
            random: [0; 32],
        }
    }

    #[test]
    fn a_moment_has_passed_by_the_servers_clock_and_while_that_is_certain() {
        for wrong in [-YEAR, -7_200, 0, 7_200, YEAR] {
            // The device's clock is wrong by this much, and the server was heard.
            let heard = Heard::next(None, &stamp(wrong, -wrong)).unwrap();
            let is_past = |second| heard.is_past(at(10), at(wrong + second));
            assert!(is_past(10) && !is_past(9), "{wrong}");
            // It was set since.
            assert!(!is_past(YEAR) && !is_past(-YEAR), "{wrong}");
        }
    }

    #[test]
    fn a_time_is_kept_anew_when_it_says_something_new() {
        let kept = Heard::next(None, &stamp(0, 0)).unwrap();
        let next = |now, ahead| Heard::next(Some(kept), &stamp(now, ahead));
        assert_eq!(next(86_399, 0), None);
        assert_eq!(next(100, 60), None);
        for (now, ahead) in [(86_400, 0), (100, 61), (100, -161), (-1, 0)] {
            assert!(next(now, ahead).is_some(), "{now} {ahead}");
        }
        let kept_only = Stamp {
            offset: Offset::Kept(SignedDuration::ZERO),
            ..stamp(0, 0)
        };
        assert_eq!(Heard::next(None, &kept_only), None);
    }
}
