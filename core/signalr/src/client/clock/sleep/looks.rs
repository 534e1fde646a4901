//! Looks at the clock now and then.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// How late after waking a deadline may be noticed.
const LOOK: Duration = Duration::from_secs(5);

/// Every few seconds the machine may have slept.
#[derive(Debug)]
pub(in super::super) struct Looks(Pin<Box<Sleep>>);

impl Looks {
    pub(in super::super) fn begin() -> Self {
        Self(Box::pin(sleep(LOOK)))
    }

    /// Ready when it is time to look at the clock.
    pub(in super::super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.0.as_mut().poll(context));
        self.0.set(sleep(LOOK));
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::client::clock::now;

    #[tokio::test(start_paused = true)]
    async fn the_clock_is_looked_at_every_few_seconds() {
        let begun = now();
        let mut looks = Looks::begin();
        for _ in 0..3 {
            poll_fn(|context| looks.poll(context)).await;
        }
        assert_eq!((now() - begun).as_secs(), 15);
    }
}
