//! Which live entries may be stored: those that follow the cursor without a gap.

use vestnik_model::{Cursor, contract::Entry};

/// What to do with live entries.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    /// Store these, in order; they follow the cursor.
    pub(crate) entries: Vec<Entry>,
    /// Where the device stands then.
    pub(crate) cursor: Cursor,
    /// Something is missing behind them: read on from there.
    pub(crate) has_gap: bool,
}

/// Takes the entries that follow `at` without a gap. Known ones are dropped; from a gap on nothing
/// is taken, because the cursor must not move over what is missing.
pub(crate) fn judge(at: Cursor, live: Vec<Entry>) -> Verdict {
    let mut verdict = Verdict {
        entries: Vec::new(),
        cursor: at,
        has_gap: false,
    };
    for entry in live {
        let cursor = entry.cursor();
        if cursor.epoch == at.epoch && cursor.seq <= verdict.cursor.seq {
            continue;
        }
        if !verdict.cursor.is_followed_by(cursor) {
            verdict.has_gap = true;
            return verdict;
        }
        verdict.cursor = cursor;
        verdict.entries.push(entry);
    }
    verdict
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use uuid::Uuid;
    use vestnik_model::{
        Epoch, NotificationId,
        contract::{HistoryState, StateChange},
    };

    use super::*;

    fn at(seq: u64) -> Cursor {
        Cursor {
            epoch: Epoch(1),
            seq,
        }
    }

    fn entry(seq: u64) -> Entry {
        Entry::State(StateChange {
            cursor: at(seq),
            id: NotificationId::from_uuid(Uuid::from_u128(u128::from(seq))),
            state: HistoryState::Read,
            at: Timestamp::UNIX_EPOCH,
        })
    }

    fn seqs(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.cursor().seq).collect()
    }

    #[test]
    fn the_cursor_never_moves_over_a_gap() {
        let verdict = judge(at(4), vec![entry(5), entry(6), entry(8), entry(9)]);
        assert_eq!(seqs(&verdict.entries), [5, 6]);
        assert_eq!((verdict.cursor, verdict.has_gap), (at(6), true));
    }

    #[test]
    fn another_epoch_is_a_gap() {
        let other = Entry::State(StateChange {
            cursor: Cursor {
                epoch: Epoch(2),
                seq: 5,
            },
            id: NotificationId::from_uuid(Uuid::nil()),
            state: HistoryState::Read,
            at: Timestamp::UNIX_EPOCH,
        });
        assert!(judge(at(4), vec![other]).has_gap);
    }

    proptest! {
        /// Hints that are lost, doubled or late never make an entry apply twice or out of order.
        #[test]
        fn every_entry_is_taken_once_in_order(hints in prop::collection::vec(1..30_u64, 0..60)) {
            let (mut cursor, mut taken) = (at(0), Vec::new());
            for seq in hints {
                let verdict = judge(cursor, vec![entry(seq)]);
                taken.extend(seqs(&verdict.entries));
                cursor = verdict.cursor;
                if verdict.has_gap {
                    // What catch-up reads.
                    taken.extend(cursor.seq + 1..=seq);
                    cursor = at(seq);
                }
            }
            prop_assert_eq!(taken, (1..=cursor.seq).collect::<Vec<_>>());
        }
    }
}
