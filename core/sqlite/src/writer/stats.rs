//! What a writer has done so far.

use crate::Failure;

/// What a writer has done so far and how it is. Counters begin at 0 when it is started.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct WriterStats {
    /// Jobs whose changes were committed.
    pub jobs: u64,
    /// Transactions that were committed.
    pub commits: u64,
    /// Jobs that were run again because a shared transaction failed.
    pub reruns: u64,
    /// Jobs that panicked.
    pub panics: u64,
    /// Panics of the event sink. The events of that commit are lost to it.
    pub sink_panics: u64,
    /// How often the write-ahead log was cut to nothing.
    pub wal_truncations: u64,
    /// The failure of the last write if it was not for a reason of its job: a full disk, damage, a
    /// lock of another process, a failed commit. `None` after a write that succeeded.
    pub failing: Option<Failure>,
    /// Whether damage of the file was ever found.
    pub is_damaged: bool,
    /// How many urgent jobs wait.
    pub waiting_urgent: usize,
    /// How many normal jobs wait.
    pub waiting_normal: usize,
    /// How many mass jobs wait.
    pub waiting_mass: usize,
}

impl WriterStats {
    /// A transaction failed as a whole.
    pub(super) fn note_lost_transaction(&mut self, failure: &Failure) {
        self.is_damaged |= matches!(failure, Failure::Corrupt { .. });
        self.failing = Some(failure.clone());
    }

    /// A job failed within a transaction that was committed.
    pub(super) fn note_failed_job(&mut self, failure: &Failure) {
        match failure {
            Failure::Corrupt { .. } | Failure::Full => self.note_lost_transaction(failure),
            // Reasons of the job.
            Failure::Busy
            | Failure::Closed
            | Failure::Replaced
            | Failure::Interrupted
            | Failure::DeadlinePassed
            | Failure::Panicked
            | Failure::Other { .. } => {}
        }
    }
}
