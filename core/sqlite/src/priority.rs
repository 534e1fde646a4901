//! Which jobs are done first.

/// Which jobs are done first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Before normal jobs: what a person or a connection waits for, such as a login.
    Urgent,
    /// In the order of arrival: mass work.
    Normal,
}
