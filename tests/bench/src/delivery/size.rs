//! How large the mailings are.

use std::time::Duration;

/// How large the mailings are, and how often each figure is made.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) runs: usize,
    /// Pushes of a mailing.
    pub(super) mailing: usize,
    /// Pushes of the large mailing, which is made once.
    pub(super) large: usize,
    /// How long one stretch of sealing takes.
    pub(super) sealing: Duration,
}

impl Size {
    /// What the published figures are made with.
    pub(super) fn full() -> Self {
        Self {
            runs: 3,
            mailing: 100_000,
            large: 1_000_000,
            sealing: Duration::from_millis(500),
        }
    }

    /// A smoke run, nothing to be trusted as a figure.
    pub(super) fn brief() -> Self {
        Self {
            runs: 1,
            mailing: 300,
            large: 900,
            sealing: Duration::from_millis(10),
        }
    }
}
