//! The driver: one session at a time with a message centre, and messages over it. It decides nothing.
//!
//! A task keeps the session for as long as the [`Client`] lives, since receipts come at any time. A message
//! waits for a place in the window; how long is bounded. It begins when it has its place, and can be taken back
//! until it is being written. From then on the session says what becomes of it.

mod condition;
mod queue;
mod talk;
mod task;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use vestnik_clock::Clock;
use vestnik_outbound::{Reach, TrustError, Wires, Writing};

pub use self::{condition::Condition, queue::Place};
use self::{queue::Queue, task::Task};
use crate::{
    account::Account,
    consumer::Consumer,
    login::{Role, Version},
    message::{Form, Message, Submission},
    outcome::{Outcome, Verdict},
    session::Patience,
};

/// How long who finds the window full is to wait.
const FULL: Duration = Duration::from_secs(1);
/// How long a check may take as a whole.
const CHECK: Duration = Duration::from_secs(18);

/// Sends messages by one account at a message centre, and takes receipts. Cheap to clone; all clones share the
/// session. When the last is dropped, the session is unbound.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    form: Form,
    patience: Patience,
    clock: Arc<dyn Clock>,
    queue: Arc<Queue>,
    condition: watch::Receiver<Condition>,
    /// What the parts of the next message have in common.
    reference: AtomicU16,
    stop: watch::Sender<bool>,
}

impl Client {
    /// Begins to keep a session, if the operator's `reach` allows to connect. Called within a tokio runtime.
    ///
    /// # Errors
    /// [`TrustError`] if the account's certificates cannot be used.
    pub fn start(
        account: &Account,
        reach: Reach,
        clock: Arc<dyn Clock>,
        consumer: Arc<dyn Consumer>,
    ) -> Result<Self, TrustError> {
        let wires = Wires::new(reach, account.trust())?;
        let (client, task) = Self::new(account, wires, clock, consumer);
        tokio::spawn(task.run());
        Ok(client)
    }

    fn new(
        account: &Account,
        wires: Wires,
        clock: Arc<dyn Clock>,
        consumer: Arc<dyn Consumer>,
    ) -> (Self, Task) {
        let config = account.config().clone();
        let queue = Arc::new(Queue::default());
        let (condition, seen) = watch::channel(Condition::Connecting);
        let (stop, stopped) = watch::channel(false);
        let [low, high, ..] = clock.random();
        let inner = Inner {
            form: account.form().clone(),
            patience: config.patience,
            clock: Arc::clone(&clock),
            queue: Arc::clone(&queue),
            condition: seen,
            reference: AtomicU16::new(u16::from_le_bytes([low, high])),
            stop,
        };
        let task = Task {
            place: account.place().clone(),
            config,
            wires,
            clock,
            consumer,
            queue,
            condition,
            stopped,
        };
        (Self(Arc::new(inner)), task)
    }

    /// Hands one message over, in one try.
    ///
    /// If the future is dropped, whether the message was taken stays unknown;
    /// [`send_noted`](Self::send_noted) tells.
    pub async fn send(&self, message: &Message<'_>) -> Outcome {
        self.send_noted(message, &Writing::default()).await
    }

    /// Does the same as [`send`](Self::send) for somebody who may drop the future: `writing` says then whether
    /// the message may have been taken. What is in the session is sent to its end all the same.
    pub async fn send_noted(&self, message: &Message<'_>, writing: &Writing) -> Outcome {
        let sent = self.send_in_turn(message, writing, async { true }).await;
        // A message that begins has an outcome.
        sent.unwrap_or_else(|| Outcome::unwritten(Verdict::UNAVAILABLE))
    }

    /// Does the same as [`send_noted`](Self::send_noted) for somebody who has to note that the message begins:
    /// `begins` is awaited when it has its place in the window, before anything is written. `None` if that says
    /// that it is not to be sent.
    pub async fn send_in_turn(
        &self,
        message: &Message<'_>,
        writing: &Writing,
        begins: impl Future<Output = bool>,
    ) -> Option<Outcome> {
        // What can never be sent has no need of a place.
        if let Err(outcome) = self.submission(message, 0) {
            return Some(outcome);
        }
        let place = match self.place().await {
            Ok(place) => place,
            Err(outcome) => return Some(outcome),
        };
        if !begins.await {
            return None;
        }
        Some(self.send_from(place, message, writing).await)
    }

    /// Does the same as [`send_noted`](Self::send_noted) with a message that has its [`place`](Self::place).
    pub async fn send_from(
        &self,
        place: Place,
        message: &Message<'_>,
        writing: &Writing,
    ) -> Outcome {
        let reference = self.0.reference.fetch_add(1, Ordering::Relaxed);
        // How long it is valid is counted from now.
        match self.submission(message, reference) {
            Ok(submission) => place.fill(submission, writing.clone()).ended().await,
            Err(outcome) => outcome,
        }
    }

    fn submission(&self, message: &Message<'_>, reference: u16) -> Result<Submission, Outcome> {
        let inner = &*self.0;
        let submission = Submission::of(message, &inner.form, reference, inner.clock.now());
        submission.map_err(|error| {
            let reason = error.reason();
            Outcome::unwritten(Verdict::Rejected { reason })
        })
    }

    /// Waits for a place in the window, for [`Patience::place`] at most. Nothing is written for it, and dropped, it
    /// is given back.
    ///
    /// # Errors
    /// The [`Outcome`] of a message of which nothing was written: there is no session, or no place came free.
    pub async fn place(&self) -> Result<Place, Outcome> {
        let mut condition = self.0.condition.clone();
        let mut claim = Queue::claim(&self.0.queue);
        tokio::select! {
            biased;
            place = claim.granted() => Ok(place),
            outcome = away(&mut condition) => Err(outcome),
            () = sleep(self.0.patience.place) => Err(self.late()),
        }
    }

    /// No place in the window came free. A session that is bound is not away: what waits for its pace waits on.
    fn late(&self) -> Outcome {
        let now = self.0.clock.monotonic();
        let verdict = match *self.0.condition.borrow() {
            Condition::Paused { until } => Verdict::Throttled { after: until - now },
            Condition::Bound(_) => Verdict::Throttled { after: FULL },
            Condition::Connecting | Condition::Away(_) | Condition::Stopped => Verdict::UNAVAILABLE,
        };
        Outcome::unwritten(verdict)
    }

    /// Whether messages are sent now.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        match &*self.0.condition.borrow() {
            Condition::Bound(_) | Condition::Paused { .. } => true,
            Condition::Connecting | Condition::Away(_) | Condition::Stopped => false,
        }
    }

    /// Whether there is never a session any more: the client was stopped, or its task panicked.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let condition = &self.0.condition;
        condition.has_changed().is_err() || *condition.borrow() == Condition::Stopped
    }

    /// How the session is, and a way to wait for another condition.
    #[must_use]
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.0.condition.clone()
    }

    /// Takes no more messages, waits for those under way, and unbinds.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        let mut condition = self.0.condition.clone();
        let stopped = condition.wait_for(|now| matches!(now, Condition::Stopped));
        // An error says that the task is gone.
        drop(stopped.await);
    }

    /// Connects and binds without sending anything: what an operator asks for to see whether the account is
    /// configured well. It binds as a transmitter, so that it draws no receipts.
    ///
    /// # Errors
    /// The [`Outcome`] that every message would have.
    pub async fn check(
        account: &Account,
        reach: Reach,
        clock: Arc<dyn Clock>,
    ) -> Result<Version, Outcome> {
        let unavailable = || Outcome::unwritten(Verdict::UNAVAILABLE);
        let account = account.clone().with_role(Role::Transmitter);
        let client = Self::start(&account, reach, clock, Arc::new(condition::NotNow));
        let client = client.map_err(|_| unavailable())?;
        let mut condition = client.condition();
        let settled = async {
            let settled = condition.wait_for(Condition::is_settled).await;
            settled.map(|settled| settled.clone())
        };
        let found = timeout(CHECK, settled).await;
        client.stop().await;
        match found {
            Ok(Ok(Condition::Bound(version))) => Ok(version),
            Ok(Ok(Condition::Away(outcome))) => Err(outcome),
            Ok(
                Ok(Condition::Connecting | Condition::Paused { .. } | Condition::Stopped) | Err(_),
            )
            | Err(_) => Err(unavailable()),
        }
    }
}

/// Ends when there is no session and none is about to be.
async fn away(condition: &mut watch::Receiver<Condition>) -> Outcome {
    let away = condition.wait_for(|now| now.outcome().is_some()).await;
    let outcome = away.ok().and_then(|now| now.outcome());
    outcome.unwrap_or_else(|| Outcome::unwritten(Verdict::UNAVAILABLE))
}
