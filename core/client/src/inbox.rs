//! Which live entries may be stored: those that follow the device's cursor.
//!
//! Cursors are opaque, so equality is the only test. A call whose `after` is the device's cursor moves
//! the device to the call's `cursor`; every other call is dropped. If the last call does not end where
//! the device then stands, something is missing and the log has to be read.

use vestnik_model::{Cursor, Entry, contract::Entries};

/// What to do with live calls.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    /// The entries to store, in order.
    pub(crate) entries: Vec<Entry>,
    /// Where the device stands once they are stored.
    pub(crate) cursor: Cursor,
    /// Whether the log has more behind `cursor`, so that it has to be read.
    pub(crate) is_behind: bool,
}

/// Chains live calls, oldest first, onto the device's cursor.
pub(crate) fn judge(at: &Cursor, live: Vec<Entries>) -> Verdict {
    let mut verdict = Verdict {
        entries: Vec::new(),
        cursor: at.clone(),
        is_behind: false,
    };
    let end = live.last().map(|call| call.cursor.clone());
    for call in live {
        if call.after == verdict.cursor {
            verdict.entries.extend(call.entries);
            verdict.cursor = call.cursor;
        }
    }
    verdict.is_behind = end.is_some_and(|end| end != verdict.cursor);
    verdict
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at(seq: u64) -> Cursor {
        Cursor::parse(format!("e:{seq}:t")).unwrap()
    }

    /// A call with the entries behind `after` up to `end`.
    fn call(after: u64, end: u64) -> Entries {
        Entries {
            after: at(after),
            cursor: at(end),
            entries: (after + 1..=end).map(entry).collect(),
        }
    }

    fn entry(seq: u64) -> Entry {
        let serde_json::Value::Object(raw) = json!({"kind": seq.to_string()}) else {
            unreachable!("it was written as an object");
        };
        Entry::read(raw)
    }

    fn seqs(entries: &[Entry]) -> Vec<u64> {
        entries
            .iter()
            .map(|entry| entry.kind().parse().unwrap())
            .collect()
    }

    fn check(live: Vec<Entries>, entries: &[u64], cursor: u64, is_behind: bool) {
        let verdict = judge(&at(4), live);
        assert_eq!(seqs(&verdict.entries), entries);
        assert_eq!((verdict.cursor, verdict.is_behind), (at(cursor), is_behind));
    }

    #[test]
    fn the_cursor_never_moves_over_a_gap() {
        check(vec![call(4, 6), call(7, 9)], &[5, 6], 6, true);
        check(vec![call(5, 6)], &[], 4, true);
    }

    #[test]
    fn calls_that_were_read_already_are_dropped() {
        check(vec![call(2, 3), call(3, 4)], &[], 4, false);
        check(
            vec![call(3, 4), call(4, 6), call(6, 7)],
            &[5, 6, 7],
            7,
            false,
        );
    }

    #[test]
    fn a_call_that_begins_before_the_cursor_and_ends_behind_it_is_read() {
        check(vec![call(3, 6)], &[], 4, true);
    }

    #[test]
    fn a_call_without_entries_moves_the_cursor() {
        let quiet = Entries {
            entries: Vec::new(),
            ..call(4, 9)
        };
        check(vec![quiet], &[], 9, false);
    }

    proptest! {
        /// Calls that are lost, repeated or late never make an entry apply twice or out of order.
        #[test]
        fn every_entry_is_taken_once_in_order(
            calls in prop::collection::vec((0..30_u64, 1..4_u64), 0..60),
        ) {
            let (mut seq, mut taken) = (0, Vec::new());
            for (after, length) in calls {
                let verdict = judge(&at(seq), vec![call(after, after + length)]);
                if verdict.cursor != at(seq) {
                    seq = after + length;
                }
                taken.extend(seqs(&verdict.entries));
                if verdict.is_behind && after + length > seq {
                    // What a page holds.
                    taken.extend(seq + 1..=after + length);
                    seq = after + length;
                }
            }
            prop_assert_eq!(taken, (1..=seq).collect::<Vec<_>>());
        }
    }
}
