//! The one place where the benches read the clock.
#![allow(
    clippy::disallowed_methods,
    reason = "a bench measures real servers in real time, and paces what it sends"
)]

use std::{
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use nix::time::{ClockId, clock_gettime};

/// The monotonic time now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What markers count from: when this process first asked. A program asks before it measures, as no
/// marker can be older.
pub(crate) fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(now)
}

/// Nanoseconds from just before the process's origin to a moment, so never nothing.
pub(crate) fn nanos_at(moment: Instant) -> u64 {
    let since = moment.saturating_duration_since(origin());
    u64::try_from(since.as_nanos()).map_or(u64::MAX, |nanos| nanos.saturating_add(1))
}

/// Nanoseconds from the process's origin to now.
pub(crate) fn nanos() -> u64 {
    let origin = origin();
    nanos_at(now().max(origin))
}

/// CPU time of the calling thread: what another program does meanwhile is not in it.
pub(crate) fn thread_nanos() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    let time = time.map(Duration::from).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Sleeps until a moment, or not at all when it is over.
pub(crate) fn sleep_until(moment: Instant) {
    thread::sleep(moment.saturating_duration_since(now()));
}

/// Nanoseconds since the machine was started: the same in all processes.
pub(crate) fn boot_nanos() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from);
    u64::try_from(time.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// Lets a server settle before its memory is read.
pub(crate) fn settle(duration: Duration) {
    thread::sleep(duration);
}
