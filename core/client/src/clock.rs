//! Where the core reads the time and draws randomness; all else is handed both.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one reading of the clock"
)]

use std::time::Instant;

use jiff::Timestamp;

/// Time and randomness. Tests give their own.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The time of day.
    fn now(&self) -> Timestamp;
    /// A clock that never steps and that counts the time a machine sleeps; what deadlines are
    /// counted in.
    fn instant(&self) -> Instant;
    /// 16 unpredictable bytes.
    fn random(&self) -> [u8; 16];
}

/// The system's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn instant(&self) -> Instant {
        vestnik_signalr::client::clock::now()
    }

    fn random(&self) -> [u8; 16] {
        rand::random()
    }
}
