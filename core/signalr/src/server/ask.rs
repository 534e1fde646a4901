//! Calls to one client that wait for its answer.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    connection_id::ConnectionId,
    hub::HubError,
    machine::{NoResult, ResultKey},
};
use crate::{
    message::{Arguments, CompletionOutcome},
    payload::WriteError,
};

/// Why a client gave no result. The texts are the official server's where it has one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// There is no such connection, or no longer.
    #[error("Connection '{0}' does not exist.")]
    DoesNotExist(ConnectionId),
    /// The connection ended before the client answered; whether it ran the call is unknown.
    #[error("Connection '{0}' disconnected.")]
    Disconnected(ConnectionId),
    /// The client did not answer in time; whether it ran the call is unknown.
    #[error("Invocation canceled by the server.")]
    TimedOut,
    /// The client answered with an error.
    #[error("{0}")]
    Client(String),
    /// The client's result is not of the wanted type.
    #[error("the client's result is of another type")]
    WrongType,
    /// The connection's `on_connected` asked. What the client answers is read after that handler.
    #[error("Client results inside OnConnectedAsync Hub methods are not allowed.")]
    TooEarly,
    /// As many results of this client are awaited as may be.
    #[error("too many results of this client are awaited")]
    TooMany,
    /// The arguments cannot be written.
    #[error("the arguments cannot be written")]
    Arguments(#[from] WriteError),
}

impl InvokeError {
    pub(super) fn new(why: NoResult, id: &ConnectionId) -> Self {
        match why {
            NoResult::Disconnected => Self::Disconnected(id.clone()),
            NoResult::TimedOut => Self::TimedOut,
            NoResult::TooEarly => Self::TooEarly,
            NoResult::TooMany => Self::TooMany,
        }
    }
}

/// What a client said of its failure may be told to another client; the rest is the server's own.
impl From<InvokeError> for HubError {
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::Client(text) => Self::new(text),
            InvokeError::DoesNotExist(_)
            | InvokeError::Disconnected(_)
            | InvokeError::TimedOut
            | InvokeError::WrongType
            | InvokeError::TooEarly
            | InvokeError::TooMany
            | InvokeError::Arguments(_) => Self::internal(error),
        }
    }
}

/// The calls that wait for their connection's task; at most one for each that awaits an answer.
#[derive(Debug, Default)]
pub(crate) struct AskBox(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    errands: VecDeque<Errand>,
    last_key: u64,
    has_ended: bool,
}

/// What the connection's task is to do about results.
#[derive(Debug)]
pub(crate) enum Errand {
    Ask(Asked),
    /// Nobody awaits this answer any more.
    Forget(ResultKey),
}

/// What somebody wants to know of a client.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) target: &'a str,
    pub(crate) arguments: Arguments,
    pub(crate) patience: Duration,
    /// Whether the welcome of the connection asks.
    pub(crate) from_welcome: bool,
}

/// A call and where its answer goes.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) key: ResultKey,
    pub(crate) target: String,
    pub(crate) arguments: Arguments,
    pub(crate) patience: Duration,
    pub(crate) from_welcome: bool,
    pub(crate) answer: oneshot::Sender<Answer>,
}

pub(crate) type Answer = Result<CompletionOutcome, NoResult>;

impl AskBox {
    /// Leaves a call; nothing after the connection's end.
    pub(super) fn ask(
        &self,
        question: Question<'_>,
    ) -> Option<(ResultKey, oneshot::Receiver<Answer>)> {
        let mut inner = self.lock();
        if inner.has_ended {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        inner.last_key += 1;
        let key = ResultKey(inner.last_key);
        inner.errands.push_back(Errand::Ask(Asked {
            key,
            target: question.target.to_owned(),
            arguments: question.arguments,
            patience: question.patience,
            from_welcome: question.from_welcome,
            answer: sender,
        }));
        Some((key, receiver))
    }

    /// Takes a call back, wherever it is.
    pub(super) fn forget(&self, key: ResultKey) {
        let mut inner = self.lock();
        let before = inner.errands.len();
        inner
            .errands
            .retain(|errand| !matches!(errand, Errand::Ask(asked) if asked.key == key));
        if inner.errands.len() == before && !inner.has_ended {
            inner.errands.push_back(Errand::Forget(key));
        }
    }

    /// Takes all that was left.
    pub(crate) fn take(&self) -> VecDeque<Errand> {
        std::mem::take(&mut self.lock().errands)
    }

    /// Answers nothing any more.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        inner.has_ended = true;
        inner.errands = VecDeque::new();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code under this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
