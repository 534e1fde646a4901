//! How a writer works.

use std::{fmt, time::Duration};

/// Receives what the jobs of one commit emitted, in commit order. It runs on the writer thread: it
/// must neither block nor call the writer.
pub type EventSink<E> = Box<dyn FnMut(Vec<E>) + Send>;

/// Runs on the writer thread before each commit, as a slow disk would.
pub type CommitHook = Box<dyn FnMut() + Send>;

/// How a writer works.
pub struct WriterOptions {
    /// The most jobs of one commit; 1 commits each job by itself. Higher makes the first of them
    /// wait longer; lower commits more often.
    pub max_jobs: usize,
    /// For how long jobs are added to a commit. Higher makes the first of them wait longer.
    pub max_time: Duration,
    /// The most urgent jobs that wait; beyond it callers get [`Failure::Busy`](crate::Failure::Busy).
    pub waiting_urgent: usize,
    /// The most normal jobs that wait.
    pub waiting_normal: usize,
    /// The most mass jobs that wait.
    pub waiting_mass: usize,
    /// Called before each commit. For tests and benches.
    pub before_commit: Option<CommitHook>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            max_jobs: 128,
            max_time: Duration::from_millis(10),
            waiting_urgent: 1_024,
            waiting_normal: 4_096,
            waiting_mass: 256,
            before_commit: None,
        }
    }
}

impl fmt::Debug for WriterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            max_jobs,
            max_time,
            waiting_urgent,
            waiting_normal,
            waiting_mass,
            before_commit,
        } = self;
        f.debug_struct("WriterOptions")
            .field("max_jobs", max_jobs)
            .field("max_time", max_time)
            .field("waiting_urgent", waiting_urgent)
            .field("waiting_normal", waiting_normal)
            .field("waiting_mass", waiting_mass)
            .field("before_commit", &before_commit.is_some())
            .finish()
    }
}

/// A hook that makes each commit take `delay` longer, for benches on a disk that is too fast.
#[expect(
    clippy::disallowed_methods,
    reason = "it stands for the time that a slow disk takes"
)]
#[must_use]
pub fn slow_disk(delay: Duration) -> CommitHook {
    Box::new(move || std::thread::sleep(delay))
}
