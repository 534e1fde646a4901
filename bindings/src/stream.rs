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
#[derive(Debug)]
struct Pulled<S: Source> {
    shared: Arc<Shared<S>>,
    cancelled: CancellationToken,
}

#[derive(Debug)]
struct Shared<S: Source> {
    // Held while one waits for the next, and by nothing else: a second call waits for the first.
    source: tokio::sync::Mutex<S>,
    /// What came, until it is taken. A call that is dropped in between loses nothing.
    came: Mutex<Option<Option<S::Item>>>,
}

impl<S: Source> Pulled<S> {
    fn new(source: S) -> Self {
        Self {
            shared: Arc::new(Shared {
                source: tokio::sync::Mutex::new(source),
                came: Mutex::default(),
            }),
            cancelled: CancellationToken::new(),
        }
    }

    async fn next(&self) -> Result<Option<S::Item>, VestnikError> {
        while !self.cancelled.is_cancelled() {
            let (shared, cancelled) = (Arc::clone(&self.shared), self.cancelled.clone());
            wait(Patience::default(), async move {
                tokio::select! {
                    biased;
                    () = cancelled.cancelled() => {}
                    () = shared.fill() => {}
                }
                Ok::<_, VestnikError>(())
            })
            .await?;
            if let Some(next) = self.shared.came().take() {
                return Ok(next);
            }
        }
        Ok(None)
    }
}

impl<S: Source> Shared<S> {
    async fn fill(&self) {
        let mut source = self.source.lock().await;
        if self.came().is_none() {
            let next = source.next().await;
            *self.came() = Some(next);
        }
    }

    fn came(&self) -> MutexGuard<'_, Option<Option<S::Item>>> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present snapshot, then each change. Changes that nobody has pulled are merged into the newest.
#[derive(Debug, uniffi::Object)]
pub struct SnapshotStream(Pulled<Snapshots>);

/// What happens, one by one. What nobody has pulled waits and is merged.
#[derive(Debug, uniffi::Object)]
pub struct EventStream(Pulled<Events>);

#[uniffi::export]
impl SnapshotStream {
    /// Waits for the next; none after `cancel`, or when the device was stopped.
    ///
    /// # Errors
    /// [`VestnikError::Internal`].
    pub async fn next(&self) -> Result<Option<Snapshot>, VestnikError> {
        self.0.next().await
    }

    /// Ends the stream, for one who waits too.
    pub fn cancel(&self) {
        self.0.cancelled.cancel();
    }
}

#[uniffi::export]
impl EventStream {
    /// Waits for the next; none after `cancel`, or when the device was stopped.
    ///
    /// # Errors
    /// [`VestnikError::Internal`].
    pub async fn next(&self) -> Result<Option<Event>, VestnikError> {
        self.0.next().await
    }

    /// Ends the stream, for one who waits too.
    pub fn cancel(&self) {
        self.0.cancelled.cancel();
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

    #[test]
    fn what_comes_is_pulled_in_order_until_the_end() {
        let (give, pulled) = given();
        handle().unwrap().block_on(async {
            for item in 0..3 {
                give.send(item).await.unwrap();
                assert_eq!(pulled.next().await, Ok(Some(item)));
            }
            drop(give);
            for _ in 0..2 {
                assert_eq!(pulled.next().await, Ok(None));
            }
        });
    }

    #[test]
    fn a_call_that_is_dropped_loses_nothing() {
        let (give, pulled) = given();
        handle().unwrap().block_on(async {
            for item in 0..100 {
                {
                    let mut waiting = pin!(pulled.next());
                    let polled = waiting
                        .as_mut()
                        .poll(&mut Context::from_waker(Waker::noop()));
                    assert!(polled.is_pending());
                    give.send(item).await.unwrap();
                    // There is room again when it was taken out, and nobody has it yet.
                    drop(give.reserve().await.unwrap());
                }
                assert_eq!(pulled.next().await, Ok(Some(item)));
            }
        });
    }

    #[test]
    fn one_who_waits_is_let_go() {
        let (_give, pulled) = given();
        handle().unwrap().block_on(async {
            let mut waiting = pin!(pulled.next());
            let polled = waiting
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            pulled.cancelled.cancel();
            assert_eq!(waiting.await, Ok(None));
            assert_eq!(pulled.next().await, Ok(None));
        });
    }
}
