//! An answer before it is written.

use std::fmt::Display;

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

/// An answer, and why it is given.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
    /// The word of the service's protocol for the outcome: `UNREGISTERED`, `BadDeviceToken`.
    pub(crate) reason: Option<String>,
    /// What the simulator tells a developer and the service would not: it is only in the journal.
    pub(crate) note: Option<String>,
}

impl Reply {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            reason: None,
            note: None,
        }
    }

    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        let media_type = HeaderValue::from_static("application/json; charset=UTF-8");
        Self {
            headers: vec![(header::CONTENT_TYPE, media_type)],
            body: value.to_string().into_bytes(),
            ..Self::empty(status)
        }
    }

    /// Adds a header. A value that HTTP cannot carry is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: impl Display) -> Self {
        if let Ok(value) = HeaderValue::from_str(&format!("{value}")) {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.with(header::RETRY_AFTER, seconds),
            None => self,
        }
    }

    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    pub(crate) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}
