//! The one place where the client's driver reads the clock.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the driver's one reading of the clock"
)]

use std::time::Instant;

/// Reads the clock; tests may pause it, as it is tokio's.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
