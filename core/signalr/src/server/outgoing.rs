use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Whole messages on their way to a socket, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl Outgoing {
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Puts back what was taken last.
    pub(super) fn push_front(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_front(frame);
    }

    /// Takes the oldest message. Nothing left is nothing kept: idle connections are many.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let Some(frame) = self.frames.pop_front() else {
            self.frames = VecDeque::new();
            return None;
        };
        self.bytes -= frame.len();
        Some(frame)
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts as many messages together as fit into `limit` bytes, at least one if there is any.
    ///
    /// A message is never split: the official JavaScript client refuses a
    /// WebSocket message that ends inside one.
    pub(super) fn take_batch(&mut self, limit: usize) -> Option<Bytes> {
        let first = self.frames.pop_front()?;
        let mut length = first.len();
        let fits = |frame: &&Bytes| {
            length += frame.len();
            length <= limit
        };
        let more = self.frames.iter().take_while(fits).count();
        let batch = if more == 0 {
            first
        } else {
            self.join(&first, more)
        };
        self.bytes -= batch.len();
        if self.frames.is_empty() {
            // Idle connections keep no storage.
            self.frames = VecDeque::new();
        }
        Some(batch)
    }

    fn join(&mut self, first: &Bytes, more: usize) -> Bytes {
        let mut batch = BytesMut::from(&first[..]);
        for frame in self.frames.drain(..more) {
            batch.extend_from_slice(&frame);
        }
        batch.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_whole_messages_up_to_the_limit() {
        let mut outgoing = Outgoing::default();
        for frame in ["aa", "bb", "c", "dddddd", "e"] {
            outgoing.push(Bytes::from_static(frame.as_bytes()));
        }
        let batches: Vec<Bytes> = std::iter::from_fn(|| outgoing.take_batch(5)).collect();
        assert_eq!(batches, ["aabbc", "dddddd", "e"]);
        assert_eq!(outgoing.bytes(), 0);
    }
}
