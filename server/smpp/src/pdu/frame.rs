//! PDUs out of a stream of bytes.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{Command, Status};

/// The most bytes of a PDU that is read: the longest `message_payload` (SMPP 3.4, 5.3.2.32) with what stands
/// around it.
pub const MAX_PDU: usize = 64 * 1_024 + 1_024;
/// The header of each PDU (SMPP 3.4, 3.2).
pub(super) const HEADER: usize = 16;

/// Why no PDU begins where one should: nothing behind it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// It is said to be longer than any.
    #[error("a PDU of {0} bytes")]
    TooLong(u32),
    /// It is said to be shorter than its header.
    #[error("a PDU of {0} bytes, less than its header")]
    TooShort(u32),
}

/// A PDU as it came.
pub(crate) struct Frame {
    pub(crate) command: Command,
    pub(crate) status: Status,
    pub(crate) sequence: u32,
    pub(crate) body: Bytes,
}

/// Collects bytes until they are PDUs. It holds at most one PDU that is not whole, and what was pushed.
#[derive(Default)]
pub(crate) struct Frames(BytesMut);

impl Frames {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Whether a PDU has begun and is not whole.
    pub(crate) fn is_half(&self) -> bool {
        !self.0.is_empty()
    }

    /// The next PDU that is whole.
    pub(crate) fn take(&mut self) -> Result<Option<Frame>, FrameFault> {
        let Some(length) = self.0.first_chunk().copied().map(u32::from_be_bytes) else {
            return Ok(None);
        };
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        if size > MAX_PDU {
            return Err(FrameFault::TooLong(length));
        }
        if size < HEADER {
            return Err(FrameFault::TooShort(length));
        }
        if self.0.len() < size {
            return Ok(None);
        }
        let mut body = self.0.split_to(size).freeze();
        body.advance(4);
        let (command, status) = (Command(body.get_u32()), Status(body.get_u32()));
        let sequence = body.get_u32();
        Ok(Some(Frame {
            command,
            status,
            sequence,
            body,
        }))
    }
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frames({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pdu(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + body.len()).unwrap();
        let head = [length, command, 0, sequence];
        let head = head.iter().flat_map(|field| field.to_be_bytes());
        head.chain(body.iter().copied()).collect()
    }

    proptest! {
        #[test]
        fn pdus_come_out_as_they_went_in_however_they_are_cut(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            chunk in 1_usize..50,
        ) {
            let sent: Vec<u8> = (1_u32..).zip(&bodies).flat_map(|(n, body)| pdu(5, n, body)).collect();
            let (mut frames, mut read) = (Frames::default(), Vec::new());
            for bytes in sent.chunks(chunk) {
                frames.push(bytes);
                while let Some(frame) = frames.take().unwrap() {
                    read.push((frame.sequence, frame.body.to_vec()));
                }
            }
            prop_assert!(!frames.is_half());
            prop_assert_eq!(read, (1..).zip(bodies).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_a_fault_before_more_is_waited_for() {
        for (length, fault) in [
            (0, FrameFault::TooShort(0)),
            (15, FrameFault::TooShort(15)),
            (66_561, FrameFault::TooLong(66_561)),
            (u32::MAX, FrameFault::TooLong(u32::MAX)),
        ] {
            let mut frames = Frames::default();
            frames.push(&length.to_be_bytes());
            assert_eq!(frames.take().err(), Some(fault));
        }
    }
}
