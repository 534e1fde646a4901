//! Messages that wait for a place in the window, and those that have one and wait to be written.

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

/// Who waits for a place, and the messages that were put into theirs; each oldest first. Senders bound how many
/// wait, and the window how many have a place.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    claims: VecDeque<(u64, oneshot::Sender<Place>)>,
    jobs: VecDeque<Job>,
    /// How many places were given back that the session counts still.
    freed: usize,
    /// Which session gives places. Those of the one before are none.
    session: u64,
    next: u64,
}

/// A message in its place, until it is written.
#[derive(Debug)]
pub(super) struct Job {
    number: u64,
    pub(super) submission: Submission,
    pub(super) writing: Writing,
    pub(super) ended: oneshot::Sender<Outcome>,
}

/// Waits for a place. Dropped, it does not any more.
#[derive(Debug)]
pub(super) struct Claim {
    queue: Arc<Queue>,
    number: u64,
    granted: oneshot::Receiver<Place>,
}

/// A place in the window. Dropped, it is given back.
#[derive(Debug)]
pub struct Place {
    queue: Arc<Queue>,
    session: u64,
    is_held: bool,
}

/// The sender's end of a message that was put into its place. Dropped, it takes the message back if nothing of
/// it is written.
#[derive(Debug)]
pub(super) struct Waiting {
    queue: Arc<Queue>,
    number: u64,
    writing: Writing,
    ended: oneshot::Receiver<Outcome>,
}

impl Queue {
    pub(super) fn claim(queue: &Arc<Self>) -> Claim {
        let (sender, granted) = oneshot::channel();
        let mut state = queue.lock();
        let number = state.number();
        state.claims.push_back((number, sender));
        drop(state);
        queue.changed.notify_one();
        Claim {
            queue: Arc::clone(queue),
            number,
            granted,
        }
    }

    /// Gives a place to who waits longest; false if nobody does.
    pub(super) fn grant(queue: &Arc<Self>) -> bool {
        loop {
            let mut state = queue.lock();
            let Some((_, sender)) = state.claims.pop_front() else {
                return false;
            };
            let place = Place {
                queue: Arc::clone(queue),
                session: state.session,
                is_held: true,
            };
            drop(state);
            match sender.send(place) {
                Ok(()) => return true,
                // It went away meanwhile, and the session counts no place for it.
                Err(mut place) => place.is_held = false,
            }
        }
    }

    /// The oldest message in its place. It may be written from now on, and its sender cannot take it back.
    pub(super) fn pop(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.jobs.pop_front()?;
        job.writing.begin().set();
        Some(job)
    }

    /// Ends the messages that are in their places, and gives back those; false if there are none.
    pub(super) fn turn_away(&self, outcome: &Outcome) -> bool {
        let mut state = self.lock();
        let jobs = std::mem::take(&mut state.jobs);
        state.freed += jobs.len();
        drop(state);
        let is_any = !jobs.is_empty();
        for job in jobs {
            // Its sender may have gone.
            drop(job.ended.send(outcome.clone()));
        }
        is_any
    }

    /// The session is over: what is in its places was not written.
    pub(super) fn end_session(&self) {
        self.lock().session += 1;
        self.turn_away(&Outcome::unwritten(Verdict::UNAVAILABLE));
        self.lock().freed = 0;
    }

    /// A place that was given back; false if there is none.
    pub(super) fn take_freed(&self) -> bool {
        let mut state = self.lock();
        let is_any = state.freed > 0;
        state.freed = state.freed.saturating_sub(1);
        is_any
    }

    /// Whether a message is in its place and not written.
    pub(super) fn has_jobs(&self) -> bool {
        !self.lock().jobs.is_empty()
    }

    /// Whether somebody waits for a place.
    pub(super) fn has_claims(&self) -> bool {
        !self.lock().claims.is_empty()
    }

    /// Ends when something may have changed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Claim {
    /// The place, when it comes.
    pub(super) async fn granted(&mut self) -> Place {
        match (&mut self.granted).await {
            Ok(place) => place,
            // The queue holds the other end until it gives a place, and lives as long as this.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        let at = state.claims.binary_search_by_key(&self.number, |own| own.0);
        let claim = at.ok().and_then(|at| state.claims.remove(at));
        drop((state, claim));
    }
}

impl Place {
    /// Puts a message into the place.
    pub(super) fn fill(mut self, submission: Submission, writing: Writing) -> Waiting {
        self.is_held = false;
        let (sender, ended) = oneshot::channel();
        let mut state = self.queue.lock();
        let number = state.number();
        let job = Job {
            number,
            submission,
            writing: writing.clone(),
            ended: sender,
        };
        if state.session == self.session {
            state.jobs.push_back(job);
        } else {
            // Nobody waits for it yet.
            drop(job.ended.send(Outcome::unwritten(Verdict::UNAVAILABLE)));
        }
        drop(state);
        self.queue.changed.notify_one();
        Waiting {
            queue: Arc::clone(&self.queue),
            number,
            writing,
            ended,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_held {
            return;
        }
        let mut state = self.queue.lock();
        if state.session == self.session {
            state.freed += 1;
            drop(state);
            self.queue.changed.notify_one();
        }
    }
}

impl Waiting {
    /// What became of the message.
    pub(super) async fn ended(&mut self) -> Outcome {
        match (&mut self.ended).await {
            Ok(outcome) => outcome,
            // The task panicked.
            Err(_) if self.writing.may_be_taken() => Outcome::unwritten(Verdict::UNPROVEN),
            Err(_) => Outcome::unwritten(Verdict::UNAVAILABLE),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        let at = state.jobs.iter().position(|job| job.number == self.number);
        let Some(job) = at.and_then(|at| state.jobs.remove(at)) else {
            return;
        };
        state.freed += 1;
        drop((state, job));
        self.queue.changed.notify_one();
    }
}
