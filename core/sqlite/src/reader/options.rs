//! How a pool works.

use std::time::Duration;

/// How a pool works.
#[derive(Debug, Clone, Copy)]
pub struct ReaderOptions {
    /// The kind of reads, for the names of threads and for metrics.
    pub name: &'static str,
    /// How many read at once, each on a connection of its own. At least one.
    pub threads: usize,
    /// The most reads that wait; beyond it callers get [`Failure::Busy`](crate::Failure::Busy).
    pub waiting: usize,
    /// How long a read may take, from the call on. Longer lets a caller occupy a thread longer.
    pub time_limit: Duration,
}

impl ReaderOptions {
    /// Two threads, 256 waiting reads, ten seconds.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            threads: 2,
            waiting: 256,
            time_limit: Duration::from_secs(10),
        }
    }
}
