//! The body of a request, which notices when it is taken for writing.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Whether a request's body was taken for writing. Until then the peer cannot have the whole request.
#[derive(Debug, Clone)]
pub(crate) struct Taken(Arc<AtomicBool>);

impl Taken {
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Watched {
    bytes: Option<Bytes>,
    taken: Taken,
}

impl Watched {
    /// An empty body is never asked for, so it counts as taken from the start.
    pub(crate) fn new(bytes: Vec<u8>) -> (Self, Taken) {
        let bytes = Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty());
        let taken = Taken(Arc::new(AtomicBool::new(bytes.is_none())));
        let body = Self {
            bytes,
            taken: taken.clone(),
        };
        (body, taken)
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = self.bytes.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(bytes as u64)
    }
}
