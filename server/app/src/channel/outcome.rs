//! What is made of the answer of an App's backend or of a provider of a gateway, or of none.

use std::time::Duration;

use jiff::SignedDuration;
use vestnik_model::Reason;
use vestnik_outbound::SendError;
use vestnik_push::driver::{Sign, Why};
use vestnik_rules::{
    attempt::{Outcome, THROTTLED_PAUSE},
    provider,
    reason::{Retry, consequences},
};

/// The longest that a service is left alone because it asks for that.
const MAX_REST: Duration = Duration::from_secs(60 * 60);

pub(super) fn held(reason: Reason, after: Duration) -> Outcome {
    Outcome::Held {
        reason,
        after: SignedDuration::try_from(after).ok(),
    }
}

/// What it means that all places are taken.
pub(super) const fn busy() -> Outcome {
    Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: None,
    }
}

/// What it means that there is no answer.
pub(super) const fn unanswered(error: &SendError) -> Outcome {
    match error {
        SendError::Place(_) | SendError::Forbidden(_) => Outcome::Rejected {
            reason: Reason::ConfigNoRoute,
        },
        SendError::Busy(_) => busy(),
        SendError::Connect(_) | SendError::Unprocessed(_) => Outcome::Retry {
            reason: Reason::ProviderUnavailable,
            after: None,
        },
        SendError::Unwritten => Outcome::Retry {
            reason: Reason::ProviderTimeout,
            after: None,
        },
        SendError::Lost(_) | SendError::Unanswered => Outcome::Unproven,
    }
}

/// For how long an outcome asks to be left alone. It may mean one request or all; a pause of all of them costs
/// less than being asked for another.
pub(super) fn rest(outcome: &Outcome) -> Option<Duration> {
    let after = match outcome {
        Outcome::Retry {
            reason: Reason::ProviderThrottled,
            after,
        } => after.unwrap_or(THROTTLED_PAUSE),
        Outcome::Retry {
            reason: Reason::ProviderUnavailable,
            after: Some(after),
        } => *after,
        Outcome::Accepted
        | Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Unproven
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => return None,
    };
    let after = Duration::try_from(after).unwrap_or_default();
    Some(after.min(MAX_REST))
}

/// What an outcome tells of the service; nothing if it was not asked.
pub(super) fn sign(outcome: &Outcome) -> Option<Sign> {
    match outcome {
        Outcome::Held { .. } => None,
        Outcome::Accepted | Outcome::Rejected { .. } | Outcome::Dead { .. } => Some(Sign::Alive),
        Outcome::Unproven => Some(Sign::Bad(Why::Failing)),
        // It works, and says when it wants more.
        Outcome::Retry {
            reason: Reason::ProviderThrottled,
            ..
        } => Some(Sign::Alive),
        Outcome::Retry { reason, .. } => Some(Sign::Bad(
            if consequences(*reason).retry == Retry::AfterRenewal {
                Why::Refusing
            } else {
                Why::Failing
            },
        )),
    }
}

/// What an outcome shows of the account: a backend that is gone, that moved or that may not be connected to takes
/// nothing by it.
pub(super) const fn shown(outcome: &Outcome) -> Option<provider::Sign> {
    match outcome {
        Outcome::Accepted => Some(provider::Sign::Taken),
        Outcome::Retry {
            reason: reason @ Reason::ConfigProviderAuth,
            ..
        }
        | Outcome::Rejected {
            reason: reason @ Reason::ConfigNoRoute,
        } => Some(provider::Sign::Refused(*reason)),
        Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Unproven
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => None,
    }
}

/// Why a try went no further; `None` if the service took it.
pub(super) const fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Accepted => None,
        Outcome::Unproven => Some(Reason::ProviderUnproven),
        Outcome::Held { reason, .. }
        | Outcome::Retry { reason, .. }
        | Outcome::Dead { reason, .. }
        | Outcome::Rejected { reason } => Some(*reason),
    }
}
