//! What a pool has done so far.

/// What a pool has done so far. Counters begin at 0 when it is started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaderStats {
    /// How many read now.
    pub busy: usize,
    /// How many wait.
    pub waiting: usize,
    /// Reads that were run to their end, whether they succeeded or failed.
    pub done: u64,
    /// Reads that were interrupted because their caller stopped waiting or the pool was closed.
    pub interrupted: u64,
    /// Reads that were never begun because their caller stopped waiting.
    pub abandoned: u64,
    /// Reads that were ended, or never begun, because their time limit had passed.
    pub deadline_passed: u64,
    /// Reads that panicked.
    pub panicked: u64,
    /// Reads that were refused because too many waited.
    pub refused: u64,
}
