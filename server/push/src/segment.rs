//! Ids at services that become a part of a path.

use crate::field::Fault;

/// An id that becomes a part of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Segment(String);

impl Segment {
    /// The most bytes of an id.
    const MAX_BYTES: usize = 64;

    /// Checks an id.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        let is_id = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(is_allowed)
            && !text.starts_with('.');
        is_id.then(|| Self(text.to_owned())).ok_or(Fault::Segment)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
