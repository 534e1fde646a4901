//! The one place where the commands read the time.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else is given"
)]

use std::time::Instant;

use jiff::Timestamp;

/// The time of day.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The start of something to be measured.
pub(crate) fn instant() -> Instant {
    Instant::now()
}
