//! What a sender should know about a notification that was accepted all the same.

use crate::open::words;

/// What a sender should know about a notification that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Warning {
    /// Nobody is in the audience: no subscriber, or everyone is excluded.
    AudienceEmpty,
}

words!(Warning {
    AudienceEmpty = "audience.empty",
});
