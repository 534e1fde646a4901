//! What a connection's task sees of its transport: the same of each.

use std::future::poll_fn;

use bytes::Bytes;

use super::{http::HttpTransport, web_socket::WebSocket};
use crate::{carrier::Carrier, protocol::TransferFormat};

/// An open transport, read and written by its task alone.
pub(crate) enum Transport {
    WebSocket(WebSocket),
    Http(HttpTransport),
}

/// What happened on a transport.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Heard(Heard),
    /// The write is done that was begun: there may be another.
    Written,
    /// The write cannot be done.
    Broken,
}

/// What was heard of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Bytes(Bytes),
    /// Nothing for the machine, but the server is there.
    Alive,
    /// More than the transport holds.
    Oversized,
    /// The end that the server made in order.
    Ended,
    /// The end.
    Lost,
}

/// The transport takes nothing more.
#[derive(Debug)]
pub(crate) struct Broken;

impl Transport {
    /// What the machine must know of the transport.
    pub(crate) const fn carrier(&self) -> Carrier {
        match self {
            Self::WebSocket(_) => Carrier::WEB_SOCKETS,
            Self::Http(http) => http.carrier(),
        }
    }

    /// Waits for what happens next; the server is heard only if `read`. Cancel safe.
    pub(crate) async fn event(&mut self, read: bool) -> Event {
        poll_fn(|context| match self {
            Self::WebSocket(socket) => socket.poll_event(context, read),
            Self::Http(http) => http.poll_event(context, read),
        })
        .await
    }

    /// Says whether part of something came since this was asked last.
    pub(crate) fn was_heard(&mut self) -> bool {
        match self {
            Self::WebSocket(socket) => socket.was_heard(),
            Self::Http(_) => false,
        }
    }

    /// Says whether a write was begun that is not known to be done.
    pub(crate) const fn is_writing(&self) -> bool {
        match self {
            Self::WebSocket(socket) => socket.is_writing(),
            Self::Http(http) => http.is_writing(),
        }
    }

    /// Begins to write whole messages, when no write is under way; [`event`](Self::event) carries
    /// it on.
    pub(crate) fn write(&mut self, batch: Vec<u8>, format: TransferFormat) -> Result<(), Broken> {
        match self {
            Self::WebSocket(socket) => socket.write(batch, format),
            Self::Http(http) => http.write(batch, format),
        }
    }

    /// Begins to make the server's end answer, when no write is under way.
    pub(crate) fn probe(&mut self) -> Result<(), Broken> {
        match self {
            Self::WebSocket(socket) => socket.ping(),
            Self::Http(http) => {
                http.probe();
                Ok(())
            }
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self) {
        match self {
            Self::WebSocket(socket) => socket.close().await,
            Self::Http(http) => http.close().await,
        }
    }
}
