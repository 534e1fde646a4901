//! What the core tells, told to listeners of the app, each on a thread of its own.
//!
//! A listener that throws is told on. One that blocks holds up its own thread: the core does not wait
//! for it, and what happens meanwhile is merged.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering},
};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use vestnik_core as core;

use crate::{
    error::VestnikError,
    gate::Foreign,
    record::{event::Event, snapshot::Snapshot},
    runtime,
    stream::{Events, Snapshots, Source},
};

/// The most listeners of one device: each has a thread.
const MOST: usize = 16;

/// Is told who the device is and how it is connected.
#[uniffi::export(foreign)]
pub trait StateListener: Send + Sync {
    /// The present snapshot at first, then each change. What it throws does no harm.
    ///
    /// # Errors
    /// Whatever the app's code threw.
    fn on_snapshot(&self, snapshot: Snapshot) -> Result<(), VestnikError>;

    /// The device was stopped. Nothing follows.
    ///
    /// # Errors
    /// Whatever the app's code threw.
    fn on_stopped(&self) -> Result<(), VestnikError>;
}

/// Is told what happens.
#[uniffi::export(foreign)]
pub trait EventListener: Send + Sync {
    /// Something happened. What it throws does no harm.
    ///
    /// # Errors
    /// Whatever the app's code threw.
    fn on_event(&self, event: Event) -> Result<(), VestnikError>;

    /// The device was stopped. Nothing follows.
    ///
    /// # Errors
    /// Whatever the app's code threw.
    fn on_stopped(&self) -> Result<(), VestnikError>;
}

/// A listener's subscription. It ends with [`cancel`](Self::cancel), or when the device is stopped; not
/// with this object, which a garbage collector would drop at any time.
#[derive(Debug, uniffi::Object)]
pub struct Subscription {
    cancelled: CancellationToken,
}

#[uniffi::export]
impl Subscription {
    /// Nothing is told after this, except for a call that is under way. The listener is let go.
    pub fn cancel(&self) {
        self.cancelled.cancel();
    }
}

/// Who listens to one device.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    count: Arc<AtomicUsize>,
}

impl Listeners {
    pub(crate) fn add_state(
        &self,
        listener: Arc<dyn StateListener>,
        snapshots: Snapshots,
    ) -> Result<Arc<Subscription>, VestnikError> {
        let listener = Foreign::new(listener);
        self.add(snapshots, move |told| {
            listener.call(|listener| match told {
                Some(snapshot) => listener.on_snapshot(snapshot),
                None => listener.on_stopped(),
            })
        })
    }

    pub(crate) fn add_events(
        &self,
        listener: Arc<dyn EventListener>,
        events: core::EventStream,
    ) -> Result<Arc<Subscription>, VestnikError> {
        let listener = Foreign::new(listener);
        self.add(Events(events), move |told| {
            listener.call(|listener| match told {
                Some(event) => listener.on_event(event),
                None => listener.on_stopped(),
            })
        })
    }

    /// `tell` gives what came of it; `None` if the listener must not be called any more.
    fn add<S: Source>(
        &self,
        mut source: S,
        tell: impl Fn(Option<S::Item>) -> Option<Result<(), VestnikError>> + Send + 'static,
    ) -> Result<Arc<Subscription>, VestnikError> {
        let seat = Seat::take(&self.count)?;
        let (runtime, cancelled) = (runtime::handle()?, CancellationToken::new());
        let end = cancelled.clone();
        std::thread::Builder::new()
            .name("vestnik-listener".to_owned())
            .spawn(move || {
                let _seat = seat;
                while let Some(told) = next(&runtime, &mut source, &end) {
                    let is_last = told.is_none();
                    match tell(told) {
                        Some(Ok(())) => {}
                        Some(Err(_)) => tracing::warn!("a listener of the app failed"),
                        None => return,
                    }
                    if is_last {
                        return;
                    }
                }
            })
            .map_err(VestnikError::internal)?;
        Ok(Arc::new(Subscription { cancelled }))
    }
}

/// Waits for what to tell; `None` when the subscription was cancelled.
fn next<S: Source>(
    runtime: &Handle,
    source: &mut S,
    cancelled: &CancellationToken,
) -> Option<Option<S::Item>> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = cancelled.cancelled() => None,
            next = source.next() => Some(next),
        }
    })
}

/// One of the listeners that there may be.
#[derive(Debug)]
struct Seat(Weak<AtomicUsize>);

impl Seat {
    fn take(count: &Arc<AtomicUsize>) -> Result<Self, VestnikError> {
        let one_more = |taken: usize| (taken < MOST).then_some(taken + 1);
        count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .map_err(|_| VestnikError::TooManyListeners)?;
        Ok(Self(Arc::downgrade(count)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(count) = self.0.upgrade() {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::mpsc as queue;

    use super::*;

    /// Gives what a test puts in.
    #[derive(Debug)]
    struct Given(queue::Receiver<u32>);

    impl Source for Given {
        type Item = u32;

        async fn next(&mut self) -> Option<u32> {
            self.0.recv().await
        }
    }

    fn given() -> (queue::Sender<u32>, Given) {
        let (give, given) = queue::channel(8);
        (give, Given(given))
    }

    #[test]
    fn a_listener_is_told_in_order_and_of_the_end() {
        let (give, source) = given();
        let (tell, told) = mpsc::channel();
        let listeners = Listeners::default();
        let tell = move |item| Some(tell.send(item).map_err(VestnikError::internal));
        let _subscription = listeners.add(source, tell).unwrap();
        for item in 0..3 {
            give.blocking_send(item).unwrap();
        }
        drop(give);
        let all: Vec<_> = told.iter().collect();
        assert_eq!(all, [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn a_listener_that_fails_is_told_on() {
        let (give, source) = given();
        let (tell, told) = mpsc::channel();
        let fails = move |item| {
            tell.send(item).unwrap();
            Some(Err(VestnikError::Host {
                detail: "a test's own failure".to_owned(),
            }))
        };
        let _subscription = Listeners::default().add(source, fails).unwrap();
        give.blocking_send(1).unwrap();
        give.blocking_send(2).unwrap();
        assert_eq!(told.recv(), Ok(Some(1)));
        assert_eq!(told.recv(), Ok(Some(2)));
    }

    #[test]
    fn a_listener_that_must_not_be_called_any_more_is_let_go() {
        let (give, source) = given();
        let (tell, told) = mpsc::channel();
        let ends = move |item| {
            tell.send(item).unwrap();
            None
        };
        let _subscription = Listeners::default().add(source, ends).unwrap();
        give.blocking_send(1).unwrap();
        give.blocking_send(2).unwrap();
        let all: Vec<_> = told.iter().collect();
        assert_eq!(all, [Some(1)]);
    }

    /// `told` ends when the thread has let the listener go.
    #[test]
    fn a_listener_is_let_go_at_once() {
        let (_give, source) = given();
        let (tell, told) = mpsc::channel();
        let tell = move |item| Some(tell.send(item).map_err(VestnikError::internal));
        let listeners = Listeners::default();
        let subscription = listeners.add(source, tell).unwrap();
        subscription.cancel();
        assert!(told.recv().is_err());
    }

    #[test]
    fn there_are_so_many_listeners_and_no_more() {
        let listeners = Listeners::default();
        let add = || {
            let (give, source) = given();
            let (tell, told) = mpsc::channel();
            let tell = move |item| Some(tell.send(item).map_err(VestnikError::internal));
            listeners
                .add(source, tell)
                .map(|subscription| (subscription, give, told))
        };
        let all: Vec<_> = (0..MOST).map(|_| add().unwrap()).collect();
        assert_eq!(add().err(), Some(VestnikError::TooManyListeners));
        for (subscription, _, told) in all {
            subscription.cancel();
            assert!(told.recv().is_err());
        }
    }
}
