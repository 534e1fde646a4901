//! What is known of what was handed over, by the attempts of a delivery.

use vestnik_model::{Channel, DeliveryStatus, InstallationId, Reason, publish::StepChannel};

use super::{View, target::Target};
use crate::{
    attempt::{Attempt, State},
    decrypt::is_decrypt,
};

/// Whether a step's channel handed something of a delivery over that may still reach somebody. What the other
/// steps handed over does not count: it is not what this one is for. A step `push` writes to connections, too.
///
/// A push that its device could not decrypt reaches nobody, nor does what was written before to a connection of
/// that device: it would know the notification by that.
pub(super) fn is_handed(view: &View<'_>, by: StepChannel) -> bool {
    let is_waiting = matches!(
        view.state.status,
        DeliveryStatus::Scheduled | DeliveryStatus::Pending
    );
    if is_waiting {
        return false;
    }
    let attempts = view.attempts.iter();
    let undecrypted = attempts.filter(|(_, attempt)| attempt.reason.is_some_and(is_useless));
    let undecrypted: Vec<_> = undecrypted
        .map(|(target, _)| target.installation())
        .collect();
    let is_of_use = |target: Target| {
        target.channel() != Channel::Hub || !undecrypted.contains(&target.installation())
    };
    view.attempts.iter().any(|(target, attempt)| {
        attempt.state == State::Sent && is_made_by(by, *target) && is_of_use(*target)
    })
}

/// Whether a step with a channel makes attempts at a target.
fn is_made_by(channel: StepChannel, target: Target) -> bool {
    match channel {
        StepChannel::Push => target.installation().is_some(),
        StepChannel::Hub | StepChannel::Email | StepChannel::Webhook | StepChannel::Gateway(_) => {
            target.step() == channel
        }
    }
}

/// Whether a push was of no use to its device: it could not be decrypted, or was for another user.
fn is_useless(reason: Reason) -> bool {
    is_decrypt(reason) || reason == Reason::OwnerMismatchDropped
}

/// The channel by which an installation got what it confirms: that of a push that was taken, which is sent
/// only if the installation did not confirm what was written to its connection; else the hub, if anything was
/// written there; else that of a push that was given up and may have been taken.
#[must_use]
pub fn came_by<'a>(
    attempts: impl IntoIterator<Item = (Target, &'a Attempt)>,
    installation: InstallationId,
) -> Channel {
    let its = attempts.into_iter();
    let its = its.filter(|(target, _)| target.installation() == Some(installation));
    let (mut taken, mut given_up, mut is_written) = (None, None, false);
    for (target, attempt) in its {
        let channel = target.channel();
        match (channel, attempt.state) {
            (Channel::Hub, State::Sent) => is_written = true,
            (Channel::Hub, State::Begun | State::Sending | State::Retrying | State::Failed) => {}
            (_, State::Sent) => taken = taken.max(Some(channel)),
            (_, State::Failed) if attempt.unproven > 0 => given_up = given_up.max(Some(channel)),
            (_, State::Begun | State::Sending | State::Retrying | State::Failed) => {}
        }
    }
    let given_up = given_up.filter(|_| !is_written);
    taken.or(given_up).unwrap_or(Channel::Hub)
}

/// The attempts by which an installation may have got what it confirms, at least one: those that were taken,
/// or may have been. Where none was, it came over its connection, of which nobody has noted it.
#[must_use]
pub fn brought_by<'a>(
    attempts: impl IntoIterator<Item = (Target, &'a Attempt)>,
    installation: InstallationId,
) -> Vec<Target> {
    let its = attempts.into_iter().filter(|(target, attempt)| {
        target.installation() == Some(installation) && attempt.may_be_taken()
    });
    let mut brought: Vec<_> = its.map(|(target, _)| target).collect();
    if brought.is_empty() {
        brought.push(Target::Device {
            installation,
            channel: Channel::Hub,
        });
    }
    brought
}
