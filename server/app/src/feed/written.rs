//! Frames whose writing is not known yet.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::sync::{Mutex, mpsc};
use vestnik_signalr::server::Written;
use vestnik_store::ledger::HandOver;

use super::Notes;
use crate::supervise::Supervisor;

/// The most frames that are waited for; what else was sent is not noted, and the device's own
/// receipts say more.
const WAITING: usize = 16_384;

/// Notes hand-overs once their frames are written. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Unconfirmed(mpsc::Sender<(Written, Vec<HandOver>)>);

impl Unconfirmed {
    /// Starts the task that waits.
    pub(crate) fn start(supervisor: &Supervisor, notes: Arc<Notes>) -> Self {
        let (sender, queue) = mpsc::channel(WAITING);
        let queue = Arc::new(Mutex::new(queue));
        supervisor.keep("written", move || {
            confirm(Arc::clone(&queue), Arc::clone(&notes))
        });
        Self(sender)
    }

    /// Waits for a frame elsewhere.
    pub(crate) fn wait(&self, written: Written, batch: Vec<HandOver>) {
        if !batch.is_empty() && self.0.try_send((written, batch)).is_err() {
            tracing::debug!("too many frames are being written; a hand-over is not noted");
        }
    }
}

type Queue = mpsc::Receiver<(Written, Vec<HandOver>)>;

/// The lock is held by the one task that waits; it is there for the next one after a panic.
async fn confirm(queue: Arc<Mutex<Queue>>, notes: Arc<Notes>) {
    let mut queue = queue.lock().await;
    let mut writing = FuturesUnordered::new();
    loop {
        tokio::select! {
            next = queue.recv(), if writing.len() < WAITING => match next {
                Some((written, batch)) => writing.push(async move {
                    written.await.is_ok().then_some(batch)
                }),
                // Every sender is gone: the server stops.
                None => std::future::pending().await,
            },
            Some(written) = writing.next(), if !writing.is_empty() => {
                if let Some(batch) = written {
                    notes.hand_over(batch);
                }
            }
        }
    }
}
