//! Events to the host, in batches, on a thread of their own.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio_util::sync::CancellationToken;

use crate::{
    error::PushError,
    record::{ConnectionRecord, HistoryItemRecord},
};

/// The most events waiting for a slow listener. Beyond it, first what can be read again is dropped
/// and one `Changed` with no ids says so; then the oldest shows, which the core repeats at its next
/// start because nobody reported them shown.
const WAITING: usize = 1_024;
/// The most events of one batch.
const BATCH: usize = 64;

/// What happened. Facts are told once; state (`Connection`, `Unread`) is told at each change.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "uniffi mirrors plain records; few are alive at once"
)]
pub enum PushEvent {
    /// Draw it now, under a tag made of its id, then call `report_shown`. `again` after a crash
    /// between the two: drawing under the same tag replaces and never doubles.
    Show {
        /// What to draw.
        item: HistoryItemRecord,
        /// Whether it may be on the screen already.
        again: bool,
    },
    /// Read or deleted on another device, or recalled by the sender: take these off the screen.
    Withdraw {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The history changed here; none named means anywhere.
    Changed {
        /// Their ids.
        ids: Vec<String>,
    },
    /// How many are unread.
    Unread {
        /// The badge.
        count: u64,
    },
    /// How the live connection stands.
    Connection {
        /// Its state.
        state: ConnectionRecord,
    },
    /// Nobody is logged in: call `set_identity_token`.
    NeedsIdentity,
    /// Something a developer should know.
    Warning {
        /// What.
        detail: String,
    },
}

/// Hears events. Called on a thread of the library's own, one batch at a time.
#[uniffi::export(foreign)]
pub trait EventListener: Send + Sync {
    /// Takes a batch, in order. What it throws is logged and does no harm.
    ///
    /// # Errors
    /// Whatever the host's code threw.
    fn on_events(&self, batch: Vec<PushEvent>) -> Result<(), PushError>;
}

/// Ends a listener's subscription.
#[derive(Debug, uniffi::Object)]
pub struct EventSubscription {
    cancelled: CancellationToken,
}

#[uniffi::export]
impl EventSubscription {
    /// No batch is begun after this; one that is being heard is finished.
    pub fn cancel(&self) {
        self.cancelled.cancel();
    }
}

/// Everyone who listens to one client.
#[derive(Default)]
pub(crate) struct Listeners {
    each: Mutex<Vec<Arc<Ear>>>,
}

/// One listener's queue.
struct Ear {
    waiting: Mutex<Vec<PushEvent>>,
    wake: mpsc::SyncSender<()>,
    cancelled: CancellationToken,
}

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}

impl Listeners {
    /// Starts a thread that hears for the host's listener.
    ///
    /// # Errors
    /// [`PushError::Internal`] when the system gives no thread.
    pub(crate) fn add(
        &self,
        listener: Arc<dyn EventListener>,
    ) -> Result<Arc<EventSubscription>, PushError> {
        let (wake, woken) = mpsc::sync_channel(1);
        let cancelled = CancellationToken::new();
        let ear = Arc::new(Ear {
            waiting: Mutex::default(),
            wake,
            cancelled: cancelled.clone(),
        });
        let weak = Arc::downgrade(&ear);
        std::thread::Builder::new()
            .name("vestnik-events".to_owned())
            .spawn(move || {
                while woken.recv().is_ok() {
                    let Some(ear) = weak.upgrade() else { return };
                    ear.drain(listener.as_ref());
                }
            })
            .map_err(PushError::internal)?;
        lock(&self.each).push(ear);
        Ok(Arc::new(EventSubscription { cancelled }))
    }

    /// Tells everyone; never waits for anyone.
    pub(crate) fn tell(&self, event: &PushEvent) {
        lock(&self.each).retain(|ear| {
            let is_live = !ear.cancelled.is_cancelled();
            if is_live {
                ear.queue(event.clone());
            }
            is_live
        });
    }

    /// Lets everyone go once they have heard what waits.
    pub(crate) fn clear(&self) {
        lock(&self.each).clear();
    }
}

impl Ear {
    fn queue(&self, event: PushEvent) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= WAITING {
            make_room(&mut waiting);
        }
        waiting.push(event);
        drop(waiting);
        // A full channel means that the thread is about to look anyway.
        if let Err(mpsc::TrySendError::Disconnected(())) = self.wake.try_send(()) {
            self.cancelled.cancel();
        }
    }

    fn drain(&self, listener: &dyn EventListener) {
        while !self.cancelled.is_cancelled() {
            let batch = self.next_batch();
            if batch.is_empty() {
                return;
            }
            if let Err(error) = listener.on_events(batch) {
                tracing::warn!(%error, "the host's listener failed");
            }
        }
    }

    fn next_batch(&self) -> Vec<PushEvent> {
        let mut waiting = lock(&self.waiting);
        let length = waiting.len().min(BATCH);
        waiting.drain(..length).collect()
    }
}

fn make_room(waiting: &mut Vec<PushEvent>) {
    waiting.retain(PushEvent::is_told_once);
    if waiting.len() >= WAITING {
        waiting.drain(..WAITING / 2);
    }
    waiting.insert(0, PushEvent::Changed { ids: Vec::new() });
}

impl PushEvent {
    /// Whether it cannot be read again from the history or the client's state.
    const fn is_told_once(&self) -> bool {
        match self {
            Self::Show { .. }
            | Self::Withdraw { .. }
            | Self::NeedsIdentity
            | Self::Warning { .. } => true,
            Self::Changed { .. } | Self::Unread { .. } | Self::Connection { .. } => false,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told(mpsc::Sender<Vec<PushEvent>>);

    impl EventListener for Told {
        fn on_events(&self, batch: Vec<PushEvent>) -> Result<(), PushError> {
            self.0.send(batch).map_err(PushError::internal)
        }
    }

    fn unread(count: u64) -> PushEvent {
        PushEvent::Unread { count }
    }

    fn heard(told: &mpsc::Receiver<Vec<PushEvent>>, count: usize) -> Vec<PushEvent> {
        let mut events = Vec::new();
        while events.len() < count {
            let batch = told.recv().unwrap();
            assert!(batch.len() <= BATCH);
            events.extend(batch);
        }
        events
    }

    #[test]
    fn events_come_in_order_and_in_batches() {
        let (tell, told) = mpsc::channel();
        let listeners = Listeners::default();
        listeners.add(Arc::new(Told(tell))).unwrap();
        for count in 0..200 {
            listeners.tell(&unread(count));
        }
        assert_eq!(heard(&told, 200), (0..200).map(unread).collect::<Vec<_>>());
    }

    #[test]
    fn a_cancelled_listener_hears_no_more() {
        let (tell, told) = mpsc::channel();
        let listeners = Listeners::default();
        let subscription = listeners.add(Arc::new(Told(tell))).unwrap();
        listeners.tell(&unread(1));
        assert_eq!(heard(&told, 1), [unread(1)]);
        subscription.cancel();
        listeners.tell(&unread(2));
        assert!(told.recv().is_err());
    }

    #[test]
    fn a_slow_listener_loses_only_what_it_can_read_again() {
        let (wake, _woken) = mpsc::sync_channel(1);
        let ear = Ear {
            waiting: Mutex::default(),
            wake,
            cancelled: CancellationToken::new(),
        };
        ear.queue(PushEvent::NeedsIdentity);
        for count in 0..WAITING as u64 {
            ear.queue(unread(count));
        }
        let told = [
            PushEvent::Changed { ids: Vec::new() },
            PushEvent::NeedsIdentity,
            unread(WAITING as u64 - 1),
        ];
        assert_eq!(ear.next_batch(), told);
    }

    #[test]
    fn what_waits_has_an_end_even_when_all_of_it_is_told_once() {
        let (wake, _woken) = mpsc::sync_channel(1);
        let ear = Ear {
            waiting: Mutex::default(),
            wake,
            cancelled: CancellationToken::new(),
        };
        for _ in 0..3 * WAITING {
            ear.queue(PushEvent::NeedsIdentity);
        }
        assert!(lock(&ear.waiting).len() <= WAITING + 1);
    }
}
