//! Where the server drivers read the clock and draw randomness; all else takes them as arguments.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the drivers' one reading of the clock"
)]

use std::time::Instant;

/// Reads the clock; tests may pause it, as it is tokio's.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Waits until a deadline, for ever without one.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Draws 16 unpredictable bytes, enough for an id or a secret.
pub(crate) fn random_bytes() -> [u8; 16] {
    rand::random()
}
