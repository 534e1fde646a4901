//! What comes from the server.

use std::{
    convert::Infallible,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::error::CallError;
use crate::{client::close::CloseReason, message::Invocation, payload::Payload};

/// What the server does to the client.
#[derive(Debug)]
pub enum Incoming {
    /// It calls a method. With an id it waits for [`HubClient::complete`](super::HubClient::complete).
    Invocation(Invocation),
    /// The socket of a stateful connection was cut, and another one is opened in its place. What is
    /// called waits; nothing is lost yet.
    Resuming,
    /// It goes on over another socket, as if nothing had happened.
    Resumed,
    /// The connection is over; nothing follows.
    Closed(CloseReason),
}

/// What the server does, in order. While it is not read, neither is the socket.
#[derive(Debug)]
pub struct IncomingStream(mpsc::Receiver<Incoming>);

impl IncomingStream {
    pub(crate) const fn new(receiver: mpsc::Receiver<Incoming>) -> Self {
        Self(receiver)
    }

    /// Waits for the next; `None` after [`Incoming::Closed`].
    pub async fn recv(&mut self) -> Option<Incoming> {
        self.0.recv().await
    }
}

impl Stream for IncomingStream {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        self.0.poll_recv(context)
    }
}

/// Is held by who reads a stream; nothing is ever sent.
pub(crate) type Reader = oneshot::Sender<Infallible>;

/// The items of a stream of the server's, typed. Ends after an error. Dropping it ends the stream
/// on the server.
#[derive(Debug)]
pub struct ItemStream<R> {
    items: mpsc::Receiver<Result<Payload, CallError>>,
    /// Tells the connection, by being dropped, that nobody reads any more.
    _reader: Reader,
    item: PhantomData<fn() -> R>,
}

impl<R> ItemStream<R> {
    pub(crate) const fn new(
        items: mpsc::Receiver<Result<Payload, CallError>>,
        reader: Reader,
    ) -> Self {
        Self {
            items,
            _reader: reader,
            item: PhantomData,
        }
    }
}

impl<R: DeserializeOwned> Stream for ItemStream<R> {
    type Item = Result<R, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_recv(context).map(|item| {
            item.map(|item| {
                item?
                    .bind()
                    .map_err(|error| CallError::Result(error.to_string()))
            })
        })
    }
}
