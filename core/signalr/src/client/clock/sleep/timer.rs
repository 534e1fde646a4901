//! A timer that Linux ends when the machine wakes.

use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
};

use rustix::{
    io::Errno,
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};
use tokio::io::unix::AsyncFd;

use super::looks::Looks;

/// A moment that every Linux can hold (a `time_t` of 32 bits), too far to come.
const FAR: Timespec = Timespec {
    tv_sec: i32::MAX as i64,
    tv_nsec: 0,
};

/// A timer of the time of day, which is cancelled when that is set (`TFD_TIMER_CANCEL_ON_SET`,
/// `timerfd_create(2)`). Waking from sleep sets it: the kernel's `timekeeping_resume` tells all such
/// timers. It costs nothing meanwhile. A system that gives no timer is looked at instead.
#[derive(Debug)]
pub(in super::super) enum Timer {
    Told(AsyncFd<OwnedFd>),
    Looks(Looks),
}

impl Timer {
    /// Begins on the present tokio runtime.
    pub(in super::super) fn begin() -> Self {
        match timer() {
            Ok(timer) => Self::Told(timer),
            Err(error) => {
                tracing::debug!(%error, "the system does not tell of sleep");
                Self::Looks(Looks::begin())
            }
        }
    }

    /// Ready each time the machine may have slept since.
    pub(in super::super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timer = match self {
            Self::Told(timer) => timer,
            Self::Looks(looks) => return looks.poll(context),
        };
        loop {
            let Ok(mut ready) = ready!(timer.poll_read_ready(context)) else {
                // The runtime ends.
                return Poll::Pending;
            };
            // Cancelled or, far from now, elapsed: either is told once by a read.
            let read = rustix::io::read(ready.get_inner(), &mut [0; 8]);
            ready.clear_ready();
            if read != Err(Errno::AGAIN) {
                return Poll::Ready(());
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "what takes its place is unsafe, for types that may give away another file than their own"
)]
fn timer() -> io::Result<AsyncFd<OwnedFd>> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
    let once = Itimerspec {
        it_interval: Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        },
        it_value: FAR,
    };
    let when_set = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    timerfd_settime(&timer, when_set, &once)?;
    AsyncFd::new(timer)
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_system_tells_of_sleep_and_of_nothing_else() {
        let mut timer = Timer::begin();
        assert!(matches!(timer, Timer::Told(_)), "{timer:?}");
        let told = poll_fn(|context| timer.poll(context));
        let hour = Duration::from_secs(3_600);
        assert!(timeout(hour, told).await.is_err());
    }
}
