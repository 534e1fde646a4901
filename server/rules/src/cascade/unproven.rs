//! What may have been handed over without a word of whoever took it.

use vestnik_model::{Reason, publish::OnUnproven};

use super::{Target, View};
use crate::{
    attempt::{Attempt, State},
    patience::lease,
};

/// Whether an attempt has handed something over, or has a try on its way: what it needs no address for.
pub(super) fn is_under_way(view: &View<'_>, attempt: Option<&Attempt>, target: Target) -> bool {
    attempt.is_some_and(|attempt| match attempt.state {
        State::Sent => true,
        State::Begun | State::Sending => attempt.waits_until(lease(target), view.now).is_some(),
        State::Retrying | State::Failed => false,
    })
}

/// Whether an attempt was given up, or is to be, of which nobody knows whether it was taken. That its address
/// died since changes nothing about it.
pub(super) fn is_left_unproven(view: &View<'_>, attempt: &Attempt, target: Target) -> bool {
    let is_unproven = match attempt.state {
        State::Sending => true,
        State::Failed => attempt.reason == Some(Reason::ProviderUnproven),
        State::Begun | State::Sent | State::Retrying => false,
    };
    is_unproven && gives_up(view, target)
}

/// Whether nothing follows a try of which nobody knows whether it was taken.
pub(super) fn gives_up(view: &View<'_>, target: Target) -> bool {
    match view.steps.on_unproven(target.step()) {
        OnUnproven::GiveUp => true,
        OnUnproven::Repeat => false,
    }
}
