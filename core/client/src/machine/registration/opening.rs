//! When the app was last brought to the front, as the server is to know it.

use std::time::Duration;

use vestnik_clock::Monotonic;

/// For so long after the server was told no further opening is told: focus comes and goes.
const PAUSE: Duration = Duration::from_secs(10);

/// When the app was last brought to the front, and whether the server knows it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Opening {
    last: Option<Monotonic>,
    told: Option<Monotonic>,
    not_before: Option<Monotonic>,
}

impl Opening {
    pub(super) fn opened(&mut self, at: Monotonic) {
        self.last = self.last.max(Some(at));
    }

    /// The opening that the server does not know.
    pub(super) fn untold(&self) -> Option<Monotonic> {
        self.last.filter(|last| Some(*last) != self.told)
    }

    /// The server knows of an opening.
    pub(super) fn told(&mut self, opening: Monotonic, now: Monotonic) {
        self.told = Some(opening);
        self.not_before = Some(now + PAUSE);
    }

    /// The same for another session, which knows of no opening.
    pub(super) const fn of_another_session(self) -> Self {
        Self {
            last: self.last,
            told: None,
            not_before: None,
        }
    }

    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        self.untold().is_some() && self.not_before.is_none_or(|at| at <= now)
    }

    /// When it is due, if it waits.
    pub(super) fn deadline(&self) -> Option<Monotonic> {
        self.not_before.filter(|_| self.untold().is_some())
    }
}

/// Whole seconds since an opening.
pub(super) fn seconds_since(opening: Monotonic, now: Monotonic) -> u32 {
    let seconds = now.saturating_since(opening).as_secs();
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
