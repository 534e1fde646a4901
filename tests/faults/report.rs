//! Figures, for programs and for people, and whether they hold.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use crate::{
    tally::Tally,
    tier::{Tier, Trial},
};
use vestnik_testkit::ledger::Verdict;

/// What a run found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// How much was run.
    pub(crate) tier: Tier,
    /// What everything was drawn from.
    pub(crate) seed: u64,
    /// The figures of each trial with processes.
    pub(crate) trials: Vec<Figures>,
    /// The figures of each trial within this process.
    pub(crate) tallies: Vec<Tally>,
}

impl Report {
    pub(crate) const fn new(tier: Tier, seed: u64) -> Self {
        Self {
            tier,
            seed,
            trials: Vec::new(),
            tallies: Vec::new(),
        }
    }

    /// Whether every trial kept the promise.
    #[must_use]
    pub(crate) fn holds(&self) -> bool {
        let are_whole = self.trials.iter().all(|trial| trial.broken.is_empty());
        are_whole && self.tallies.iter().all(Tally::holds)
    }
}

/// The figures of one trial.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// Which.
    pub(crate) trial: Trial,
    /// Faults struck.
    pub(crate) faults: u64,
    /// The same by kind.
    pub(crate) by_kind: BTreeMap<String, u64>,
    /// Devices that took part.
    pub(crate) devices: usize,
    /// Publishes a second that were begun, while faults were struck.
    pub(crate) sends_per_second: f64,
    /// Publishes that were answered only when they were repeated.
    pub(crate) repeated: u64,
    /// What the ledgers say together, in numbers.
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    /// How long a killed server took to be ready again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ready: Option<Ready>,
    /// What is wrong with the server's file in the end, or `ok`.
    pub(crate) integrity_check: String,
    /// How long it all took.
    pub(crate) seconds: f64,
    /// What of the promise was not kept; empty when all was.
    pub(crate) broken: Vec<String>,
}

/// A verdict in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    /// Publishes acknowledged.
    pub(crate) acknowledged: usize,
    /// Toasts that had to come.
    pub(crate) expected: usize,
    /// Toasts that came.
    pub(crate) shown: usize,
    /// Repeats that replaced an earlier toast of the same tag.
    pub(crate) replaced: usize,
    /// Toasts that did not come.
    pub(crate) lost: usize,
    /// Toasts that came as new more than once.
    pub(crate) shown_twice: usize,
    /// Toasts that nobody had published, or the second notification of a repeated publish.
    pub(crate) unasked: usize,
}

impl From<&Verdict> for Outcome {
    fn from(verdict: &Verdict) -> Self {
        Self {
            acknowledged: verdict.acknowledged,
            expected: verdict.expected,
            shown: verdict.shown,
            replaced: verdict.replaced,
            lost: verdict.lost.len(),
            shown_twice: verdict.shown_twice.len(),
            unasked: verdict.unasked,
        }
    }
}

impl Outcome {
    /// What of it breaks the promise.
    pub(crate) fn broken(&self) -> Vec<String> {
        let zeros = [
            ("acknowledged and lost", self.lost),
            ("shown twice", self.shown_twice),
            ("shown and never published", self.unasked),
        ];
        zeros
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("{count} {what}"))
            .chain((self.acknowledged == 0).then(|| "nothing was published".to_owned()))
            .collect()
    }
}

/// How long a killed server took to be ready again, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Ready {
    /// In the middle.
    pub(crate) median_ms: u128,
    /// At worst.
    pub(crate) max_ms: u128,
}

impl Ready {
    /// Sums up what was measured; nothing when nothing was.
    pub(crate) fn of(mut measured: Vec<Duration>) -> Option<Self> {
        measured.sort_unstable();
        Some(Self {
            median_ms: measured.get(measured.len() / 2)?.as_millis(),
            max_ms: measured.last()?.as_millis(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = [
            "trial", "faults", "sends/s", "acked", "shown", "replaced", "lost", "twice", "ready",
            "file", "time",
        ];
        if !self.trials.is_empty() {
            write_row(f, &columns.map(str::to_owned))?;
        }
        for trial in &self.trials {
            write_row(f, &trial.row())?;
        }
        for trial in &self.trials {
            write!(f, "\n{}:", trial.trial.name())?;
            for (kind, count) in &trial.by_kind {
                write!(f, " {kind} {count}")?;
            }
            for broken in &trial.broken {
                write!(f, "\n  BROKEN: {broken}")?;
            }
        }
        for tally in &self.tallies {
            write!(f, "\n{tally}")?;
        }
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        write!(f, "\n\nseed {}: {verdict}", self.seed)
    }
}

impl Figures {
    /// What breaks the promise in any trial.
    pub(crate) fn common_breaks(&self) -> Vec<String> {
        let mut broken = self.outcome.broken();
        if self.integrity_check != "ok" {
            broken.push(format!("integrity_check: {}", self.integrity_check));
        }
        broken
    }

    fn row(&self) -> [String; 11] {
        let ready = self
            .ready
            .map_or_else(|| "-".to_owned(), |ready| format!("{} ms", ready.max_ms));
        [
            self.trial.name().to_owned(),
            self.faults.to_string(),
            format!("{:.0}", self.sends_per_second),
            self.outcome.acknowledged.to_string(),
            format!("{}/{}", self.outcome.shown, self.outcome.expected),
            self.outcome.replaced.to_string(),
            self.outcome.lost.to_string(),
            self.outcome.shown_twice.to_string(),
            ready,
            self.integrity_check.clone(),
            format!("{:.0} s", self.seconds),
        ]
    }
}

impl Trial {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ServerKill => "server killed",
            Self::ClientKill => "client killed",
            Self::Chaos => "network cut",
            Self::CutAfterCommit => "cut-after-commit",
            Self::Restore => "restore",
            Self::Revoke => "revoke",
            Self::Letters => "letters",
            Self::Audience => "audience",
        }
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, cells: &[String; 11]) -> fmt::Result {
    for (index, cell) in cells.iter().enumerate() {
        let width = if index == 0 || index == 4 { 14 } else { 9 };
        write!(f, "{cell:<width$}")?;
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Outcome = Outcome {
        acknowledged: 3,
        expected: 3,
        shown: 3,
        replaced: 1,
        lost: 0,
        shown_twice: 0,
        unasked: 0,
    };

    #[test]
    fn each_broken_promise_is_named() {
        assert!(WHOLE.broken().is_empty());
        let check = |outcome: Outcome, wanted: &str| assert_eq!(outcome.broken(), [wanted]);
        check(Outcome { lost: 2, ..WHOLE }, "2 acknowledged and lost");
        check(
            Outcome {
                shown_twice: 1,
                ..WHOLE
            },
            "1 shown twice",
        );
        check(
            Outcome {
                unasked: 4,
                ..WHOLE
            },
            "4 shown and never published",
        );
        check(
            Outcome {
                acknowledged: 0,
                ..WHOLE
            },
            "nothing was published",
        );
    }

    #[test]
    fn readiness_is_summed_up() {
        let measured = [30, 10, 20].map(Duration::from_millis).to_vec();
        let ready = Ready::of(measured).unwrap();
        assert_eq!((ready.median_ms, ready.max_ms), (20, 30));
        assert_eq!(Ready::of(Vec::new()), None);
    }
}
