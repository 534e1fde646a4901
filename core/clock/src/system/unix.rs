//! Unix: the clock that runs on in suspension.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::Monotonic;

/// Linux: `CLOCK_BOOTTIME` is `CLOCK_MONOTONIC` with the time in suspension (`clock_gettime(2)`).
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;

/// Apple's `CLOCK_MONOTONIC` runs on while the machine sleeps (`clock_gettime(3)`).
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

pub(super) fn since_origin() -> Monotonic {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(CLOCK);
    let seconds = u64::try_from(tv_sec).unwrap_or_default();
    let nanos = u32::try_from(tv_nsec).unwrap_or_default();
    Monotonic::from_origin(Duration::new(seconds, nanos))
}
