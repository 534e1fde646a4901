//! The one place where the kit reads the clock: it measures real servers in real time.
#![allow(
    clippy::disallowed_methods,
    reason = "the kit measures real servers in real time"
)]

use std::time::Instant;

use jiff::Timestamp;

/// The monotonic time now.
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}

/// The time of day now.
#[must_use]
pub fn timestamp() -> Timestamp {
    Timestamp::now()
}
