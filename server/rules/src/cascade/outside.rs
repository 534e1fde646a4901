//! What a step finds outside the user's devices: at their mailbox, or at the App's own backend.

use vestnik_model::{Reason, publish::StepChannel};

use super::{Address, Found, View, find_address, target::Target, unproven::is_under_way};
use crate::{
    attempt::{Attempt, State},
    delivery::is_superfluous,
};

/// What a step finds at a target that is no device, of which `missing` is said if it is not there.
pub(super) fn find(
    view: &View<'_>,
    (target, missing): (Target, Reason),
    address: Option<&Address>,
) -> Found {
    let mut found = Found::default();
    let attempt = address.and_then(|address| address.attempt.as_ref());
    let is_superfluous = is_superfluous((view.state, view.reported), view.steps, target.step());
    if is_superfluous && !is_under_way(view, attempt, target) {
        // The proof came after the step before had given way. What waits is not sent; nothing is lost.
        found.is_handed = true;
        let waits = |it: &&Attempt| it.is_under_way() || it.state == State::Retrying;
        let waiting = attempt.filter(waits).cloned();
        found.ends.extend(waiting.map(|it| (target, it.dropped())));
        return found;
    }
    match address {
        None => found.failed(missing),
        Some(address) => {
            find_address(view, address, target, &mut found);
        }
    }
    found
}

/// The channels outside the user's devices that took a delivery, by its attempts.
#[must_use]
pub fn outside<'a>(attempts: impl IntoIterator<Item = (Target, &'a Attempt)>) -> Vec<StepChannel> {
    let taken = attempts.into_iter().filter(|(target, attempt)| {
        target.installation().is_none() && attempt.state == State::Sent
    });
    taken.map(|(target, _)| target.step()).collect()
}
