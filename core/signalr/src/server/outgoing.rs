use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::written::Receipt;

/// Whole messages on their way to a socket, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// How many bytes were taken so far.
    taken: u64,
    /// The receipts of tracked messages, each with the place in the stream of bytes where its
    /// message ends, in order.
    receipts: VecDeque<(u64, Receipt)>,
}

impl Outgoing {
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Puts back what was taken last.
    pub(super) fn push_front(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.taken -= frame.len() as u64;
        self.frames.push_front(frame);
    }

    /// Tracks all that was pushed so far: see [`passed`](Self::passed).
    pub(super) fn track(&mut self, receipts: impl IntoIterator<Item = Receipt>) {
        let end = self.taken + self.bytes as u64;
        let receipts = receipts.into_iter().map(|receipt| (end, receipt));
        self.receipts.extend(receipts);
    }

    /// Takes the receipts of which all that they track was taken.
    pub(super) fn passed(&mut self) -> Vec<Receipt> {
        let passed = self.receipts.partition_point(|(end, _)| *end <= self.taken);
        self.take_receipts(passed)
    }

    /// Takes all receipts, whatever was taken of what they track.
    pub(super) fn all_receipts(&mut self) -> Vec<Receipt> {
        self.take_receipts(self.receipts.len())
    }

    fn take_receipts(&mut self, count: usize) -> Vec<Receipt> {
        if count == 0 {
            return Vec::new();
        }
        let taken = self.receipts.drain(..count).map(|(_, receipt)| receipt);
        let taken = taken.collect();
        if self.receipts.is_empty() {
            // Idle connections keep no storage.
            self.receipts = VecDeque::new();
        }
        taken
    }

    /// Takes the oldest message. Nothing left is nothing kept: idle connections are many.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let Some(frame) = self.frames.pop_front() else {
            self.frames = VecDeque::new();
            return None;
        };
        self.count_out(frame.len());
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
        self.count_out(batch.len());
        if self.frames.is_empty() {
            // Idle connections keep no storage.
            self.frames = VecDeque::new();
        }
        Some(batch)
    }

    fn count_out(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.taken += bytes as u64;
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
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;
    use crate::server::written::Written;

    /// What happens to the messages.
    #[derive(Debug, Clone)]
    enum Step {
        Push { length: usize, is_tracked: bool },
        Pop,
        Batch { limit: usize, is_put_back: bool },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..9_usize, any::<bool>())
                .prop_map(|(length, is_tracked)| Step::Push { length, is_tracked }),
            Just(Step::Pop),
            (0..20_usize, any::<bool>())
                .prop_map(|(limit, is_put_back)| Step::Batch { limit, is_put_back }),
        ]
    }

    proptest! {
        /// A receipt passes when its message was taken to the last byte, not before and not later.
        #[test]
        fn receipts_pass_with_their_messages(steps in prop::collection::vec(step(), 1..60)) {
            let mut outgoing = Outgoing::default();
            let (mut pushed, mut taken) = (0, 0);
            let mut tracked: Vec<(usize, Written)> = Vec::new();
            for step in steps {
                match step {
                    Step::Push { length, is_tracked } => {
                        outgoing.push(Bytes::from(vec![0; length]));
                        pushed += length;
                        if is_tracked {
                            let (receipt, written) = Receipt::future();
                            outgoing.track([receipt]);
                            tracked.push((pushed, written));
                        }
                    }
                    Step::Pop => taken += outgoing.pop().map_or(0, |frame| frame.len()),
                    Step::Batch { limit, is_put_back } => match outgoing.take_batch(limit) {
                        Some(batch) if is_put_back => outgoing.push_front(batch),
                        batch => taken += batch.map_or(0, |batch| batch.len()),
                    },
                }
                outgoing.passed().into_iter().for_each(Receipt::confirm);
                tracked.retain_mut(|(end, written)| {
                    let report = written.now_or_never();
                    assert_eq!(report, (*end <= taken).then_some(Ok(())));
                    report.is_none()
                });
            }
            prop_assert_eq!(outgoing.all_receipts().len(), tracked.len());
        }
    }

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

    #[test]
    fn a_receipt_passes_with_the_last_byte_that_it_tracks() {
        let mut outgoing = Outgoing::default();
        let push = |outgoing: &mut Outgoing, frame: &'static str| {
            let (receipt, written) = Receipt::future();
            outgoing.push(Bytes::from_static(frame.as_bytes()));
            outgoing.track([receipt]);
            written
        };
        let written = ["aa", "bb", "cc"].map(|frame| push(&mut outgoing, frame));
        assert_eq!(outgoing.passed().len(), 0);
        let batch = outgoing.take_batch(4).unwrap();
        outgoing.push_front(batch);
        assert_eq!(outgoing.passed().len(), 0, "it was put back");
        assert_eq!(outgoing.take_batch(4).unwrap(), "aabb");
        assert_eq!(outgoing.passed().len(), 2);
        assert_eq!(outgoing.pop().unwrap(), "cc");
        assert_eq!(outgoing.all_receipts().len(), 1);
        drop(written);
    }
}
