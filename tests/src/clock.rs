//! The one place where the harness reads the clock.
#![allow(
    clippy::disallowed_methods,
    reason = "the harness measures real servers in real time"
)]

use std::time::Instant;

use jiff::Timestamp;

/// The monotonic time now.
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}

/// The wall-clock time now.
#[must_use]
pub fn timestamp() -> Timestamp {
    Timestamp::now()
}
