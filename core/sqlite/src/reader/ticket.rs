//! One read, as both its caller and its thread see it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use rusqlite::InterruptHandle;
use vestnik_clock::Monotonic;

use crate::{Failure, mutex::lock};

/// Whether a read is still wanted, and how to stop it while it runs.
pub(super) struct Ticket {
    deadline: Monotonic,
    is_cancelled: AtomicBool,
    /// The connection on which it runs. It is empty before and after, so that an interruption never
    /// meets the next read of that connection.
    running_on: Mutex<Option<Arc<InterruptHandle>>>,
}

impl Ticket {
    pub(super) fn new(deadline: Monotonic) -> Self {
        Self {
            deadline,
            is_cancelled: AtomicBool::new(false),
            running_on: Mutex::default(),
        }
    }

    /// Ends the read, or prevents it if it has not begun.
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
        if let Some(connection) = &*lock(&self.running_on) {
            connection.interrupt();
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    /// Why the read must not go on, if so.
    pub(super) fn stop_reason(&self, now: Monotonic) -> Option<Failure> {
        if self.is_cancelled() {
            Some(Failure::Interrupted)
        } else if now >= self.deadline {
            Some(Failure::DeadlinePassed)
        } else {
            None
        }
    }

    pub(super) fn begin(&self, connection: Arc<InterruptHandle>) {
        *lock(&self.running_on) = Some(connection);
    }

    pub(super) fn end(&self) {
        drop(lock(&self.running_on).take());
    }
}

/// Cancels a read whose caller stops waiting. After the answer it does nothing.
#[cfg(feature = "tokio")]
pub(super) struct CancelOnDrop(pub(super) Arc<Ticket>);

#[cfg(feature = "tokio")]
impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
