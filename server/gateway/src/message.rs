//! What is sent.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::AttemptId;

use crate::recipient::To;

/// A message to one person, in their language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The attempt: what the idempotency key is made of, so that a repetition has the same.
    pub attempt: AttemptId,
    /// Whom it is for.
    pub to: To<'a>,
    /// The title, if it has one.
    pub title: Option<&'a str>,
    /// The text.
    pub body: &'a str,
    /// The address that it leads to, if there is one.
    pub link: Option<&'a str>,
    /// The language of the text, such as `ru-RU`.
    pub locale: Option<&'a str>,
    /// Where the provider may report what became of it: the address of the webhook, without a secret.
    pub callback: Option<&'a str>,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}

/// Shows neither text nor recipient.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("attempt", &self.attempt)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
