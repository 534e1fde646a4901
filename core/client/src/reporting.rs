//! How facts become reports, and what the answers settle.

use std::collections::BTreeMap;

use vestnik_model::{Cursor, Fact, FactOutcome, Report, Reported, limits::REPORT_BYTES, wire_size};

/// What a report has beside its facts: names, brackets and the cursor.
const ENVELOPE_BYTES: usize = 256;

/// A fact that waits in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WaitingFact {
    /// Its row.
    pub(crate) row: i64,
    /// The fact.
    pub(crate) fact: Fact,
}

/// The oldest facts of the outbox, and the cursor that is stored beside them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OutboxBatch {
    /// Facts, oldest first.
    pub(crate) facts: Vec<WaitingFact>,
    /// Where the device stands.
    pub(crate) cursor: Option<Cursor>,
}

/// What the answer to a report settled.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The rows that the server needs no more.
    pub(crate) rows: Vec<i64>,
    /// How many of them the server refused: repeating them does not help.
    pub(crate) refused: usize,
}

/// The most bytes of a report: what the server says, and never more than the contract allows.
pub(crate) fn max_bytes(server_says: u64) -> usize {
    usize::try_from(server_says).map_or(REPORT_BYTES, |bytes| bytes.min(REPORT_BYTES))
}

/// Keeps as many of the oldest facts as fit a report of `max_bytes`, at least one.
pub(crate) fn cut(batch: &mut OutboxBatch, max_bytes: usize) {
    let mut bytes = ENVELOPE_BYTES;
    let fits = batch.facts.iter().take_while(|waiting| {
        // A comma follows each fact.
        bytes += wire_size::of(&waiting.fact).unwrap_or(max_bytes) + 1;
        bytes <= max_bytes
    });
    let count = fits.count().max(1);
    batch.facts.truncate(count);
}

/// The report of a batch.
pub(crate) fn report(batch: &OutboxBatch) -> Report {
    Report {
        facts: batch.facts.iter().map(|one| one.fact.clone()).collect(),
        cursor: batch.cursor.clone(),
    }
}

/// Finds the rows that an answer settles, by the ids of the facts. An outcome that this version does
/// not know is final too: the server has read the fact.
pub(crate) fn settle(batch: &OutboxBatch, answer: &Reported) -> Settled {
    let rows: BTreeMap<&str, i64> = batch
        .facts
        .iter()
        .map(|waiting| (waiting.fact.id.as_str(), waiting.row))
        .collect();
    let mut settled = Settled::default();
    for result in &answer.results {
        if let Some(row) = rows.get(result.id.as_str()) {
            settled.rows.push(*row);
            settled.refused += usize::from(result.outcome == FactOutcome::Refused);
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use vestnik_model::{FactKind, FactRefusal, FactResult, fact::FactId};

    use super::*;

    fn batch(count: i64) -> OutboxBatch {
        let waiting = |row: i64| WaitingFact {
            row,
            fact: Fact {
                id: format!("f{row}"),
                kind: FactKind::Delivered.into(),
                notification_id: Some("ntf_00000000000000000000000000000001".to_owned()),
                up_to: None,
                version: None,
                at: Timestamp::UNIX_EPOCH,
                body: None,
            },
        };
        OutboxBatch {
            facts: (1..=count).map(waiting).collect(),
            cursor: Some(Cursor::parse("e:1:t").unwrap()),
        }
    }

    #[test]
    fn a_report_is_bounded_in_bytes_and_never_empty() {
        let mut many = batch(500);
        cut(&mut many, 4_096);
        let bytes = serde_json::to_vec(&report(&many)).unwrap().len();
        assert!(bytes <= 4_096 && many.facts.len() > 20, "{bytes}");
        let mut one = batch(3);
        cut(&mut one, 1);
        assert_eq!(one.facts.len(), 1);
        let mut none = batch(0);
        cut(&mut none, 1);
        assert!(none.facts.is_empty());
    }

    #[test]
    fn a_server_may_ask_for_less_and_not_for_more() {
        assert_eq!(max_bytes(4_096), 4_096);
        assert_eq!(max_bytes(u64::MAX), REPORT_BYTES);
    }

    #[test]
    fn every_result_settles_its_fact_and_no_other() {
        let id = |text: &str| FactId::parse(text).unwrap();
        let answer = Reported {
            results: vec![
                FactResult::taken(&id("f3"), false),
                FactResult::refused("f1", FactRefusal::UnknownNotification),
                FactResult::refused("", FactRefusal::Malformed),
                FactResult::taken(&id("f9"), true),
                FactResult {
                    outcome: vestnik_model::Open::read("postponed"),
                    ..FactResult::taken(&id("f4"), true)
                },
            ],
        };
        let settled = settle(&batch(4), &answer);
        assert_eq!((settled.rows, settled.refused), (vec![3, 1, 4], 1));
    }
}
