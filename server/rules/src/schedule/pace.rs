//! How fast a mailing goes on.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

const MINUTE_MILLIS: i64 = 60_000;

/// How far a mailing of so many recipients a minute has come. Each recipient takes a place when they
/// become due; places are spread evenly, so that no minute, wherever it begins, has more than its number.
///
/// ```
/// use std::num::NonZeroU32;
/// use vestnik_rules::schedule::Pace;
///
/// let two = NonZeroU32::new(2).expect("it is not zero");
/// let mut pace = Pace::default();
/// let now = "2026-11-28T09:00:00Z".parse()?;
/// let places: Vec<_> = (0..3).map(|_| pace.take(two, now).to_string()).collect();
/// assert_eq!(places, ["2026-11-28T09:00:00Z", "2026-11-28T09:00:30Z", "2026-11-28T09:01:00Z"]);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// When the next place is; absent until the first is taken.
    next_free: Option<Timestamp>,
}

impl Pace {
    /// The pace of a mailing whose next place is at `next_free`, as it was stored.
    #[must_use]
    pub const fn resumed(next_free: Option<Timestamp>) -> Self {
        Self { next_free }
    }

    /// When the next place is, to be stored.
    #[must_use]
    pub const fn next_free(&self) -> Option<Timestamp> {
        self.next_free
    }

    /// Takes a place: the first one that is free from `ready_at` on.
    pub fn take(&mut self, per_minute: NonZeroU32, ready_at: Timestamp) -> Timestamp {
        let place = self.place(ready_at);
        self.next_free = place.checked_add(interval(per_minute)).ok();
        place
    }

    /// The place that [`Pace::take`] would give. One that lies outside a recipient's window is not worth
    /// taking.
    #[must_use]
    pub fn place(&self, ready_at: Timestamp) -> Timestamp {
        self.next_free.map_or(ready_at, |free| free.max(ready_at))
    }
}

/// The time between two places; never so short that a minute has one more.
fn interval(per_minute: NonZeroU32) -> SignedDuration {
    let nanos = MINUTE_MILLIS * 1_000_000;
    let count = i64::from(per_minute.get());
    SignedDuration::from_nanos((nanos + count - 1) / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn no_minute_has_more_than_its_number() {
        for count in [1, 2, 7, 59, 61, 1_200, 999_983] {
            let per_minute = NonZeroU32::new(count).unwrap();
            let mut pace = Pace::default();
            let start = at("2026-11-28T09:00:00Z");
            let taken = (count as usize * 3).min(200_000);
            // Recipients become due in bursts, and now and then late.
            let places: Vec<_> = (0..taken)
                .map(|index| {
                    let millis = if index % 1_000 == 0 { index as i64 } else { 0 };
                    pace.take(per_minute, start + SignedDuration::from_millis(millis))
                })
                .collect();
            let minute = SignedDuration::from_millis(MINUTE_MILLIS);
            for (first, last) in places.iter().zip(places.iter().skip(count as usize)) {
                assert!(last.duration_since(*first) >= minute, "{count} a minute");
            }
            assert!(places.is_sorted());
        }
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let sixty = NonZeroU32::new(60).unwrap();
        let mut pace = Pace::default();
        pace.take(sixty, at("2026-11-28T09:00:00Z"));
        let resumed = at("2026-11-28T10:00:00Z");
        assert_eq!(pace.take(sixty, resumed), resumed);
        let mut stored = Pace::resumed(pace.next_free());
        assert_eq!(stored.take(sixty, resumed), at("2026-11-28T10:00:01Z"));
    }
}
