//! How many lost deliveries are an error.

use crate::open::words;

/// How many lost deliveries make a notification end as `error`, of those that were neither suppressed nor
/// cancelled. One of which fewer were lost ends as `sent`; what was lost stays in its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ErrorPolicy {
    /// At least one.
    #[default]
    Any,
    /// More than half of them.
    Majority,
    /// All of them.
    All,
}

words!(ErrorPolicy {
    Any = "any",
    Majority = "majority",
    All = "all",
});
