//! When the next submission may be written.

use std::{num::NonZeroU32, time::Duration};

use vestnik_clock::Monotonic;

/// How long nothing is submitted after the message centre said that it was too much, the first time in a row
/// and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How long after it said that it is congested, though it took the message (SMPP 5.0, 4.8.4.18).
const CONGESTED: (u8, Duration) = (90, Duration::from_secs(1));

/// When the next submission may be written.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Monotonic,
    /// When the next message may have a place. Places are given as fast as submissions are written, so that no
    /// message has one for long before it is.
    place: Monotonic,
    /// Until when the message centre wants nothing.
    paused: Monotonic,
    /// How often in a row it was too much.
    row: u32,
}

impl Pace {
    pub(super) fn new(per_second: Option<NonZeroU32>, now: Monotonic) -> Self {
        let interval =
            per_second.map_or(Duration::ZERO, |most| Duration::from_secs(1) / most.get());
        Self {
            interval,
            next: now,
            place: now,
            paused: now,
            row: 0,
        }
    }

    /// When a submission may be written.
    pub(super) const fn next(&self) -> Monotonic {
        self.next
    }

    pub(super) fn is_ready(&self, now: Monotonic) -> bool {
        self.next <= now
    }

    /// When a message may have a place.
    pub(super) const fn next_place(&self) -> Monotonic {
        self.place
    }

    /// A message has a place.
    pub(super) fn on_place(&mut self, now: Monotonic) {
        self.place = self.place.max(now) + self.interval;
    }

    /// Until when the message centre wants nothing.
    pub(super) fn paused_until(&self, now: Monotonic) -> Option<Monotonic> {
        (self.paused > now).then_some(self.paused)
    }

    /// A submission is written. What was not used of the past is not made up for.
    pub(super) fn on_submitted(&mut self, now: Monotonic) {
        self.next = self.next.max(now) + self.interval;
    }

    /// The message centre took one, as congested as it says, in percent.
    pub(super) fn on_taken(&mut self, congestion: Option<u8>, now: Monotonic) {
        self.row = 0;
        let (most, pause) = CONGESTED;
        if congestion.is_some_and(|congestion| congestion >= most) {
            self.next = self.next.max(now + pause);
            self.place = self.place.max(self.next);
        }
    }

    /// The message centre says that it was too much. Gives how long nothing is submitted. Those that were
    /// under way at the time say the same: they do not make it longer.
    pub(super) fn on_throttled(&mut self, now: Monotonic) -> Duration {
        if self.next <= now + self.interval {
            let (first, most) = PAUSE;
            let pause = first.saturating_mul(1 << self.row.min(16)).min(most);
            self.row = self.row.saturating_add(1);
            self.next = now + pause;
            self.paused = self.next;
            self.place = self.place.max(self.next);
        }
        self.next.saturating_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_millis(milliseconds))
    }

    #[test]
    fn no_more_are_written_in_a_second_than_may_be() {
        let mut pace = Pace::new(NonZeroU32::new(4), at(0));
        let mut written = Vec::new();
        for now in 0..1_000 {
            if pace.is_ready(at(now)) {
                pace.on_submitted(at(now));
                written.push(now);
            }
        }
        assert_eq!(written, [0, 250, 500, 750]);
        // A quiet second does not allow eight in the next.
        assert!(pace.is_ready(at(3_000)));
        pace.on_submitted(at(3_000));
        assert!(!pace.is_ready(at(3_249)));
    }

    #[test]
    fn pauses_double_until_something_is_taken() {
        let mut pace = Pace::new(None, at(0));
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let pause = pace.on_throttled(now);
            // A second refusal of the same moment.
            assert_eq!(pace.on_throttled(now), pause);
            assert!(!pace.is_ready(now));
            now = now + pause;
            pauses.push(pause.as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        pace.on_taken(None, now);
        assert_eq!(pace.on_throttled(now).as_secs(), 1);
    }

    #[test]
    fn a_congested_message_centre_is_given_a_second() {
        let mut pace = Pace::new(None, at(0));
        pace.on_taken(Some(89), at(0));
        assert!(pace.is_ready(at(0)));
        pace.on_taken(Some(90), at(0));
        assert_eq!(pace.next(), at(1_000));
    }
}
