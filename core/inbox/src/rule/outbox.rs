//! How waiting facts become reports, and what answers do to them.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    Fact, FactOutcome, FactResult,
    limits::{REPORT_BYTES, REPORT_FACTS},
    wire_size,
};

use super::clock::shifted;

/// What a report has beside its facts: names, brackets and the cursor.
const ENVELOPE_BYTES: usize = 256;

/// How many facts of a report a new fact may go out with.
pub(crate) const FULL_BATCH: u32 = REPORT_FACTS as u32;

/// The longest pause of a fact after a refusal.
pub(crate) const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// How large a report may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLimits {
    /// The most facts.
    pub facts: u32,
    /// The most bytes, as the server's `Welcome` says; never more than the contract allows.
    pub bytes: usize,
}

impl Default for ReportLimits {
    fn default() -> Self {
        Self {
            facts: 100,
            bytes: REPORT_BYTES,
        }
    }
}

/// Counts facts into a report while they fit.
#[derive(Debug)]
pub(crate) struct Filling {
    limits: ReportLimits,
    bytes: usize,
    count: u32,
    /// The fewest that any fact so far may go out with.
    least: u32,
}

impl Filling {
    pub(crate) fn new(limits: ReportLimits) -> Self {
        Self {
            limits: ReportLimits {
                facts: limits.facts.clamp(1, FULL_BATCH),
                bytes: limits.bytes.min(REPORT_BYTES),
            },
            bytes: ENVELOPE_BYTES,
            count: 0,
            least: FULL_BATCH,
        }
    }

    /// Takes a fact if it fits; the first always does. `batch` is how many it may go out with.
    pub(crate) fn takes(&mut self, fact: &Fact, batch: u32) -> bool {
        // A comma follows each fact.
        let bytes = self.bytes + wire_size::of(fact).unwrap_or(self.limits.bytes) + 1;
        let least = self.least.min(batch.max(1));
        let count = self.count + 1;
        let fits = bytes <= self.limits.bytes && count <= self.limits.facts.min(least);
        if self.count > 0 && !fits {
            return false;
        }
        *self = Self {
            bytes,
            count,
            least,
            ..*self
        };
        true
    }
}

/// What becomes of a fact whose report was refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It goes out again with at most so many, not before this time.
    Smaller { batch: u32, next_at: Timestamp },
    /// It was alone: it is at fault and is not reported again.
    Parked,
}

/// A report with `count` facts was refused as a whole: one of them is at fault, and halving finds it.
pub(crate) fn refused_whole(count: usize, attempts: u32, now: Timestamp) -> Refused {
    if count <= 1 {
        return Refused::Parked;
    }
    Refused::Smaller {
        batch: u32::try_from(count / 2).unwrap_or(FULL_BATCH),
        next_at: after_pause(attempts, now),
    }
}

/// When a fact that was not settled goes out again.
pub(crate) fn after_pause(attempts: u32, now: Timestamp) -> Timestamp {
    shifted(
        now,
        SignedDuration::from_secs(attempts.into()).min(MAX_PAUSE),
    )
}

/// What an answer settles of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// The server has it.
    Done,
    /// The server cannot take it, and says why.
    Parked(String),
}

/// An outcome that this version does not know is final too: the server has read the fact.
pub(crate) fn answered(result: &FactResult) -> Answered {
    if result.outcome != FactOutcome::Refused {
        return Answered::Done;
    }
    let code = result.code.as_ref().map(|code| code.as_str().to_owned());
    Answered::Parked(code.unwrap_or_else(|| "refused".to_owned()))
}

#[cfg(test)]
mod tests {
    use vestnik_model::{FactId, FactKind, FactRefusal, Open};

    use super::*;

    fn fact(number: usize) -> Fact {
        Fact {
            id: format!("f{number}"),
            kind: FactKind::Delivered.into(),
            notification_id: Some("ntf_00000000000000000000000000000001".to_owned()),
            up_to: None,
            version: None,
            at: Timestamp::UNIX_EPOCH,
            body: None,
        }
    }

    fn filled(limits: ReportLimits, batches: &[u32]) -> usize {
        let mut filling = Filling::new(limits);
        let facts = batches.iter().enumerate();
        facts
            .take_while(|(number, batch)| filling.takes(&fact(*number), **batch))
            .count()
    }

    #[test]
    fn a_report_is_bounded_and_never_empty() {
        let limits = |facts, bytes| ReportLimits { facts, bytes };
        let many = [FULL_BATCH; 600];
        assert_eq!(filled(limits(100, REPORT_BYTES), &many), 100);
        assert_eq!(filled(limits(0, REPORT_BYTES), &many), 1);
        assert_eq!(filled(limits(100, 1), &many), 1);
        let by_bytes = filled(limits(500, 4_096), &many);
        assert!((20..60).contains(&by_bytes), "{by_bytes}");
    }

    #[test]
    fn a_fact_goes_out_with_no_more_than_it_may() {
        let limits = ReportLimits::default();
        assert_eq!(filled(limits, &[3; 10]), 3);
        assert_eq!(filled(limits, &[500, 500, 2, 500]), 2);
        assert_eq!(filled(limits, &[1, 500]), 1);
    }

    /// One bad fact among many is found in a logarithm of reports, and is the only one parked.
    #[test]
    fn halving_finds_the_one_at_fault() {
        let bad = 137;
        let mut waiting: Vec<(usize, u32)> = (0..500).map(|number| (number, FULL_BATCH)).collect();
        let (mut parked, mut reports) = (Vec::new(), 0);
        while !waiting.is_empty() {
            reports += 1;
            let mut filling = Filling::new(ReportLimits {
                facts: FULL_BATCH,
                bytes: REPORT_BYTES,
            });
            let count = waiting
                .iter()
                .take_while(|(number, batch)| filling.takes(&fact(*number), *batch))
                .count();
            let batch: Vec<_> = waiting.drain(..count).collect();
            if !batch.iter().any(|(number, _)| *number == bad) {
                continue;
            }
            match refused_whole(batch.len(), 1, Timestamp::UNIX_EPOCH) {
                Refused::Parked => parked.push(batch[0].0),
                Refused::Smaller { batch: smaller, .. } => {
                    waiting.extend(batch.into_iter().map(|(number, _)| (number, smaller)));
                }
            }
        }
        assert_eq!(parked, [bad]);
        assert!(reports <= 30, "{reports}");
    }

    #[test]
    fn a_refused_fact_is_parked_with_its_code_and_others_are_done() {
        let id = FactId::parse("f1").unwrap();
        assert_eq!(answered(&FactResult::taken(&id, false)), Answered::Done);
        let refused = FactResult::refused("f1", FactRefusal::UnknownKind);
        assert_eq!(
            answered(&refused),
            Answered::Parked("fact.unknown_kind".to_owned())
        );
        let later = FactResult {
            outcome: Open::read("postponed"),
            ..FactResult::taken(&id, true)
        };
        assert_eq!(answered(&later), Answered::Done);
    }
}
