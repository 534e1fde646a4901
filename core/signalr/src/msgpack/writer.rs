use bytes::Bytes;
use rmp::encode;

use super::NIL;
use crate::{
    framing::{LONGEST_PREFIX, length_prefix},
    message::{Arguments, Headers},
    payload::Payload,
    protocol::Protocol,
};

/// Why writing cannot fail.
const ROOM: &str = "a buffer takes any number of bytes";

/// A message in the making, behind room for its length. Payloads are copied as they are.
pub(super) struct Frame(Vec<u8>);

impl Frame {
    /// Begins an array of at most 15 items, of which the type is the first.
    pub(super) fn new(items: u8, kind: u8, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.extend_from_slice(&[0; LONGEST_PREFIX]);
        bytes.extend_from_slice(&[0x90 | items, kind]);
        Self(bytes)
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        encode::write_str(&mut self.0, text).expect(ROOM);
        self
    }

    pub(super) fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw(&[NIL]),
        }
    }

    pub(super) fn number(mut self, number: u64) -> Self {
        encode::write_uint(&mut self.0, number).expect(ROOM);
        self
    }

    pub(super) fn boolean(mut self, value: bool) -> Self {
        encode::write_bool(&mut self.0, value).expect(ROOM);
        self
    }

    pub(super) fn headers(mut self, headers: &Headers) -> Self {
        encode::write_map_len(&mut self.0, count(headers.len())).expect(ROOM);
        headers
            .iter()
            .fold(self, |frame, (name, value)| frame.text(name).text(value))
    }

    pub(super) fn payload(self, payload: &Payload) -> Self {
        self.raw(payload.bytes_in(Protocol::MessagePack))
    }

    pub(super) fn call(self, target: &str, arguments: &Arguments, stream_ids: &[String]) -> Self {
        let frame = self.text(target).array(arguments.len());
        let arguments = arguments.as_slice().iter();
        let frame = arguments.fold(frame, Self::payload).array(stream_ids.len());
        stream_ids.iter().fold(frame, |frame, id| frame.text(id))
    }

    /// Puts the length in front.
    pub(super) fn finish(mut self) -> Bytes {
        let (prefix, length) = length_prefix(self.0.len() - LONGEST_PREFIX);
        let start = LONGEST_PREFIX - length;
        self.0[start..LONGEST_PREFIX].copy_from_slice(&prefix[..length]);
        Bytes::from(self.0).slice(start..)
    }

    fn array(mut self, length: usize) -> Self {
        encode::write_array_len(&mut self.0, count(length)).expect(ROOM);
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a message is far smaller")
}
