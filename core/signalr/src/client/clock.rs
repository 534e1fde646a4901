//! A clock that counts the time a machine sleeps, and an alarm that goes by it.
//!
//! Deadlines of a connection are about the peer, whose clock goes on while this machine sleeps: a
//! laptop that was shut for an hour has heard nothing for an hour. Linux's `Instant` stops in
//! sleep (`CLOCK_MONOTONIC`, `clock_gettime(2)`), and so do all timers made of it.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the client's one reading of the clock"
)]

mod alarm;
mod sleep;

use std::time::{Duration, Instant};

pub use self::alarm::Alarm;

/// Reads the clock. Tests may pause it, as its waking part is tokio's.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std() + asleep()
}

/// How long the machine has slept since it was started.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn asleep() -> Duration {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::time::{ClockId, Timespec, clock_gettime};

    /// In milliseconds, as far as it was seen.
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    /// The two readings are not made at once, and a clock must never step back by what is between.
    const NOTICED: u64 = 1_000;

    let read = |clock| {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
        u64::try_from(tv_sec * 1_000 + tv_nsec / 1_000_000).unwrap_or_default()
    };
    let awake = read(ClockId::Monotonic);
    let asleep = read(ClockId::Boottime).saturating_sub(awake);
    let seen = ASLEEP.load(Ordering::Relaxed);
    if asleep < seen + NOTICED {
        return Duration::from_millis(seen);
    }
    let seen = ASLEEP.fetch_max(asleep, Ordering::Relaxed);
    Duration::from_millis(asleep.max(seen))
}

/// Elsewhere the clock either counts sleep itself (Windows) or the app says that it woke.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn asleep() -> Duration {
    Duration::ZERO
}
