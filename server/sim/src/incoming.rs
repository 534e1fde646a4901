//! A request as the driver has read it.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::service::Door;

/// A request of which everything has been read.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) door: Door,
    /// The number of the connection it came on.
    pub(crate) connection: u64,
    pub(crate) method: Method,
    /// The path, with the query if there is one.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body did not fit and was not read to its end.
    pub(crate) is_cut_short: bool,
}

impl Incoming {
    /// The value of a header that is there once and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
