//! What is to be written.

use std::collections::VecDeque;

use bytes::Bytes;
use vestnik_clock::Monotonic;

/// The most bytes that wait before nothing more is read: a peer that asks and does not take answers.
const FULL: usize = 64 * 1_024;

/// PDUs that wait to be written, and whether some are being written.
#[derive(Default)]
pub(super) struct Outgoing {
    waiting: VecDeque<(Bytes, u32)>,
    bytes: usize,
    /// Until when what is being written must be.
    until: Option<Monotonic>,
}

impl Outgoing {
    pub(super) fn push(&mut self, pdu: Bytes, sequence: u32) {
        self.bytes += pdu.len();
        self.waiting.push_back((pdu, sequence));
    }

    /// All that waits, with the sequence numbers, unless something is being written.
    pub(super) fn take(&mut self, until: Monotonic) -> Option<(Vec<u8>, Vec<u32>)> {
        if self.until.is_some() || self.waiting.is_empty() {
            return None;
        }
        self.until = Some(until);
        let mut bytes = Vec::with_capacity(self.bytes);
        let mut sequences = Vec::with_capacity(self.waiting.len());
        for (pdu, sequence) in self.waiting.drain(..) {
            bytes.extend_from_slice(&pdu);
            sequences.push(sequence);
        }
        self.bytes = 0;
        Some((bytes, sequences))
    }

    pub(super) const fn on_written(&mut self) {
        self.until = None;
    }

    /// Until when what is being written must be.
    pub(super) const fn until(&self) -> Option<Monotonic> {
        self.until
    }

    pub(super) fn is_empty(&self) -> bool {
        self.until.is_none() && self.waiting.is_empty()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.bytes >= FULL
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let until = self.until.map(Monotonic::since_origin);
        f.debug_struct("Outgoing")
            .field("bytes", &self.bytes)
            .field("until", &until)
            .finish_non_exhaustive()
    }
}
