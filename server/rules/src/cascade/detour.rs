//! Which of a device's addresses is tried while another one waits.

use jiff::Timestamp;
use vestnik_model::Reason;

use super::{
    Address, Device, NEAR, Target, View,
    unproven::{is_left_unproven, is_under_way},
};
use crate::{
    attempt::{Attempt, State},
    decrypt::is_decrypt,
};

/// The address that a device is bound to: its service has the push, or may have it, or the device could not
/// decrypt what came by it. No other one is tried.
pub(super) fn bound<'a>(view: &View<'_>, device: &'a Device) -> Option<&'a Address> {
    device.addresses.iter().find(|address| {
        let attempt = address.attempt.as_ref();
        attempt.is_some_and(|attempt| holds(view, address, (attempt, device.target(address))))
    })
}

fn holds(view: &View<'_>, address: &Address, (attempt, target): (&Attempt, Target)) -> bool {
    if is_under_way(view, Some(attempt), target) || is_left_unproven(view, attempt, target) {
        return true;
    }
    match attempt.state {
        State::Sent => true,
        // What was not decrypted waits for a key, or for nothing.
        State::Retrying | State::Failed if attempt.reason.is_some_and(is_decrypt) => true,
        // It is repeated where it may have been taken, as long as that can be done.
        State::Begun | State::Sending | State::Retrying => {
            attempt.may_be_taken() && !address.is_dead && address.has_provider
        }
        State::Failed => false,
    }
}

/// The attempts at other addresses that wait for nothing any more, because a service has the push.
pub(super) fn needless(device: &Device, bound: &Address) -> Vec<(Target, Attempt)> {
    let is_taken = bound
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.state == State::Sent);
    if !is_taken {
        return Vec::new();
    }
    let others = device
        .addresses
        .iter()
        .filter(|other| other.channel != bound.channel);
    let waiting = others.filter_map(|other| {
        let attempt = other.attempt.as_ref()?;
        let is_waiting = attempt.state == State::Retrying;
        is_waiting.then(|| (device.target(other), attempt.clone().dropped()))
    });
    waiting.collect()
}

/// Whether the next address is tried while an attempt waits until then: none of its tries was taken, its service
/// cannot be asked for now, and not again soon.
pub(super) fn gives_way(attempt: &Attempt, until: Timestamp, now: Timestamp) -> bool {
    let is_proven = attempt.state == State::Retrying && attempt.unproven == 0;
    let is_far = until.duration_since(now) > NEAR;
    is_proven && is_far && attempt.reason.is_some_and(is_of_its_service)
}

/// Whether a reason is of the service as a whole, or of what the App may do there.
const fn is_of_its_service(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ProviderThrottled
            | Reason::ProviderUnavailable
            | Reason::ConfigProviderAuth
            | Reason::ConfigNoRoute
            | Reason::ConfigSenderNotAllowed
            | Reason::ConfigQuota
    )
}
