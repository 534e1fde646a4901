//! The figures of a trial within this process: counts, of which some must be zero.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::tier::Trial;

/// The figures of one trial.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tally {
    trial: Trial,
    /// What was done, and what came of it.
    counts: BTreeMap<&'static str, u64>,
    /// What must not happen, and how often it did.
    faults: BTreeMap<&'static str, u64>,
    /// The first faults, in words.
    examples: Vec<String>,
    seconds: f64,
}

/// How many faults are described.
const EXAMPLES: usize = 10;

impl Tally {
    /// A tally of nothing; `zeros` are the names of what must not happen.
    pub(crate) fn new(trial: Trial, zeros: &[&'static str]) -> Self {
        Self {
            trial,
            counts: BTreeMap::new(),
            faults: zeros.iter().map(|name| (*name, 0)).collect(),
            examples: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Counts what was done.
    pub(crate) fn count(&mut self, name: &'static str, more: u64) {
        *self.counts.entry(name).or_default() += more;
    }

    /// Counts what must not happen.
    pub(crate) fn fault(&mut self, name: &'static str, what: String) {
        *self.faults.entry(name).or_default() += 1;
        if self.examples.len() < EXAMPLES {
            let mut example = what;
            example.insert_str(0, ": ");
            example.insert_str(0, name);
            self.examples.push(example);
        }
    }

    /// Adds the figures of a part.
    pub(crate) fn add(&mut self, part: Self) {
        for (name, count) in part.counts {
            self.count(name, count);
        }
        for (name, count) in part.faults {
            *self.faults.entry(name).or_default() += count;
        }
        self.examples.extend(part.examples);
        self.examples.truncate(EXAMPLES);
    }

    pub(crate) fn took(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }

    /// Whether nothing happened that must not.
    pub(crate) fn holds(&self) -> bool {
        self.faults.values().all(|count| *count == 0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.trial.name())?;
        for (name, count) in self.counts.iter().chain(&self.faults) {
            write!(f, " {count} {name},")?;
        }
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        write!(f, " {:.0} s: {verdict}", self.seconds)?;
        for example in &self.examples {
            write!(f, "\n  {example}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_breaks_a_tally_and_is_named() {
        let mut tally = Tally::new(Trial::Revoke, &["calls answered"]);
        tally.count("revocations", 3);
        assert!(tally.holds());
        assert_eq!(
            tally.to_string(),
            "revoke: 3 revocations, 0 calls answered, 0 s: holds"
        );
        let mut part = Tally::new(Trial::Revoke, &[]);
        part.fault("calls answered", "a Sync".to_owned());
        tally.add(part);
        assert!(!tally.holds());
        assert!(
            tally
                .to_string()
                .ends_with("BROKEN\n  calls answered: a Sync")
        );
    }
}
