//! What comes out of the machine.

use bytes::Bytes;

use crate::{
    client::close::CloseReason,
    message::{CompletionOutcome, Invocation, InvocationId},
    payload::Payload,
};

/// What the driver must do next.
#[derive(Debug)]
pub enum Output {
    /// Write these bytes: one or more whole hub messages.
    Send(Bytes),
    /// Make the peer's transport answer, if it can: a WebSocket's Ping is answered by a Pong, which
    /// the hub's own Ping never is.
    Probe,
    /// Tell the application.
    Event(Event),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The handshake is done: calls may be made.
    Opened,
    /// The server calls a method here. With an id it waits for
    /// [`complete`](super::ClientMachine::complete).
    Invocation(Invocation),
    /// An item of a stream came.
    Item {
        /// The stream.
        id: InvocationId,
        /// The item.
        item: Payload,
    },
    /// A call or a stream ended.
    Completed {
        /// Which.
        id: InvocationId,
        /// How.
        outcome: CompletionOutcome,
    },
    /// A stream of this side's is of no more use, as its call is over.
    UploadOver(InvocationId),
    /// The connection is over; nothing follows.
    Closed(CloseReason),
}
