//! Where the server reads the time and draws randomness; all else is handed both.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one reading of the clock"
)]

use jiff::{Timestamp, TimestampRound, Unit};
use uuid::{Builder, Uuid};

/// The time and randomness of a server. Tests give their own.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The time of day, to the millisecond.
    fn now(&self) -> Timestamp;
    /// 32 unpredictable bytes.
    fn random(&self) -> [u8; 32];
}

/// The system's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.round(TimestampRound::new().smallest(Unit::Millisecond))
            .unwrap_or(now)
    }

    fn random(&self) -> [u8; 32] {
        rand::random()
    }
}

/// Makes an id that sorts by the time it was made (RFC 9562, version 7).
pub(crate) fn new_uuid(clock: &dyn Clock) -> Uuid {
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or_default();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&clock.random()[..10]);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}
