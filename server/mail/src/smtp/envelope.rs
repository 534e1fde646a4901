//! A letter as SMTP sees it.

use std::fmt;
use vestnik_model::email::EmailAddress;

use crate::{
    letter::{Letter, Sender},
    message::{BuildError, message},
    tag::Tag,
};

/// A letter with its envelope.
#[derive(Clone)]
pub struct Envelope {
    pub(crate) sender: String,
    pub(crate) recipient: EmailAddress,
    pub(crate) tag: Tag,
    pub(crate) message: Vec<u8>,
}

impl Envelope {
    /// Writes a letter.
    ///
    /// # Errors
    /// [`BuildError`] if it cannot be written.
    pub fn of(
        letter: &Letter<'_>,
        sender: &Sender,
        now: jiff::Timestamp,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            sender: sender.envelope_sender(letter.delivery),
            recipient: letter.to.clone(),
            tag: sender.key.tag(letter.delivery),
            message: message(letter, sender, now)?,
        })
    }

    /// The letter as it is written after `DATA`, without the line that ends it: a dot at the beginning
    /// of a line is doubled (RFC 5321, 4.5.2), and the last line has its end.
    pub(crate) fn data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(self.message.len() + 64);
        for line in self.message.split_inclusive(|byte| *byte == b'\n') {
            if line.first() == Some(&b'.') {
                data.push(b'.');
            }
            data.extend_from_slice(line);
        }
        if !data.ends_with(b"\r\n") {
            data.extend_from_slice(b"\r\n");
        }
        data
    }
}

/// Shows the size only.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes)", self.message.len())
    }
}
