//! Facts that wait, as the one who reports them sees them.

use vestnik_model::{Cursor, Fact, Report};

/// A fact that waits in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingFact {
    /// Its row, by which it is settled.
    pub row: FactRow,
    /// The fact.
    pub fact: Fact,
}

/// A row of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactRow(pub(crate) i64);

/// Facts for one report, and the cursor that is stored beside them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutboxBatch {
    /// The facts.
    pub facts: Vec<WaitingFact>,
    /// Where the device stands.
    pub cursor: Option<Cursor>,
}

impl OutboxBatch {
    /// The report of these facts.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            facts: self.facts.iter().map(|one| one.fact.clone()).collect(),
            cursor: self.cursor.clone(),
        }
    }

    /// The rows of these facts.
    #[must_use]
    pub fn rows(&self) -> Vec<FactRow> {
        self.facts.iter().map(|one| one.row).collect()
    }
}

/// What an answer to a report changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reporting {
    /// How many facts the server has now and that were removed.
    pub done: u32,
    /// How many the server refused. They are set aside and not reported again.
    pub parked: u32,
    /// How many still wait.
    pub waiting: u64,
}
