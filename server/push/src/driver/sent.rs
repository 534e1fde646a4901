//! What sending a push came to.

use std::time::Duration;

use super::breaker::Why;
use crate::{
    address::Environment,
    outcome::{Said, Verdict},
};

/// What sending a push came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it means. Waits in it are never longer than the push lives.
    ///
    /// [`Verdict::Unproven`] is a push that was written and not answered: the service may have it. All
    /// others that are not [`Verdict::Accepted`] are known not to have been handed over.
    pub verdict: Verdict,
    /// What the service said at last, if it said anything.
    pub said: Option<Said>,
    /// How many requests with the push were begun; 0 if it was held back or could not be made.
    pub tries: u32,
    /// The environment that took the push, if it is not the one that the address says: keep it with the
    /// address, and the next push takes one try.
    pub moved: Option<Environment>,
    /// Set if nothing was asked of the service, because of what it said to others before.
    pub held: Option<Hold>,
}

/// Why a push was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// A breaker is open.
    Breaker {
        /// Why it opened.
        why: Why,
        /// When the next request may pass.
        after: Duration,
    },
    /// The service asked for a pause.
    Throttle {
        /// When the pause is over.
        after: Duration,
    },
}

impl Sent {
    /// A push that no request was made of.
    pub(super) const fn without_request(verdict: Verdict) -> Self {
        Self {
            verdict,
            said: None,
            tries: 0,
            moved: None,
            held: None,
        }
    }
}
