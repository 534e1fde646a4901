//! A wait for a deadline that the machine may sleep through.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Instant,
};

use super::{now, sleep::SleepNotice};

/// Waits for deadlines of the clock that [`now`] reads, one after the other.
///
/// Nothing wakes the task before its deadline, unless the machine has slept: an idle connection costs
/// no more than its pings. Systems that tell of no sleep are the exception, see `SleepNotice`.
#[derive(Debug, Default)]
pub struct Alarm {
    notice: Option<SleepNotice>,
}

impl Alarm {
    /// Waits until a deadline. Cancel safe.
    pub async fn ring(&mut self, deadline: Instant) {
        let notice = self.notice.get_or_insert_with(SleepNotice::begin);
        wait(deadline, now, |context| notice.poll(context)).await;
    }
}

/// Waits until a deadline of a clock, which is looked at before, at the deadline, and whenever the machine
/// may have slept meanwhile: timers stop in sleep.
async fn wait(
    deadline: Instant,
    now: impl Fn() -> Instant,
    mut has_slept: impl FnMut(&mut Context<'_>) -> Poll<()>,
) {
    loop {
        let left = deadline.saturating_duration_since(now());
        if left.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = poll_fn(&mut has_slept) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, pin::pin, time::Duration};

    use tokio::sync::Notify;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn never(_: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_passed_in_sleep_is_noticed_at_once_after() {
        let (begun, slept, woken) = (now(), Cell::new(Duration::ZERO), Notify::new());
        let mut notified = pin!(woken.notified());
        let clock = || now() + slept.get();
        let waiting = wait(begun + HOUR, clock, |context| {
            notified.as_mut().poll(context)
        });
        let nap = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            slept.set(HOUR);
            woken.notify_waiters();
        };
        tokio::join!(waiting, nap);
        let waited = now() - begun;
        assert!(waited < Duration::from_secs(61), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_after_sleep_is_waited_for() {
        let (begun, slept) = (now(), Cell::new(Duration::ZERO));
        let clock = || now() + slept.get();
        let mut naps = 0;
        let waiting = wait(begun + HOUR, clock, |_| {
            naps += 1;
            slept.set(HOUR / 2);
            if naps == 1 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        waiting.await;
        let waited = now() - begun;
        assert!(
            (HOUR / 2..HOUR / 2 + Duration::from_secs(1)).contains(&waited),
            "{waited:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_is_one_wait() {
        let (begun, looks) = (now(), Cell::new(0));
        let clock = || {
            looks.set(looks.get() + 1);
            now()
        };
        wait(begun + HOUR, clock, never).await;
        let waited = now() - begun;
        assert!(
            (HOUR..HOUR + Duration::from_secs(1)).contains(&waited),
            "{waited:?}"
        );
        assert_eq!(looks.get(), 2, "before and at the deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_at_each_deadline_and_for_one_that_passed() {
        let begun = now();
        let mut alarm = Alarm::default();
        for millis in [7_300, 7_300, 9_000, 1_000] {
            alarm.ring(begun + Duration::from_millis(millis)).await;
        }
        let waited = now() - begun;
        let expected = Duration::from_millis(9_000);
        assert!(
            (expected..expected + Duration::from_millis(10)).contains(&waited),
            "{waited:?}"
        );
    }
}
