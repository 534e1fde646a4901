//! What the driver counts for operators.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often breakers opened and closed since the driver was made, over all accounts and origins. One
/// that a probe finds still broken does not open again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakers {
    /// How often one opened.
    pub opened: u64,
    /// How often one closed again.
    pub closed: u64,
}

/// The counts, shared by all accounts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    opened: AtomicU64,
    closed: AtomicU64,
}

impl Tally {
    /// Takes whether a breaker was closed, and whether it is.
    pub(super) fn count(&self, was_closed: bool, is_closed: bool) {
        match (was_closed, is_closed) {
            (true, false) => self.opened.fetch_add(1, Ordering::Relaxed),
            (false, true) => self.closed.fetch_add(1, Ordering::Relaxed),
            (true, true) | (false, false) => return,
        };
    }

    pub(super) fn breakers(&self) -> Breakers {
        Breakers {
            opened: self.opened.load(Ordering::Relaxed),
            closed: self.closed.load(Ordering::Relaxed),
        }
    }
}
