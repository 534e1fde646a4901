//! Nothing tells of sleep.

use std::task::{Context, Poll};

/// The machine is never noticed to have slept.
#[derive(Debug)]
pub(in super::super) struct Never;

impl Never {
    pub(in super::super) const fn begin() -> Self {
        Self
    }

    /// Never ready.
    #[expect(clippy::unused_self, reason = "the platforms have one shape")]
    pub(in super::super) const fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
