//! The transports of plain HTTP: where requests meet the one task of their connection.
//!
//! Each transport is made as a pair. The link stays with the connection's
//! token, so that later requests find it; the socket goes to the task, which
//! drives it like a WebSocket. Between the two is room for one piece of a
//! request's body and for one write, so that pressure goes through: a client
//! that sends too fast waits for its answer, one that reads too slowly stops
//! the task's writing.

mod events;
mod polling;
mod receipt;
mod sends;

use std::sync::Arc;

pub(crate) use self::{
    events::{EventBody, EventSocket, event_stream},
    polling::{Patience, PollAnswer, PollLink, PollSocket, long_polling},
    sends::{SendFailure, Sends},
};
use super::driver::{Lifeline, SocketEvent};

/// How requests reach a live connection.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    /// They do not: all goes over the WebSocket.
    WebSocket,
    /// As with `WebSocket`, but the client may come again by another.
    Resumable(Arc<Lifeline>),
    Events(Sends),
    Polling(PollLink),
}

/// The socket cannot take the write, now or ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;
