//! Where one message ends and the next begins in a stream of bytes.
//!
//! JSON texts end with the byte 0x1E. Binary messages begin with their length, seven bits a byte,
//! the lowest first, each byte but the last with its high bit set. The handshake is JSON whatever
//! the protocol after it, so every stream begins with a JSON text. (`HubProtocol.md`, Overview, JSON
//! Encoding, MessagePack (`MsgPack`) encoding.)

use bytes::{Buf, Bytes, BytesMut};

/// Ends every JSON message. JSON escapes it in strings, so it is never inside one.
pub const RECORD_SEPARATOR: u8 = 0x1E;

/// The most bytes that a length takes.
pub const LONGEST_PREFIX: usize = 5;

/// The official limit of a binary message, just below 2 GiB.
const LONGEST_MESSAGE: usize = i32::MAX as usize;

/// How messages are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framing {
    /// Each ends with [`RECORD_SEPARATOR`].
    #[default]
    RecordSeparator,
    /// Each begins with its length.
    LengthPrefix,
}

/// A message is longer than the reader allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the maximum message size of {limit} bytes was exceeded")]
pub struct FrameTooLarge {
    /// The longest message allowed, without its separator or length.
    pub limit: usize,
}

/// Cuts a stream of bytes into messages, however the transport chunked it.
///
/// Push what arrives, then iterate until `None`; push again. After an error
/// the stream has no more messages. What is held is at most one chunk and one
/// message; nothing when all was cut. A length is never trusted: memory is
/// taken for bytes that came.
#[derive(Debug)]
pub struct Deframer {
    framing: Framing,
    limit: usize,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no separator.
    searched: usize,
    /// How many bytes came since the buffer was empty: what a message that shares it may hold.
    came: usize,
    failed: bool,
}

/// What the beginning of the buffer is.
enum Cut {
    /// A message of `length` bytes after `prefix` and before `suffix` other bytes.
    Whole {
        prefix: usize,
        length: usize,
        suffix: usize,
    },
    Incomplete,
    TooLarge,
}

impl Deframer {
    /// Makes a deframer for messages of up to `limit` bytes, of which the first is a handshake.
    pub fn new(limit: usize) -> Self {
        Self {
            framing: Framing::RecordSeparator,
            limit,
            buffer: BytesMut::new(),
            searched: 0,
            came: 0,
            failed: false,
        }
    }

    /// Says how the messages that follow the last one given are told apart.
    pub fn set_framing(&mut self, framing: Framing) {
        self.framing = framing;
        self.searched = 0;
    }

    /// Takes bytes from the transport.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.failed {
            self.came += chunk.len();
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// Says whether part of a message is held.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes a message off. A small one does not keep all that came with it in memory.
    fn take(&mut self, length: usize) -> Bytes {
        if 2 * length >= self.came {
            return self.buffer.split_to(length).freeze();
        }
        let frame = Bytes::copy_from_slice(&self.buffer[..length]);
        self.buffer.advance(length);
        frame
    }

    fn find_separator(&mut self) -> Cut {
        let unsearched = &self.buffer[self.searched..];
        let found = unsearched.iter().position(|byte| *byte == RECORD_SEPARATOR);
        match found.map(|offset| self.searched + offset) {
            Some(length) if length <= self.limit => Cut::Whole {
                prefix: 0,
                length,
                suffix: 1,
            },
            None if self.buffer.len() <= self.limit => {
                self.searched = self.buffer.len();
                Cut::Incomplete
            }
            Some(_) | None => Cut::TooLarge,
        }
    }

    fn read_length(&self) -> Cut {
        let mut length = 0;
        for (index, byte) in self.buffer.iter().take(LONGEST_PREFIX).enumerate() {
            length |= u64::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                return self.whole(index + 1, length);
            }
        }
        if self.buffer.len() < LONGEST_PREFIX {
            Cut::Incomplete
        } else {
            Cut::TooLarge
        }
    }

    fn whole(&self, prefix: usize, length: u64) -> Cut {
        let limit = self.limit.min(LONGEST_MESSAGE);
        match usize::try_from(length) {
            Ok(length) if length > limit => Cut::TooLarge,
            Ok(length) if length > self.buffer.len() - prefix => Cut::Incomplete,
            Ok(length) => Cut::Whole {
                prefix,
                length,
                suffix: 0,
            },
            Err(_) => Cut::TooLarge,
        }
    }
}

impl Iterator for Deframer {
    type Item = Result<Bytes, FrameTooLarge>;

    /// Cuts off the next whole message, without its separator or length.
    fn next(&mut self) -> Option<Self::Item> {
        let cut = match self.framing {
            Framing::RecordSeparator => self.find_separator(),
            Framing::LengthPrefix => self.read_length(),
        };
        match cut {
            Cut::Incomplete => None,
            Cut::TooLarge => {
                self.failed = true;
                self.searched = 0;
                self.buffer = BytesMut::new();
                Some(Err(FrameTooLarge { limit: self.limit }))
            }
            Cut::Whole {
                prefix,
                length,
                suffix,
            } => {
                self.buffer.advance(prefix);
                let frame = self.take(length);
                self.buffer.advance(suffix);
                self.searched = 0;
                if self.buffer.is_empty() {
                    self.buffer = BytesMut::new();
                    self.came = 0;
                }
                Some(Ok(frame))
            }
        }
    }
}

/// Writes the length in front of a message: that many bytes of the array.
pub(crate) fn length_prefix(length: usize) -> ([u8; LONGEST_PREFIX], usize) {
    let mut groups = [0; LONGEST_PREFIX];
    let mut count = 0;
    let mut rest = length;
    loop {
        groups[count] = (rest & 0x7F) as u8;
        count += 1;
        rest >>= 7;
        if rest == 0 {
            return (groups, count);
        }
        groups[count - 1] |= 0x80;
    }
}

#[cfg(test)]
mod tests;
