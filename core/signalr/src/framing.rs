//! Record-separator framing: each JSON text ends with the byte 0x1E.

use bytes::{Buf, Bytes, BytesMut};

/// Ends every JSON message. JSON escapes it in strings, so it is never inside one.
pub const RECORD_SEPARATOR: u8 = 0x1E;

/// A message is longer than the reader allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the maximum message size of {limit} bytes was exceeded")]
pub struct FrameTooLarge {
    /// The longest message allowed, without its separator.
    pub limit: usize,
}

/// Cuts a stream of bytes into messages, however the transport chunked it.
///
/// Push what arrives, then iterate until `None`; push again. After an error
/// the stream has no more messages. What is held is at most one chunk and one
/// message; nothing when all was cut.
#[derive(Debug)]
pub struct Deframer {
    limit: usize,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no separator.
    searched: usize,
    failed: bool,
}

impl Deframer {
    /// Makes a deframer for messages of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            buffer: BytesMut::new(),
            searched: 0,
            failed: false,
        }
    }

    /// Takes bytes from the transport.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.failed {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// Says whether part of a message is held.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    fn fail(&mut self) -> Option<Result<Bytes, FrameTooLarge>> {
        self.failed = true;
        self.buffer = BytesMut::new();
        Some(Err(FrameTooLarge { limit: self.limit }))
    }
}

impl Iterator for Deframer {
    type Item = Result<Bytes, FrameTooLarge>;

    /// Cuts off the next whole message, without its separator.
    fn next(&mut self) -> Option<Self::Item> {
        let unsearched = self.buffer.get(self.searched..)?;
        let Some(offset) = unsearched.iter().position(|byte| *byte == RECORD_SEPARATOR) else {
            self.searched = self.buffer.len();
            return if self.searched > self.limit {
                self.fail()
            } else {
                None
            };
        };
        let length = self.searched + offset;
        if length > self.limit {
            return self.fail();
        }
        let frame = self.buffer.split_to(length).freeze();
        self.buffer.advance(1);
        self.searched = 0;
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        Some(Ok(frame))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(limit: usize, chunks: &[&[u8]]) -> Vec<Result<Bytes, FrameTooLarge>> {
        let mut deframer = Deframer::new(limit);
        let mut frames = Vec::new();
        for chunk in chunks {
            deframer.push(chunk);
            frames.extend(&mut deframer);
        }
        frames
    }

    #[test]
    fn cuts_at_separators_only() {
        let frames = cut(100, &[b"{}\x1e{\"a\"", b":1}", b"\x1e\x1e"]);
        assert_eq!(
            frames,
            [Ok("{}".into()), Ok("{\"a\":1}".into()), Ok("".into())]
        );
    }

    #[test]
    fn refuses_a_long_message_as_soon_as_it_is_too_long() {
        assert_eq!(cut(3, &[b"abc\x1e"]), [Ok("abc".into())]);
        assert_eq!(cut(3, &[b"abcd\x1e"]), [Err(FrameTooLarge { limit: 3 })]);
        assert_eq!(
            cut(3, &[b"ab", b"cd", b"\x1eab\x1e"]),
            [Err(FrameTooLarge { limit: 3 })]
        );
    }

    proptest! {
        #[test]
        fn gives_the_same_frames_for_any_chunking(
            messages in prop::collection::vec("[a-z]{0,20}", 0..20),
            sizes in prop::collection::vec(1_usize..9, 1..40),
        ) {
            let stream: Vec<u8> = messages
                .iter()
                .flat_map(|message| message.bytes().chain([RECORD_SEPARATOR]))
                .collect();
            let mut rest = stream.as_slice();
            let mut chunks = Vec::new();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, tail) = rest.split_at((*size).min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            let frames: Vec<Bytes> = cut(20, &chunks).into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(frames, messages);
        }
    }
}
