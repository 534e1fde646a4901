//! Which jobs are done first.

/// Which jobs are done first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Before normal jobs: what a person or a connection waits for, such as a login.
    Urgent,
    /// In the order of arrival: what somebody waits for.
    Normal,
    /// Behind both, though never stopped by them: large jobs that nobody waits for, such as the parts
    /// of a mailing. They are kept out of the groups of others, who would wait for them.
    Mass,
}
