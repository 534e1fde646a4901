//! What came back.

use std::{fmt, sync::Weak};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{lane::LinkId, pool::Cell};

/// An HTTP answer, as far as it came.
#[derive(Clone)]
pub struct Answer {
    /// The status. A redirect is an answer like any other.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// Whether the body is whole.
    pub ending: Ending,
    pub(crate) source: Source,
}

/// The connection that an answer came over.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) cell: Weak<Cell>,
    pub(crate) id: LinkId,
}

/// How the body of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As the peer ended it.
    Whole,
    /// At [`Limits::answer_bytes`](crate::Limits::answer_bytes): there would be more.
    Cut,
    /// The connection broke, or the time was over.
    Broken,
}

/// Shows no header and no content.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}
