//! What a connection's task sees of its transport: the same of each.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Instant};

use bytes::Bytes;

use super::web_socket::WebSocket;
use crate::{
    carrier::Carrier,
    protocol::TransferFormat,
    server::{
        clock,
        config::HubConfig,
        transport::{Broken, EventSocket, PollSocket},
        wire::Wire,
    },
};

const POLL_BATCH: usize = 64 * 1024;

/// One connection's transport, read and written by its task alone.
#[expect(
    clippy::large_enum_variant,
    reason = "by far the most connections are WebSockets"
)]
pub(super) enum Socket {
    Web(WebSocket),
    Events(EventSocket),
    Poll(PollSocket),
    /// Lost; the client may come by another.
    Gone,
}

/// What happened on a socket.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) enum Event {
    Received(Bytes),
    /// The last write is done, or the next one may begin.
    Ready,
    /// A message came that no hub message can fill.
    Oversized,
    /// The client said goodbye.
    Closed,
    /// The connection broke, or broke the rules of its transport.
    Lost,
}

impl Socket {
    /// What the machine must know of the transport.
    pub(super) fn carrier(&self) -> Carrier {
        match self {
            Self::Web(_) | Self::Gone => Carrier::WEB_SOCKETS,
            Self::Events(_) => Carrier::SERVER_SENT_EVENTS,
            Self::Poll(_) => Carrier::LONG_POLLING,
        }
    }

    /// How many bytes of whole messages one write may put together.
    pub(super) fn batch(&self, config: &HubConfig) -> usize {
        match self {
            Self::Web(_) | Self::Events(_) | Self::Gone => config.write_batch,
            // An answer costs a client of long polling a whole round trip.
            Self::Poll(_) => config.write_batch.max(POLL_BATCH),
        }
    }

    /// The socket itself, if others may write to it too.
    pub(super) fn wire(&self) -> Option<&Arc<Wire>> {
        match self {
            Self::Web(socket) => socket.wire(),
            Self::Events(_) | Self::Poll(_) | Self::Gone => None,
        }
    }

    /// Takes on what somebody else began to write and the socket did not take whole.
    pub(super) fn take_on_rest(&mut self) {
        match self {
            Self::Web(socket) => socket.take_on_rest(clock::now()),
            Self::Events(_) | Self::Poll(_) | Self::Gone => {}
        }
    }

    /// Says whether a write was begun and is not known to be done.
    pub(super) fn is_writing(&self) -> bool {
        match self {
            Self::Web(socket) => socket.is_writing(),
            Self::Events(socket) => socket.is_writing(),
            Self::Poll(socket) => socket.is_writing(),
            Self::Gone => false,
        }
    }

    /// Says whether a write may begin now.
    pub(super) fn is_ready(&self) -> bool {
        match self {
            Self::Web(socket) => !socket.is_writing(),
            Self::Events(socket) => !socket.is_writing(),
            Self::Poll(socket) => socket.is_ready(),
            Self::Gone => false,
        }
    }

    /// Says whether a poll of the client waits.
    pub(super) fn is_polled(&self) -> bool {
        match self {
            Self::Poll(socket) => socket.is_ready(),
            Self::Web(_) | Self::Events(_) | Self::Gone => false,
        }
    }

    /// Says when to give the client up if nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Web(socket) => socket.deadline(),
            Self::Events(socket) => socket.deadline(),
            Self::Poll(socket) => socket.deadline(),
            Self::Gone => None,
        }
    }

    /// Begins to write whole messages; [`event`](Self::event) carries the write through.
    pub(super) fn write(&mut self, batch: Bytes, format: TransferFormat) -> Result<(), Broken> {
        let now = clock::now();
        match self {
            Self::Web(socket) => socket.write(now, batch, format),
            Self::Events(socket) => socket.write(now, &batch),
            Self::Poll(socket) => {
                socket.write(now, batch);
                Ok(())
            }
            Self::Gone => Err(Broken),
        }
    }

    /// Waits for the next event; what the client sends is left where it is unless `read`. Cancel safe.
    pub(super) async fn event(&mut self, read: bool) -> Event {
        poll_fn(|context| match self {
            Self::Web(socket) => socket.poll_event(context, read),
            Self::Events(socket) => socket.poll_event(context, read),
            Self::Poll(socket) => socket.poll_event(context, read),
            Self::Gone => Poll::Pending,
        })
        .await
    }

    /// Says goodbye first and waits until the client has heard it.
    pub(super) async fn close(self) {
        match self {
            Self::Web(socket) => socket.close().await,
            // The end of the answer is the goodbye.
            Self::Events(_) | Self::Gone => {}
            Self::Poll(socket) => socket.close().await,
        }
    }

    /// Answers the client's goodbye.
    pub(super) async fn answer_close(self) {
        match self {
            // A client that does not wait for the answer does not need it.
            Self::Web(socket) => socket.answer_close().await.unwrap_or_default(),
            Self::Events(_) | Self::Poll(_) | Self::Gone => {}
        }
    }
}
