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
    /// The failure of the last write if the disk or the file was the reason. `None` after a write
    /// that succeeded.
    pub failing: Option<Failure>,
    /// Whether damage of the file was ever found.
    pub is_damaged: bool,
    /// How many urgent jobs wait.
    pub waiting_urgent: usize,
    /// How many normal jobs wait.
    pub waiting_normal: usize,
}

impl WriterStats {
    /// Remembers a failure if it concerns more than the job.
    pub(super) fn note_failure(&mut self, failure: &Failure) {
        match failure {
            Failure::Corrupt { .. } => {
                self.is_damaged = true;
                self.failing = Some(failure.clone());
            }
            Failure::Full => self.failing = Some(failure.clone()),
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
