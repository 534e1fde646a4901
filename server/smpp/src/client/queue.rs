//! Messages that wait for a place in the window.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};
use vestnik_outbound::Writing;

use crate::{
    message::Submission,
    outcome::{Outcome, Verdict},
};

/// Messages that wait for a place in the window, oldest first. Their senders bound how many there are.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    next: u64,
}

/// A message that waits.
#[derive(Debug)]
pub(super) struct Job {
    number: u64,
    pub(super) submission: Submission,
    pub(super) writing: Writing,
    pub(super) ended: oneshot::Sender<Outcome>,
}

/// The sender's end of a message that waits. Dropped, it takes the message back if that is still there.
#[derive(Debug)]
pub(super) struct Waiting {
    queue: Arc<Queue>,
    number: u64,
    ended: oneshot::Receiver<Outcome>,
}

impl Queue {
    pub(super) fn push(queue: &Arc<Self>, submission: Submission, writing: Writing) -> Waiting {
        let (ended, receiver) = oneshot::channel();
        let mut state = queue.lock();
        let number = state.next;
        state.next += 1;
        state.jobs.push_back(Job {
            number,
            submission,
            writing,
            ended,
        });
        drop(state);
        queue.ready.notify_one();
        Waiting {
            queue: Arc::clone(queue),
            number,
            ended: receiver,
        }
    }

    /// The oldest message; its sender cannot take it back any more.
    pub(super) fn pop(&self) -> Option<Job> {
        self.lock().jobs.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().jobs.is_empty()
    }

    /// Ends when a message may have come.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// What became of the message.
    pub(super) async fn ended(&mut self) -> Outcome {
        let ended = (&mut self.ended).await;
        // The task is gone, and it took nothing with it: it tells of each message that it has.
        ended.unwrap_or_else(|_| Outcome::unwritten(Verdict::UNAVAILABLE))
    }

    /// Takes the message back; false if the session has it.
    pub(super) fn take_back(&self) -> bool {
        let mut state = self.queue.lock();
        let before = state.jobs.len();
        state.jobs.retain(|job| job.number != self.number);
        state.jobs.len() < before
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.take_back();
    }
}
