//! What is to be written.

/// A batch is begun anew beyond so many bytes: peers limit what they take as one.
const BATCH: usize = 16 * 1024;

/// What is to be written at once.
#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    /// Each of whole messages, in order.
    pub(crate) batches: Vec<Vec<u8>>,
    /// Whether the server's end is to be made to answer.
    pub(crate) is_in_doubt: bool,
}

impl Unwritten {
    /// Adds one or more whole messages.
    pub(crate) fn add(&mut self, messages: &[u8]) {
        match self.batches.last_mut() {
            Some(batch) if batch.len() + messages.len() <= BATCH => {
                batch.extend_from_slice(messages);
            }
            _ => self.batches.push(messages.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_messages_go_together_and_none_is_split() {
        let mut unwritten = Unwritten::default();
        for size in [10, BATCH - 10, 1, 3 * BATCH, 5, 5] {
            unwritten.add(&vec![0; size]);
        }
        let sizes: Vec<_> = unwritten.batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, [BATCH, 1, 3 * BATCH, 10]);
    }
}
