//! What the core tells, pulled one by one.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vestnik_core as core;

use crate::{
    error::VestnikError,
    record::{event::Event, snapshot::Snapshot},
    runtime::{Patience, wait},
};

/// Where listeners and streams take from.
pub(crate) trait Source: Debug + Send + 'static {
    /// What comes.
    type Item: Debug + Send + 'static;

    /// Waits for the next; `None` when the device was stopped.
    fn next(&mut self) -> impl Future<Output = Option<Self::Item>> + Send;
}

/// The present snapshot, then each change. Only the newest waits.
#[derive(Debug)]
pub(crate) struct Snapshots {
    receiver: watch::Receiver<core::Snapshot>,
    stopped: CancellationToken,
}

impl Snapshots {
    pub(crate) fn new(
        mut receiver: watch::Receiver<core::Snapshot>,
        stopped: CancellationToken,
    ) -> Self {
        receiver.mark_changed();
        Self { receiver, stopped }
    }
}

impl Source for Snapshots {
    type Item = Snapshot;

    async fn next(&mut self) -> Option<Snapshot> {
        tokio::select! {
            biased;
            changed = self.receiver.changed() => changed.ok()?,
            () = self.stopped.cancelled() => return None,
        }
        let snapshot = self.receiver.borrow_and_update().clone();
        Some(snapshot.into())
    }
}

/// What happens. The core bounds it: what waits is merged.
#[derive(Debug)]
pub(crate) struct Events(pub(crate) core::EventStream);

impl Source for Events {
    type Item = Event;

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = Event::known(self.0.recv().await?) {
                return Some(event);
            }
        }
    }
}

/// A source, and how the app gives it up.
///
/// Waiting and taking are two calls, and only the first is asynchronous: what an asynchronous call gives
/// is lost if the app gives the call up at the moment at which it is answered.
#[derive(Debug)]
pub(crate) struct Pulled<S: Source> {
    shared: Arc<Shared<S>>,
}

#[derive(Debug)]
struct Shared<S: Source> {
    // Held while one waits for the next, and by nothing else: a second call waits for the first.
    source: tokio::sync::Mutex<S>,
    /// What came, until it is taken; nothing follows an end.
    came: Mutex<Came<S::Item>>,
    cancelled: CancellationToken,
}

#[derive(Debug)]
enum Came<T> {
    Nothing,
    Next(T),
    End,
}

impl<S: Source> Pulled<S> {
    pub(crate) fn new(source: S) -> Self {
        Self {
            shared: Arc::new(Shared {
                source: tokio::sync::Mutex::new(source),
                came: Mutex::new(Came::Nothing),
                cancelled: CancellationToken::new(),
            }),
        }
    }

    /// Waits until there is something to take; gives whether there is, or else it was the end.
    pub(crate) async fn ready(&self) -> Result<bool, VestnikError> {
        while !self.shared.cancelled.is_cancelled() {
            let shared = Arc::clone(&self.shared);
            wait(Patience::default(), async move {
                tokio::select! {
                    biased;
                    () = shared.cancelled.cancelled() => {}
                    () = shared.fill() => {}
                }
                Ok::<_, VestnikError>(())
            })
            .await?;
            match *self.shared.came() {
                Came::Next(_) => return Ok(true),
                Came::End => return Ok(false),
                // Another call took it.
                Came::Nothing => {}
            }
        }
        Ok(false)
    }

    /// What came, if something did.
    pub(crate) fn take(&self) -> Option<S::Item> {
        let mut came = self.shared.came();
        match std::mem::replace(&mut *came, Came::Nothing) {
            Came::Next(item) => Some(item),
            Came::Nothing => None,
            Came::End => {
                *came = Came::End;
                None
            }
        }
    }

    /// Ends it, also for one who waits. What came and was not taken is dropped; gives whether it had not
    /// ended before.
    pub(crate) fn cancel(&self) -> bool {
        let is_first = !self.shared.cancelled.is_cancelled();
        self.shared.cancelled.cancel();
        let dropped = std::mem::replace(&mut *self.shared.came(), Came::End);
        drop(dropped);
        is_first
    }
}

impl<S: Source> Shared<S> {
    async fn fill(&self) {
        let mut source = self.source.lock().await;
        if !matches!(*self.came(), Came::Nothing) {
            return;
        }
        let next = source.next().await;
        let mut came = self.came();
        // Nobody takes what comes after the end.
        if !self.cancelled.is_cancelled() {
            *came = next.map_or(Came::End, Came::Next);
        }
    }

    fn came(&self) -> MutexGuard<'_, Came<S::Item>> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present snapshot, then each change. Changes that nobody has pulled are merged into the newest.
/// Wait until it is `ready`, then `take`.
#[derive(Debug, uniffi::Object)]
pub struct SnapshotStream(Pulled<Snapshots>);

/// What happens, one by one. What nobody has pulled waits and is merged. Wait until it is `ready`, then
/// `take`.
#[derive(Debug, uniffi::Object)]
pub struct EventStream(Pulled<Events>);

#[uniffi::export]
impl SnapshotStream {
    /// Waits for the next, which `take` gives; false after `cancel`, or when the device was stopped. A
    /// caller that gives up loses nothing.
    ///
    /// # Errors
    /// [`VestnikError::Internal`].
    pub async fn ready(&self) -> Result<bool, VestnikError> {
        self.0.ready().await
    }

    /// The next, if it is there.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn take(&self) -> Result<Option<Snapshot>, VestnikError> {
        Ok(self.0.take())
    }

    /// Ends the stream, for one who waits too.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

#[uniffi::export]
impl EventStream {
    /// Waits for the next, which `take` gives; false after `cancel`, or when the device was stopped. A
    /// caller that gives up loses nothing.
    ///
    /// # Errors
    /// [`VestnikError::Internal`].
    pub async fn ready(&self) -> Result<bool, VestnikError> {
        self.0.ready().await
    }

    /// The next, if it is there.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn take(&self) -> Result<Option<Event>, VestnikError> {
        Ok(self.0.take())
    }

    /// Ends the stream, for one who waits too.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl SnapshotStream {
    pub(crate) fn new(snapshots: Snapshots) -> Self {
        Self(Pulled::new(snapshots))
    }
}

impl EventStream {
    pub(crate) fn new(events: core::EventStream) -> Self {
        Self(Pulled::new(Events(events)))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use tokio::sync::mpsc;

    use super::*;
    use crate::runtime::handle;

    #[derive(Debug)]
    struct Given(mpsc::Receiver<u32>);

    impl Source for Given {
        type Item = u32;

        async fn next(&mut self) -> Option<u32> {
            self.0.recv().await
        }
    }

    fn given() -> (mpsc::Sender<u32>, Pulled<Given>) {
        let (give, given) = mpsc::channel(1);
        (give, Pulled::new(Given(given)))
    }

    async fn next(pulled: &Pulled<Given>) -> Option<u32> {
        pulled
            .ready()
            .await
            .unwrap()
            .then(|| pulled.take().unwrap())
    }

    #[test]
    fn what_comes_is_pulled_in_order_until_the_end() {
        let (give, pulled) = given();
        handle().unwrap().block_on(async {
            assert_eq!(pulled.take(), None);
            for item in 0..3 {
                give.send(item).await.unwrap();
                assert_eq!(next(&pulled).await, Some(item));
                assert_eq!(pulled.take(), None);
            }
            drop(give);
            for _ in 0..2 {
                assert_eq!(next(&pulled).await, None);
            }
        });
    }

    #[test]
    fn a_call_that_is_dropped_loses_nothing() {
        let (give, pulled) = given();
        handle().unwrap().block_on(async {
            for item in 0..100 {
                {
                    let mut waiting = pin!(pulled.ready());
                    let polled = waiting
                        .as_mut()
                        .poll(&mut Context::from_waker(Waker::noop()));
                    assert!(polled.is_pending());
                    give.send(item).await.unwrap();
                    // There is room again when it was taken out, and nobody has it yet.
                    drop(give.reserve().await.unwrap());
                }
                // So is the answer of a call.
                assert_eq!(pulled.ready().await, Ok(true));
                assert_eq!(next(&pulled).await, Some(item));
            }
        });
    }

    #[test]
    fn one_who_waits_is_let_go_and_what_came_is_dropped() {
        let (give, pulled) = given();
        handle().unwrap().block_on(async {
            give.send(1).await.unwrap();
            assert_eq!(pulled.ready().await, Ok(true));
            assert!(pulled.cancel());
            assert!(!pulled.cancel());
            assert_eq!(pulled.take(), None);
            assert_eq!(pulled.ready().await, Ok(false));

            let (_give, pulled) = given();
            let mut waiting = pin!(pulled.ready());
            let polled = waiting
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            pulled.cancel();
            assert_eq!(waiting.await, Ok(false));
        });
    }
}
