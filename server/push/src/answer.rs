//! Answers of push services, read within bounds.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use vestnik_outbound::retry_after;

/// The most bytes of a body that are parsed. Documented answers are far smaller; a longer body counts
/// as unreadable.
pub const MAX_BODY_BYTES: usize = 16 * 1_024;

/// An HTTP answer as it came.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, or its beginning.
    pub body: &'a [u8],
}

/// Shows the status only: headers and body may contain addresses and tokens.
impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer<'_> {
    /// The body as JSON; none if it is longer than [`MAX_BODY_BYTES`] or something else.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        if self.body.len() > MAX_BODY_BYTES {
            return None;
        }
        serde_json::from_slice(self.body).ok()
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The wait that the service asks for ([`retry_after`]).
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        retry_after(self.headers, now)
    }
}
