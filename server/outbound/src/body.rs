//! The body of a request, which notices when it is written.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use crate::writing::Written;

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Watched(Option<Content>);

/// What is written. Being given to the HTTP library is not being written: with HTTP/2 the content may
/// wait for a peer that does not take it.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Bytes,
    written: Written,
}

impl Watched {
    /// An empty body is never asked for, so it counts as written from the start.
    pub(crate) fn new(bytes: Vec<u8>, written: Written) -> Self {
        if bytes.is_empty() {
            written.set();
        }
        let content = Content {
            bytes: bytes.into(),
            written,
        };
        Self(Some(content).filter(Content::has_remaining))
    }
}

impl Buf for Content {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if self.bytes.is_empty() {
            self.written.set();
        }
    }
}

impl Body for Watched {
    type Data = Content;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Content>, Infallible>>> {
        Poll::Ready(self.0.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = self.0.as_ref().map_or(0, Content::remaining);
        SizeHint::with_exact(bytes as u64)
    }
}
