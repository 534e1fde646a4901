//! Why a channel has no account to send by.

use vestnik_model::Reason;
use vestnik_rules::{attempt::Outcome, provider::Sign};
use vestnik_store::dispatch::Tried;

pub(super) use vestnik_rules::attempt::REFUSED_PAUSE;

/// Why nothing can be sent for an App by one of its channels. The others are sent by all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// There are no credentials, or their server may not be connected to.
    NoRoute,
    /// What is stored cannot be read: it is sealed under another key, damaged, or of a later version.
    Unreadable,
}

impl Unusable {
    /// What becomes of a try. One that waits goes on when other credentials are set.
    const fn outcome(self) -> Outcome {
        match self {
            Self::NoRoute => Outcome::Rejected {
                reason: Reason::ConfigNoRoute,
            },
            Self::Unreadable => Outcome::Held {
                reason: Reason::ConfigProviderAuth,
                after: Some(REFUSED_PAUSE),
            },
        }
    }

    /// What a try shows of the credentials. Where there are none, there is nothing to be told of.
    const fn sign(self) -> Sign {
        match self {
            Self::NoRoute => Sign::Refused(Reason::ConfigNoRoute),
            Self::Unreadable => Sign::Unreadable,
        }
    }

    /// What becomes of a try, with what it shows.
    pub(super) fn ends(self, tried: Tried) -> Tried {
        Tried {
            outcome: self.outcome(),
            sign: Some(self.sign()),
            ..tried
        }
    }
}
