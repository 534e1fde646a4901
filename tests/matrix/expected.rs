//! The table: every documented answer of every push service that the server sends over.
//!
//! Read off the reference (sections 1.2 to 1.7 and 4.7, and what is newer than they are), whose
//! sections each row names. No row is derived from the server's code: where the two differ, one of
//! them is mended.

mod apns;
mod connection;
mod fcm;
mod hms;
mod rustore;
mod web_push;

use vestnik_sim::Kind;

use crate::row::{Before, Does, Outcome, Row};

/// Every row.
pub(crate) fn rows() -> Vec<Row> {
    [
        fcm::rows(),
        apns::rows(),
        web_push::rows(),
        hms::rows(),
        rustore::rows(),
        connection::rows(),
    ]
    .concat()
}

/// A row about a refusal that lasts until the push is settled.
fn says(
    to: Kind,
    (status, word): (u16, Option<&'static str>),
    source: &'static str,
    expected: Outcome,
) -> Row {
    let answer = match word {
        Some(word) => format!("{status} {word}"),
        None => status.to_string(),
    };
    Row {
        to,
        answer,
        source,
        before: Before::Nothing,
        does: Does::Says {
            status,
            word,
            field: None,
            retry_after: None,
        },
        times: None,
        expected,
    }
}

impl Row {
    /// The same answer with a pause.
    fn after(mut self, seconds: u64) -> Self {
        if let Does::Says { retry_after, .. } = &mut self.does {
            *retry_after = Some(seconds);
        }
        self.noted(&format!("Retry-After {seconds}"))
    }

    /// The same answer with a field that it names, or Huawei's word for what is wrong with the token.
    fn naming(mut self, name: &'static str) -> Self {
        if let Does::Says { field, .. } = &mut self.does {
            *field = Some(name);
        }
        self.noted(name)
    }

    /// The same answer to the first request only.
    fn once(mut self, expected: Outcome) -> Self {
        self.times = Some(1);
        self.expected = expected;
        self.noted("once")
    }

    /// The same answer when the provider token is old enough to be made anew.
    fn ripe(mut self, expected: Outcome) -> Self {
        self.before = Before::RipeToken;
        self.expected = expected;
        self.noted("token of 21 min")
    }

    fn noted(mut self, note: &str) -> Self {
        self.answer = format!("{}, {note}", self.answer);
        self
    }
}
