//! Where the server drivers read the clock and draw randomness; all else takes them as arguments.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the drivers' one reading of the clock"
)]

use std::{pin::Pin, time::Instant};

use jiff::Timestamp;
use tokio::time::Sleep;

/// Reads the clock; tests may pause it, as it is tokio's.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Reads the calendar's clock.
pub(crate) fn time_of_day() -> Timestamp {
    Timestamp::now()
}

/// Waits until an instant, for ever without one.
pub(crate) async fn wait_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits for deadlines that mostly move on before they come.
///
/// A connection that sends puts its next ping off each time. Setting a timer costs more than
/// looking once when it rings too early, so it is only ever set to ring earlier.
#[derive(Debug)]
pub(crate) struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Box::pin(tokio::time::sleep_until(now.into())))
    }

    /// Waits until a deadline, for ever without one. Cancel safe.
    pub(crate) async fn ring(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else {
            return std::future::pending().await;
        };
        let deadline = deadline.into();
        if deadline < self.0.deadline() || self.0.is_elapsed() {
            self.0.as_mut().reset(deadline);
        }
        loop {
            self.0.as_mut().await;
            if self.0.deadline() >= deadline {
                return;
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

/// Draws 16 unpredictable bytes, enough for an id or a secret.
pub(crate) fn random_bytes() -> [u8; 16] {
    rand::random()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_at_the_deadline_that_was_told_last() {
        let start = now();
        let after = |seconds| Some(start + Duration::from_secs(seconds));
        let mut alarm = Alarm::new(start);
        for deadline in [20, 10, 15] {
            let early = tokio::time::timeout(Duration::from_secs(1), alarm.ring(after(deadline)));
            assert!(early.await.is_err(), "{deadline}");
        }
        alarm.ring(after(15)).await;
        assert_eq!(now() - start, Duration::from_secs(15));
        alarm.ring(after(15)).await;
        alarm.ring(after(16)).await;
        assert_eq!(now() - start, Duration::from_secs(16));
        let never = tokio::time::timeout(Duration::from_secs(60), alarm.ring(None));
        assert!(never.await.is_err());
    }
}
