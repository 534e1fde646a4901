//! What the application asks of a connection's task.

use std::convert::Infallible;

use tokio::sync::{mpsc, oneshot};

use super::{error::CallError, stream::Incoming, upload::OpenUpload};
use crate::{
    client::machine::Call,
    message::{CompletionOutcome, InvocationId},
    payload::Payload,
};

/// Something to be written, for which there must be room.
#[derive(Debug)]
pub(crate) enum Command {
    Call {
        call: Call,
        uploads: Vec<OpenUpload>,
        wanted: Wanted,
    },
    Complete {
        id: InvocationId,
        outcome: CompletionOutcome,
    },
}

/// Something that does not wait for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Probe,
    Close,
}

pub(crate) type Items = mpsc::Sender<Result<Payload, CallError>>;

/// What the application wants of a call.
#[derive(Debug)]
pub(crate) enum Wanted {
    Nothing,
    Answer {
        answer: oneshot::Sender<CompletionOutcome>,
        caller: Interest,
    },
    Items {
        items: Items,
        caller: Interest,
    },
}

/// Fails when nobody wants what a call gives any more; nothing is ever sent.
pub(crate) type Interest = oneshot::Receiver<Infallible>;

/// The task's ends of all that goes between it and the application.
pub(crate) struct Queues {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) controls: mpsc::Receiver<Control>,
    pub(crate) incoming: mpsc::Sender<Incoming>,
}
