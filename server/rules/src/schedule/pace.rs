//! How fast a mailing goes on.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

/// How far ahead of its place in the pace somebody may be notified, so that those of about a second go
/// out together.
const AHEAD: SignedDuration = SignedDuration::from_secs(1);
/// A minute, and [`AHEAD`]: what so many places take.
const SPAN_NANOS: i64 = 61 * 1_000_000_000;

/// How far a mailing of so many recipients a minute has come. Each recipient takes a place when they are
/// notified: the first that is free, a second ahead of its time at most. Places are spread so that no
/// minute, wherever it begins, has more than its number of recipients, however late a server wakes. What
/// a pause did not use is not made up for.
///
/// This is the generic cell rate algorithm (ITU-T I.371): between the first and the last of `n + 1`
/// notified recipients lie `n` intervals less a second, a minute at least.
///
/// ```
/// use std::num::NonZeroU32;
/// use jiff::Timestamp;
/// use vestnik_rules::schedule::Pace;
///
/// let one = NonZeroU32::MIN;
/// let mut pace = Pace::default();
/// let now: Timestamp = "2026-11-28T09:00:00Z".parse()?;
/// assert_eq!(pace.take(one, now), Ok(()));
/// let again = pace.take(one, now).expect_err("the minute has its one");
/// assert_eq!(again.to_string(), "2026-11-28T09:01:00.5Z");
/// assert_eq!(pace.take(one, again), Ok(()));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// When the next place is, in whole microseconds; absent until the first is taken.
    next_free: Option<Timestamp>,
}

impl Pace {
    /// The pace of a mailing whose next place is so many microseconds after 1970, as it was stored.
    #[must_use]
    pub fn resumed(next_free: Option<i64>) -> Self {
        Self {
            next_free: next_free.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
        }
    }

    /// When the next place is, in microseconds after 1970, to be stored.
    #[must_use]
    pub fn next_free(&self) -> Option<i64> {
        self.next_free.map(Timestamp::as_microsecond)
    }

    /// Takes a place for somebody who is notified now.
    ///
    /// # Errors
    /// When to ask again, if none is free.
    pub fn take(&mut self, per_minute: NonZeroU32, now: Timestamp) -> Result<(), Timestamp> {
        let place = self.next_free.map_or(now, |free| free.max(now));
        if place.duration_since(now) > AHEAD {
            // Half of the time ahead is free then: several can go out together.
            let again = place.checked_sub(AHEAD / 2).unwrap_or(place);
            return Err(again);
        }
        self.next_free = behind(place, per_minute);
        Ok(())
    }
}

/// The place behind one, rounded up: a minute never has one more. `None` at the end of the calendar.
fn behind(place: Timestamp, per_minute: NonZeroU32) -> Option<Timestamp> {
    let count = i64::from(per_minute.get());
    let interval = i128::from((SPAN_NANOS + count - 1) / count);
    let micros = (place.as_nanosecond() + interval + 999).div_euclid(1_000);
    Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// When so many recipients, who are all there at the start, are notified by a server that wakes late.
    fn notified(count: u32, recipients: usize, late: impl Fn(usize) -> i64) -> Vec<Timestamp> {
        let per_minute = NonZeroU32::new(count).unwrap();
        let mut pace = Pace::default();
        let mut now = at("2026-11-28T09:00:00.000000001Z");
        let (mut notified, mut wakes) = (Vec::new(), 0);
        while notified.len() < recipients {
            match pace.take(per_minute, now) {
                Ok(()) => notified.push(now),
                Err(again) => {
                    assert!(again > now, "it is worth waiting");
                    now = again + SignedDuration::from_millis(late(wakes));
                    // The server may have been started anew.
                    pace = Pace::resumed(pace.next_free());
                    wakes += 1;
                }
            }
        }
        notified
    }

    fn check_minutes(count: u32, notified: &[Timestamp]) {
        for (first, last) in notified.iter().zip(notified.iter().skip(count as usize)) {
            let between = last.duration_since(*first);
            assert!(
                between >= SignedDuration::from_secs(60),
                "{count}: {between:?}"
            );
        }
    }

    #[test]
    fn no_minute_has_more_than_its_number() {
        for count in [1, 2, 7, 59, 61, 1_200, 50_021] {
            let recipients = count as usize * 4;
            let punctual = notified(count, recipients, |_| 0);
            check_minutes(count, &punctual);
            let took = punctual.last().unwrap().duration_since(punctual[0]);
            assert!(
                took < SignedDuration::from_secs(4 * 61),
                "{count}: {took:?}"
            );
            // Now and then it wakes late, and once after ten minutes.
            let late = |wake: usize| match wake {
                5 => 600_000,
                wake => (wake as i64 * 7_919) % 2_500,
            };
            check_minutes(count, &notified(count, recipients, late));
        }
    }

    #[test]
    fn the_fastest_pace_is_kept_too() {
        let notified = notified(1_000_000, 1_200_000, |wake| (wake as i64 * 31) % 90);
        check_minutes(1_000_000, &notified);
        let took = notified.last().unwrap().duration_since(notified[0]);
        assert!(took < SignedDuration::from_secs(75), "{took:?}");
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let sixty = NonZeroU32::new(60).unwrap();
        let mut pace = Pace::default();
        assert_eq!(pace.take(sixty, at("2026-11-28T09:00:00Z")), Ok(()));
        let resumed = at("2026-11-28T10:00:00Z");
        assert_eq!(pace.take(sixty, resumed), Ok(()));
        let again = pace.take(sixty, resumed);
        assert_eq!(again, Err(at("2026-11-28T10:00:00.516667Z")));
    }
}
