//! Messages that people write.

use std::fmt;

/// A message that came from a phone or another system. One of several parts is handed over part by part.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Who wrote it, as the message centre says.
    pub from: String,
    /// The number or name that it was sent to.
    pub to: String,
    /// What it says; none if it is no text.
    pub text: Option<String>,
    /// Which part it is, if it is one.
    pub segment: Option<Segment>,
}

/// Which part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// What the parts of one message have in common.
    pub reference: u16,
    /// Which, from 1.
    pub number: u8,
    /// Of how many.
    pub count: u8,
}

impl Segment {
    pub(super) fn new(reference: u16, number: u8, count: u8) -> Option<Self> {
        (number > 0 && number <= count).then_some(Self {
            reference,
            number,
            count,
        })
    }
}

/// Shows neither who wrote it nor what.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("segment", &self.segment)
            .finish_non_exhaustive()
    }
}
