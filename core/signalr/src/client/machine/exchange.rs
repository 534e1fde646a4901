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
    /// Make the peer's transport answer, if it can: a WebSocket's Ping is answered by a Pong (RFC
    /// 6455, section 5.5.2), which the hub's own Ping never is (`HubProtocol.md`, Ping).
    Probe,
    /// Drop the transport and open another one in its place: call
    /// [`handle_reopened`](super::ClientMachine::handle_reopened), or
    /// [`handle_given_up`](super::ClientMachine::handle_given_up) when that is of no use. Only
    /// [stateful](super::ClientMachine::stateful) connections ask for it.
    Reopen(Reach),
    /// Tell the application.
    Event(Event),
}

/// How far the transport came that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing was heard on it.
    Nothing,
    /// The server was heard, but said nothing that was not known.
    Greeting,
    /// The conversation went on.
    Progress,
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
    /// The transport was lost, and another one is opened in its place. Nothing else changes: what is
    /// called is kept until it can be written, and what waits for an answer goes on waiting.
    Resuming,
    /// The server was heard on another transport: nothing was lost.
    Resumed,
    /// The connection is over; nothing follows.
    Closed(CloseReason),
}
