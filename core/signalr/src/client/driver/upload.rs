//! Streams that this side sends along with a call.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use serde::Serialize;

use crate::{message::InvocationId, payload::Payload, protocol::Protocol};

type Items = BoxStream<'static, Result<Payload, String>>;

/// A stream to send along with a call. The server's method gets its items; it is read as fast as
/// the connection takes them, and dropped when the call is over.
pub struct Upload(Box<dyn FnOnce(Protocol) -> Items + Send>);

impl Upload {
    /// Sends all items of a stream.
    pub fn new<S>(items: S) -> Self
    where
        S: Stream + Send + 'static,
        S::Item: Serialize,
    {
        Self::fallible(items.map(Ok::<_, String>))
    }

    /// Sends the items of a stream up to its first error, whose text the server's method gets.
    pub fn fallible<S, T, E>(items: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: fmt::Display,
    {
        Self(Box::new(move |protocol| {
            let written = items.map(move |item| match item {
                Ok(item) => Payload::write(protocol, &item).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            });
            Box::pin(written)
        }))
    }

    pub(crate) fn open(self, protocol: Protocol) -> OpenUpload {
        OpenUpload((self.0)(protocol))
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}

/// An upload in the encoding of its connection.
pub(crate) struct OpenUpload(Items);

impl fmt::Debug for OpenUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenUpload")
    }
}

/// All uploads of a connection, read in turn. As a stream it never ends.
#[derive(Default)]
pub(crate) struct Uploads(VecDeque<(InvocationId, Items)>);

/// What came of an upload.
pub(crate) enum Uploaded {
    Item(InvocationId, Payload),
    Ended(InvocationId, Option<String>),
}

impl Uploads {
    pub(crate) fn add(&mut self, id: InvocationId, upload: OpenUpload) {
        self.0.push_back((id, upload.0));
    }

    pub(crate) fn remove(&mut self, id: &InvocationId) {
        self.0.retain(|(other, _)| other != id);
    }
}

impl Stream for Uploads {
    type Item = Uploaded;

    /// Whoever gave something goes to the end of the line.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Uploaded>> {
        for place in 0..self.0.len() {
            let polled = self.0[place].1.poll_next_unpin(context);
            let Poll::Ready(item) = polled else {
                continue;
            };
            let Some((id, items)) = self.0.remove(place) else {
                continue;
            };
            return Poll::Ready(Some(match item {
                Some(Ok(item)) => {
                    self.0.push_back((id.clone(), items));
                    Uploaded::Item(id, item)
                }
                Some(Err(error)) => Uploaded::Ended(id, Some(error)),
                None => Uploaded::Ended(id, None),
            }));
        }
        Poll::Pending
    }
}
