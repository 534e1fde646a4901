//! A clock that counts the time a machine sleeps, and a wait that goes by it.
//!
//! Deadlines of a connection are about the peer, whose clock goes on while this machine sleeps: a
//! laptop that was shut for an hour has heard nothing for an hour. Linux's `Instant` stops in
//! sleep (`CLOCK_MONOTONIC`, `clock_gettime(2)`), and so do all timers made of it.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the client's one reading of the clock"
)]

use std::time::{Duration, Instant};

/// How often a waiting task looks whether the machine has slept. Timers stop in sleep, so this is
/// how late after waking a deadline may be noticed.
const LOOK: Duration = Duration::from_secs(5);

/// Reads the clock. Tests may pause it, as its waking part is tokio's.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std() + asleep()
}

/// Waits for an instant of the clock that `now` reads.
pub async fn sleep_until(deadline: Instant, now: impl Fn() -> Instant) {
    loop {
        let left = deadline.saturating_duration_since(now());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_passed_in_sleep_is_noticed_soon_after() {
        let begun = now();
        let slept = AtomicU64::new(0);
        let clock = || now() + Duration::from_secs(slept.load(Ordering::Relaxed));
        let wait = sleep_until(begun + Duration::from_secs(3_600), clock);
        let nap = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            slept.store(3_600, Ordering::Relaxed);
        };
        tokio::join!(wait, nap);
        let woke = now() - begun;
        assert!(
            (Duration::from_secs(60)..=Duration::from_secs(66)).contains(&woke),
            "{woke:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_as_long_as_asked_for() {
        let begun = now();
        sleep_until(begun + Duration::from_millis(7_300), now).await;
        let waited = now() - begun;
        assert!(
            (Duration::from_millis(7_300)..Duration::from_millis(7_310)).contains(&waited),
            "{waited:?}"
        );
        sleep_until(begun, now).await;
    }
}
