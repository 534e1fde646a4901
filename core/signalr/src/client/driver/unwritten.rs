//! What is to be written.

use std::collections::VecDeque;

/// A batch is begun anew beyond so many bytes: peers limit what they take as one.
const BATCH: usize = 16 * 1024;
/// With so many bytes waiting nothing more is read, as it may have to be answered.
const MANY: usize = 256 * 1024;

/// What waits to be written, in order.
#[derive(Debug)]
pub(crate) struct Unwritten {
    /// With so many bytes nothing more is read.
    many: usize,
    /// Each of whole messages.
    batches: VecDeque<Vec<u8>>,
    bytes: usize,
    is_in_doubt: bool,
}

/// What to write next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Whole messages.
    Batch(Vec<u8>),
    /// Something that makes the server's end answer.
    Probe,
}

impl Unwritten {
    /// Nothing yet. `repeated` is how many bytes may be added at once to be repeated: they must not
    /// stop the reading, as the server, which repeats as much, may read only after it has written.
    pub(crate) fn new(repeated: usize) -> Self {
        Self {
            many: MANY.max(repeated.saturating_mul(2)),
            batches: VecDeque::new(),
            bytes: 0,
            is_in_doubt: false,
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.batches.clear();
        self.bytes = 0;
        self.is_in_doubt = false;
    }

    /// Adds one or more whole messages.
    pub(crate) fn add(&mut self, messages: &[u8]) {
        self.bytes += messages.len();
        match self.batches.back_mut() {
            Some(batch) if batch.len() + messages.len() <= BATCH => {
                batch.extend_from_slice(messages);
            }
            _ => self.batches.push_back(messages.to_vec()),
        }
    }

    /// Makes the server's end answer after what was added before.
    pub(crate) const fn doubt(&mut self) {
        self.is_in_doubt = true;
    }

    pub(crate) fn take_next(&mut self) -> Option<Next> {
        let Some(batch) = self.batches.pop_front() else {
            return std::mem::take(&mut self.is_in_doubt).then_some(Next::Probe);
        };
        self.bytes -= batch.len();
        Some(Next::Batch(batch))
    }

    /// Says whether the application may have more written.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes < BATCH
    }

    /// Says whether the server may say more that has to be answered.
    pub(crate) const fn may_grow(&self) -> bool {
        self.bytes < self.many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_messages_go_together_and_none_is_split() {
        let mut unwritten = Unwritten::new(0);
        unwritten.doubt();
        for size in [10, BATCH - 10, 1, 3 * BATCH, 5, 5] {
            unwritten.add(&vec![0; size]);
        }
        let next = std::iter::from_fn(|| unwritten.take_next());
        let sizes: Vec<_> = next
            .map(|next| match next {
                Next::Batch(batch) => batch.len(),
                Next::Probe => 0,
            })
            .collect();
        assert_eq!(sizes, [BATCH, 1, 3 * BATCH, 10, 0]);
    }

    #[test]
    fn what_waits_is_bounded_for_the_application_first() {
        let mut unwritten = Unwritten::new(0);
        let mut room = Vec::new();
        for size in [BATCH - 1, 1, MANY - BATCH] {
            unwritten.add(&vec![0; size]);
            room.push((unwritten.has_room(), unwritten.may_grow()));
        }
        assert_eq!(room, [(true, true), (false, true), (false, false)]);
        while unwritten.take_next().is_some() {}
        assert!(unwritten.has_room() && unwritten.may_grow());
    }

    #[test]
    fn what_is_repeated_leaves_room_to_read() {
        let mut unwritten = Unwritten::new(MANY);
        unwritten.add(&vec![0; MANY]);
        assert!(unwritten.may_grow());
        unwritten.add(&vec![0; MANY]);
        assert!(!unwritten.may_grow());
        unwritten.clear();
        assert!(unwritten.has_room() && unwritten.take_next().is_none());
    }
}
