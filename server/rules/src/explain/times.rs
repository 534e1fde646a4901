//! How times are written: in UTC, the date only where it is not that of the acceptance.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// How the times of an explanation are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    day: Date,
}

/// A time, in parts.
pub(super) struct Parts {
    /// The date, where it has to be said.
    pub(super) date: Option<String>,
    /// The time of day.
    pub(super) time: String,
}

impl Times {
    /// Times of this moment's day are written without their date.
    #[must_use]
    pub fn of_day(moment: Timestamp) -> Self {
        Self {
            day: moment.to_zoned(TimeZone::UTC).date(),
        }
    }

    pub(super) fn parts(self, at: Timestamp) -> Parts {
        let at = at.to_zoned(TimeZone::UTC).datetime();
        Parts {
            date: (at.date() != self.day).then(|| at.date().to_string()),
            time: at.strftime("%H:%M:%S").to_string(),
        }
    }

    pub(super) fn date(self) -> String {
        self.day.to_string()
    }
}
