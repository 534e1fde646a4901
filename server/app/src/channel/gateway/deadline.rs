//! Until when a try may wait for answers.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::{Clock, Monotonic};
use vestnik_rules::patience::{Patience, wait};

/// When a try is given up. What was written by then and is not answered counts as unproven, so no request begins that
/// could still wait for its answer then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Monotonic);

impl Deadline {
    /// The deadline of a try that begins now; `None` if it begins too late to be made.
    pub(super) fn of(lease_until: Timestamp, clock: &dyn Clock) -> Option<Self> {
        let patience = wait([lease_until].into_iter(), Patience::PUSH, clock.now())?;
        let patience = Duration::try_from(patience).ok()?;
        Some(Self(clock.monotonic() + patience))
    }

    /// Whether what takes so long ends before.
    pub(super) fn has_time(self, takes: Duration, clock: &dyn Clock) -> bool {
        clock.monotonic() + takes <= self.0
    }
}
