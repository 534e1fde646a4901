//! The only bound on time: how long nothing may arrive. How fast a machine is decides nothing.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;

/// How long nothing may arrive before a run counts as hung. What is waited for takes milliseconds.
const SILENCE: Duration = Duration::from_mins(5);

/// Waits for the next thing to arrive.
///
/// # Errors
///
/// When nothing arrives for five minutes.
pub(crate) async fn arrives<T>(next: impl Future<Output = T>) -> Result<T> {
    timeout(SILENCE, next)
        .await
        .with_context(|| format!("nothing arrived for {} s", SILENCE.as_secs()))
}
