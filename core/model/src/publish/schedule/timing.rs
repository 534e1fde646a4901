//! From when on, by whose clock, and at which hours.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};

use super::{window::Window, zone::ZoneRule};

/// When a notification is sent, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// From when on, by whose clock, and at which hours.
    pub timing: Timing,
    /// After this moment nobody is notified any more.
    pub deadline: Option<Timestamp>,
    /// Whether it waits while a recipient wants quiet.
    pub respects_quiet_hours: bool,
    /// The most recipients who are notified in any minute.
    pub per_minute: Option<NonZeroU32>,
}

/// From when on, by whose clock, and at which hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// As soon as it is accepted.
    Now,
    /// From this moment on.
    At(Timestamp),
    /// By the clock of a zone.
    Local {
        /// Whose clock.
        zone: ZoneRule,
        /// What that clock has to read.
        start: LocalStart,
    },
}

/// What a local clock has to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalStart {
    /// This date and time, and then an hour of the window, if there is one.
    At {
        /// The date and time.
        wall: DateTime,
        /// The hours.
        window: Option<Window>,
    },
    /// An hour of the window.
    Within {
        /// Not before this moment; absent: from its acceptance on.
        since: Option<Timestamp>,
        /// The hours.
        window: Window,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            timing: Timing::Now,
            deadline: None,
            respects_quiet_hours: true,
            per_minute: None,
        }
    }
}

impl Schedule {
    /// The window, if there is one.
    #[must_use]
    pub const fn window(&self) -> Option<&Window> {
        match &self.timing {
            Timing::Now | Timing::At(_) => None,
            Timing::Local { start, .. } => match start {
                LocalStart::At { window, .. } => window.as_ref(),
                LocalStart::Within { window, .. } => Some(window),
            },
        }
    }

    /// The earliest moment at which anybody may be notified, wherever they are: the moment at which the
    /// audience is expanded.
    #[must_use]
    pub fn opens_at(&self, accepted_at: Timestamp) -> Timestamp {
        let start = match &self.timing {
            Timing::Now => None,
            Timing::At(at) => Some(*at),
            Timing::Local { start, .. } => match start {
                LocalStart::At { wall, .. } => Some(at_offset(*wall, EASTERNMOST)),
                LocalStart::Within { since, .. } => *since,
            },
        };
        start.map_or(accepted_at, |start| start.max(accepted_at))
    }

    /// From when on it is worth delivering to nobody: `ttl` after the latest moment at which any
    /// recipient's clock reaches `send_at`, at the deadline at the latest.
    #[must_use]
    pub fn expires_at(&self, accepted_at: Timestamp, ttl: SignedDuration) -> Timestamp {
        let start = match &self.timing {
            Timing::Local {
                start: LocalStart::At { wall, .. },
                ..
            } => at_offset(*wall, WESTERNMOST).max(accepted_at),
            Timing::Now | Timing::At(_) | Timing::Local { .. } => self.opens_at(accepted_at),
        };
        let end = start.checked_add(ttl).unwrap_or(Timestamp::MAX);
        self.deadline.map_or(end, |deadline| deadline.min(end))
    }
}

/// The largest offset from UTC that a clock has anywhere: Kiribati's Line Islands.
pub(super) const EASTERNMOST: Offset = Offset::constant(14);
/// The smallest offset from UTC that a clock has anywhere: Baker Island.
const WESTERNMOST: Offset = Offset::constant(-12);

/// The moment at which a clock of this offset reads `wall`; the end of the calendar beyond it.
pub(super) fn at_offset(wall: DateTime, offset: Offset) -> Timestamp {
    offset.to_timestamp(wall).unwrap_or_else(|_| {
        if wall.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        }
    })
}
