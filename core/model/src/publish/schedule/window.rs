//! Hours and weekdays.

use jiff::civil::{DateTime, Time, Weekday};

use crate::open::words;

/// The hours and weekdays at which recipients may be notified.
///
/// It opens at `from` on each of its weekdays and closes at the next `to`. One that closes on the next day
/// belongs to the day on which it opened. One whose `from` and `to` are the same is open for the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it opens.
    pub from: Time,
    /// When it closes; this time itself is outside.
    pub to: Time,
    /// On which weekdays it opens.
    pub weekdays: Weekdays,
    /// What becomes of a delivery that missed it.
    pub on_missed: OnMissedWindow,
}

impl Window {
    /// Whether a clock that reads `wall` is inside.
    #[must_use]
    pub fn contains(&self, wall: DateTime) -> bool {
        let Self {
            from,
            to,
            weekdays,
            on_missed: _,
        } = self;
        let (time, today) = (wall.time(), wall.date().weekday());
        let opened_today = time >= *from && weekdays.contains(today);
        if from < to {
            opened_today && time < *to
        } else {
            let opened_yesterday = time < *to && weekdays.contains(today.previous());
            opened_today || opened_yesterday
        }
    }
}

/// A set of weekdays, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Monday to Sunday.
    pub const ALL: Self = Self(0b111_1111);

    /// The set of these days; `None` if it would be empty.
    #[must_use]
    pub fn new(days: impl IntoIterator<Item = Weekday>) -> Option<Self> {
        let bits = days.into_iter().fold(0, |bits, day| bits | bit(day));
        (bits != 0).then_some(Self(bits))
    }

    /// Whether the day is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// The days from Monday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        let week = Weekday::Monday.cycle_forward().take(7);
        week.filter(move |day| self.contains(*day))
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

/// What becomes of a recipient whose window has closed before they were notified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnMissedWindow {
    /// They are notified when it opens again.
    #[default]
    NextAllowed,
    /// They are not notified.
    Drop,
}

words!(OnMissedWindow {
    NextAllowed = "next_allowed",
    Drop = "drop",
});
