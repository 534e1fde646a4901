//! Every request that came, as it came.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    incoming::Incoming,
    reply::Reply,
    ring::{Bound, Ring},
    service::Service,
};

/// A request and what was answered. `Debug` leaves out headers, path and body.
#[derive(Clone, Serialize)]
pub struct JournalEntry {
    /// Increases by one with every request.
    pub number: u64,
    /// When it was read.
    pub at: Timestamp,
    /// Which service.
    pub service: Service,
    /// The number of the connection it came on.
    pub connection: u64,
    /// The method.
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// The headers, in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, in base64.
    #[serde(serialize_with = "base64")]
    pub body: Vec<u8>,
    /// The body did not fit and is not here to its end.
    pub is_cut_short: bool,
    /// The device that it was for, if that could be seen.
    pub device: Option<String>,
    /// The number of the fault rule that picked it.
    pub rule: Option<usize>,
    /// The HTTP status of the answer; absent while the request is worked on, and if the connection was
    /// cut instead.
    pub status: Option<u16>,
    /// The service's word for the outcome.
    pub reason: Option<String>,
    /// What the simulator has to say about it, which the service would not.
    pub note: Option<String>,
}

impl JournalEntry {
    /// Whether a text occurs anywhere in what was received: path, headers or body.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        let word = word.as_bytes();
        let within = |bytes: &[u8]| bytes.windows(word.len().max(1)).any(|part| part == word);
        within(self.path.as_bytes())
            || within(&self.body)
            || self
                .headers
                .iter()
                .any(|(name, value)| within(name.as_bytes()) || within(value.as_bytes()))
    }
}

impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalEntry")
            .field("number", &self.number)
            .field("service", &self.service)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The journal.
#[derive(Debug)]
pub(crate) struct Journal(Ring<JournalEntry>);

/// What is known of a request before it is worked on.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) service: Service,
    pub(crate) device: Option<String>,
}

impl Journal {
    pub(crate) fn new(bound: Bound) -> Self {
        Self(Ring::new(bound))
    }

    /// Notes a request, and gives its number.
    pub(crate) fn note(&mut self, request: &Incoming, subject: &Subject, now: Timestamp) -> u64 {
        let number = self.0.next();
        let headers = headers(&request.headers);
        let held = headers.iter().map(|(name, value)| name.len() + value.len());
        let bytes = 300 + request.path.len() + request.body.len() + held.sum::<usize>();
        let entry = JournalEntry {
            number,
            at: now,
            service: subject.service,
            connection: request.connection,
            method: request.method.to_string(),
            path: request.path.clone(),
            headers,
            body: request.body.to_vec(),
            is_cut_short: request.is_cut_short,
            device: subject.device.clone(),
            rule: None,
            status: None,
            reason: None,
            note: None,
        };
        self.0.push(entry, bytes);
        number
    }

    /// Notes what was answered; nothing, if the connection was cut.
    pub(crate) fn answered(&mut self, number: u64, rule: Option<usize>, reply: Option<&Reply>) {
        let Some(entry) = self.0.entry_mut(number) else {
            return;
        };
        entry.rule = rule;
        entry.status = reply.map(|reply| reply.status.as_u16());
        entry.reason = reply.and_then(|reply| reply.reason.clone());
        entry.note = reply.and_then(|reply| reply.note.clone());
    }

    pub(crate) fn after(&self, after: u64) -> impl Iterator<Item = &JournalEntry> {
        self.0.after(after)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn forgotten(&self) -> u64 {
        self.0.forgotten()
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}

fn base64<S: serde::Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(body))
}
