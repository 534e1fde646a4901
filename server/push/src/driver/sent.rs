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
    /// How many requests with the push were begun; see [`Sent::was_tried`].
    pub tries: u32,
    /// The environment that took the push, if it is not the one that the address says: keep it with the
    /// address, and the next push takes one try.
    pub moved: Option<Environment>,
    /// What held the push back, if something did: before its first request, or before a further one, which
    /// was to go to the other environment of APNs or to have something changed.
    pub held: Option<Hold>,
}

impl Sent {
    /// Whether the service was asked at all, so that this was a try of the attempt.
    ///
    /// If it was not, and [`Sent::held`] says why, the verdict says only when to come again: however often
    /// that happens, it says nothing of the push and uses up none of its tries. Without it the verdict is
    /// final for this push: it cannot be made, or there is no way to its address.
    #[must_use]
    pub const fn was_tried(&self) -> bool {
        self.tries > 0
    }
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
    /// There is no provider token: the token service cannot give one now, or refuses the account.
    Token {
        /// When it is asked again, as far as that is known.
        after: Option<Duration>,
    },
    /// All connections that the account may have were in use for as long as a push waits for one.
    Connections,
}

impl Hold {
    /// How long the push is held back, if that is known.
    #[must_use]
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::Breaker { after, .. } | Self::Throttle { after } => Some(after),
            Self::Token { after } => after,
            Self::Connections => None,
        }
    }
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
