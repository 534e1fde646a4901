//! Nudges that come in showers.

use std::time::Duration;

use vestnik_clock::{Monotonic, Now};

use crate::machine::connection::Nudge;

/// For so long after a nudge further ones are gathered to one: systems tell of one change of the network
/// by several calls.
const SHOWER: Duration = Duration::from_secs(1);

/// Nudges, of which the first of a shower counts at once and the last one at its end.
#[derive(Debug, Default)]
pub(super) struct Nudges {
    last: Option<Monotonic>,
    later: Option<Nudge>,
    is_asleep: bool,
}

impl Nudges {
    /// Takes a nudge; gives it back if it counts now.
    pub(super) fn take(&mut self, now: Now, nudge: Nudge) -> Option<Nudge> {
        if self.is_asleep {
            return None;
        }
        if self.last.is_none_or(|last| last + SHOWER <= now.monotonic) {
            self.last = Some(now.monotonic);
            self.later = None;
            return Some(nudge);
        }
        self.later = match (self.later, nudge) {
            (Some(Nudge::NetworkChanged), _) | (_, Nudge::NetworkChanged) => {
                Some(Nudge::NetworkChanged)
            }
            (Some(Nudge::Foreground) | None, Nudge::Foreground) => Some(Nudge::Foreground),
        };
        None
    }

    /// The nudge that counts now, if the shower is over.
    pub(super) fn due(&mut self, now: Now) -> Option<Nudge> {
        let is_over = self.deadline().is_some_and(|at| at <= now.monotonic);
        let nudge = self.later.take_if(|_| is_over)?;
        self.last = Some(now.monotonic);
        Some(nudge)
    }

    /// While the machine sleeps no nudge counts; waking up is one.
    pub(super) fn sleep(&mut self) {
        self.later = None;
        self.is_asleep = true;
    }

    pub(super) fn wake(&mut self) {
        self.is_asleep = false;
    }

    pub(super) fn deadline(&self) -> Option<Monotonic> {
        let last = self.last.filter(|_| self.later.is_some())?;
        Some(last + SHOWER)
    }
}
