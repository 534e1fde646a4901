//! How a session is.

use vestnik_clock::Monotonic;

use crate::{
    arrival::{Answer, Arrival},
    consumer::{Consumer, Taking},
    login::Version,
    outcome::{Outcome, Verdict},
};

/// How the session of a client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A connection is opened, or bound. Messages wait.
    Connecting,
    /// Messages are sent, in this version.
    Bound(Version),
    /// The message centre said that it was too much. Messages wait.
    Paused {
        /// Until when nothing is submitted.
        until: Monotonic,
    },
    /// There is no session, and the next connection is a while away. Every message has this outcome meanwhile:
    /// an account that is refused, a message centre that is not there.
    Away(Outcome),
    /// The client was stopped.
    Stopped,
}

impl Condition {
    /// What every message comes to now; none while it can be sent or wait.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Away(outcome) => Some(outcome.clone()),
            Self::Stopped => Some(Outcome::unwritten(Verdict::UNAVAILABLE)),
            Self::Connecting | Self::Bound(_) | Self::Paused { .. } => None,
        }
    }

    /// Whether it is known if the account can be used.
    pub(super) const fn is_settled(&self) -> bool {
        match self {
            Self::Bound(_) | Self::Away(_) | Self::Stopped => true,
            Self::Connecting | Self::Paused { .. } => false,
        }
    }
}

/// Takes nothing for now.
#[derive(Debug)]
pub(super) struct NotNow;

impl Consumer for NotNow {
    fn take(&self, _: Arrival) -> Taking<'_> {
        Box::pin(async { Answer::Later })
    }
}
