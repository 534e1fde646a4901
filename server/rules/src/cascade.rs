//! The way of one delivery through the steps of its cascade.
//!
//! [`look`] decides, from what is stored, what is to be tried now, when to look again, and when a step
//! gives way to the next. It keeps nothing in memory: whoever looks after a crash decides the same.
//! While a step waits, evidence can come by another way at any time; the next look then finds the goal
//! reached and does nothing more. So a late proof cancels what waits.
//!
//! # The step `push`
//! A device that was heard from within the last seconds is given [`ACK_WINDOW`] to confirm what was
//! written to its connection; every other one is pushed to at once. A device without a push address is
//! reached by its connection only. A device whose system shows nothing is not pushed to; while its app
//! is open it can confirm in that window.
//!
//! A device whose app is older than the sender allows gets nothing, and counts like one that may show
//! nothing.
//!
//! A device with several addresses is pushed to by one of them, in the order of [`preferred`]. The next one is
//! tried when a service gives up, when the address is dead, and when its service is proven not to have taken the
//! push and cannot be asked again soon: it throttles, refuses the credentials or is down ([`NEAR`]). Whatever a
//! service has taken, or may have taken, is tried at no other one.
//!
//! # Unproven tries
//! A try of which nobody knows whether its service took it is repeated, unless its step says `give_up`. Then it
//! is no hand-over, and a device may still confirm it: the step waits for that until its end. The last step
//! does not wait.
//!
//! # Waiting for a turn
//! What goes outside the devices waits for its turn, and [`start`] looks again then: see there.
//!
//! # What was deleted
//! A person who deletes a notification has done with it on all of their devices. No further one is pushed to;
//! one that the delivery is opened to gets it into its history as it stands there, deleted. A step that waits
//! for more than that goes on to wait.
//!
//! # Primary first
//! A delivery that is for the primary device and then for all begins with that one. All follow at once if
//! nothing can come of it, and after [`PRIMARY_WINDOW`] unless it confirmed. They get the ack window from
//! then on. [`crate::device`] tells who is meant.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{DeliveryState, InstallationId, channel::Channel, publish::Steps};
//! use vestnik_rules::delivery::Reported;
//! use vestnik_rules::cascade::{Address, Course, Device, Target, View, look};
//! use vestnik_rules::device::{Addressed, Wanted};
//! use vestnik_rules::schedule::Hours;
//!
//! let now: Timestamp = "2026-11-29T09:00:00Z".parse()?;
//! let address = Address { channel: Channel::Fcm, is_dead: false, has_provider: true, attempt: None };
//! let installation: InstallationId = "ins_00000000000000000000000000000001".parse()?;
//! let phone = Device { heard_at: None, ..Device::new(installation, vec![address]) };
//! let looked = look(&View {
//!     steps: &Steps::default(),
//!     course: Course::new(now),
//!     state: &DeliveryState::pending(),
//!     attempts: &[],
//!     expires_at: "2026-11-30T09:00:00Z".parse()?,
//!     is_stopped: false,
//!     is_deleted: false,
//!     hours: &Hours::Open,
//!     wanted: &Wanted::ALL,
//!     addressed: &Addressed::ALL,
//!     devices: &[phone],
//!     mailbox: None,
//!     backend: None,
//!     gateways: &[],
//!     reported: &Reported::NOTHING,
//!     now,
//! });
//! assert_eq!(looked.tries, [Target::Device { installation, channel: Channel::Fcm }]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod course;
mod detour;
mod device;
mod handed;
mod hours;
mod looked;
mod meant;
mod outside;
mod reached;
mod target;
mod turn;
mod unproven;

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    DeliveryState, DeliveryStatus, GatewayName, Reason,
    publish::{Goal, Step, StepChannel, Steps},
};

pub use self::{
    course::Course,
    device::{Address, Device, preferred},
    handed::{brought_by, came_by},
    looked::{Looked, Switch},
    meant::PRIMARY_WINDOW,
    outside::outside,
    target::{Target, channel_of},
    turn::{Start, Turn, start},
};
use self::{
    handed::is_handed,
    meant::Meant,
    reached::was_reached,
    unproven::{gives_up, is_left_unproven, is_under_way},
};
use crate::{
    attempt::{Attempt, State},
    decrypt::is_decrypt,
    delivery::Reported,
    device::{Addressed, Wanted},
    patience::{lease, leased_until},
    reason::{Escalation, consequences},
    schedule::Hours,
};

/// How long a device that was heard from has to confirm what was written to its connection, before it
/// is pushed to.
pub const ACK_WINDOW: SignedDuration = SignedDuration::from_secs(5);
/// A try that is this near is waited for: the next address of a device is not tried instead.
pub const NEAR: SignedDuration = SignedDuration::from_secs(2);
/// A device counts as heard from for so long: 15 seconds, and the 20 in which a node renews what it
/// notes of its connections.
pub const HEARD_WITHIN: SignedDuration = SignedDuration::from_secs(35);

/// Whether a notification's deliveries are looked at at all: its App has a push service, or its sender
/// asks for something else than all of the user's devices.
#[must_use]
pub fn is_routed(steps: &Steps, wanted: &Wanted, has_provider: bool) -> bool {
    has_provider || !wanted.is_all() || *steps != Steps::default()
}

/// What a look depends on.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The cascade.
    pub steps: &'a Steps,
    /// Where the delivery stands in it.
    pub course: Course,
    /// What is known of the delivery.
    pub state: &'a DeliveryState,
    /// What was tried, at all targets.
    pub attempts: &'a [(Target, &'a Attempt)],
    /// When its notification expires.
    pub expires_at: Timestamp,
    /// Whether its sender cancelled or recalled its notification: its delivery may not have ended yet.
    pub is_stopped: bool,
    /// Whether the person deleted it from their history: no device is pushed to any more.
    pub is_deleted: bool,
    /// Whether it may go on now, by the hours of its schedule and of its recipient.
    pub hours: &'a Hours,
    /// Which of the user's devices the sender asked for.
    pub wanted: &'a Wanted,
    /// The installations that the delivery is for so far.
    pub addressed: &'a Addressed,
    /// The user's installations.
    pub devices: &'a [Device],
    /// The user's mailbox, if they have one.
    pub mailbox: Option<&'a Address>,
    /// The App's own backend, if it has an account for it, or something was tried there.
    pub backend: Option<&'a Address>,
    /// The user's numbers and chats at gateways of the App's, and where something was tried.
    pub gateways: &'a [(GatewayName, Address)],
    /// What gateways reported of its messages.
    pub reported: &'a Reported,
    /// The time.
    pub now: Timestamp,
}

impl View<'_> {
    /// Whether a device has the delivery. One that it is not for has only read beyond it.
    fn has_it(&self, device: &Device) -> bool {
        device.has_it && self.addressed.has(device.installation)
    }
}

/// What a step found.
#[derive(Debug, Default)]
struct Found {
    tries: Vec<Target>,
    /// When something that waits goes on.
    wait: Option<Timestamp>,
    /// Something was handed over.
    is_handed: bool,
    /// Somebody is connected, and can confirm at any moment.
    is_reachable: bool,
    /// Some device has no address, and gets the delivery when it connects.
    awaits_connection: bool,
    /// Of a try that was made nobody knows whether it was taken, and no other one follows.
    is_unproven: bool,
    /// The attempts that have no further try.
    ends: Vec<(Target, Attempt)>,
    failure: Option<Reason>,
}

impl Found {
    fn waits_for(&mut self, at: Timestamp) {
        self.wait = Some(self.wait.map_or(at, |known| known.min(at)));
    }

    /// The first failure counts, any other one more than a missing address, and most of all that something may
    /// have been taken: the sender decides by it whether to try elsewhere.
    fn failed(&mut self, reason: Reason) {
        let gives_way = |known| known == Reason::DeviceNoAddress;
        if reason == Reason::ProviderUnproven || self.failure.is_none_or(gives_way) {
            self.failure = Some(reason);
        }
    }

    /// Whether nothing more is done in the step, and nothing is known to have been handed over.
    const fn is_done(&self) -> bool {
        self.tries.is_empty() && self.wait.is_none() && !self.is_handed && !self.is_reachable
    }

    /// Whether nothing more can come of the step.
    const fn is_over(&self) -> bool {
        self.is_done() && !self.is_unproven
    }
}

/// Looks at a delivery.
#[must_use]
pub fn look(view: &View<'_>) -> Looked {
    let mut looked = look_at_steps(view);
    if looked.opens.is_some() {
        let its = view.devices.iter().filter(|device| view.has_it(device));
        looked.proven = its.map(|device| device.installation).collect();
    }
    looked
}

fn look_at_steps(view: &View<'_>) -> Looked {
    let mut looked = Looked::at(Course {
        due_at: None,
        is_put_off: false,
        // It was to begin when hours open that are open by now.
        began_at: view.course.began_at.min(view.now),
        ..view.course
    });
    let is_over = match view.state.status {
        DeliveryStatus::Pending | DeliveryStatus::Sent | DeliveryStatus::Delivered => false,
        // Nothing is sent before its time.
        DeliveryStatus::Scheduled
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => true,
    };
    if is_over || view.is_stopped || view.now >= view.expires_at {
        looked.is_reached = was_reached(view);
        return looked;
    }
    if let Some(off) = hours::put_off(view.course, view.hours) {
        return off;
    }
    let mut meant = Meant::of(view);
    while let Some(step) = view.steps.get(looked.course.step) {
        let found = find(view, step, looked.course, &mut meant);
        if meant.opens.is_some() {
            looked.opens = meant.opens;
            looked.course.opened_at = Some(view.now);
        }
        looked.ends.extend(found.ends.iter().cloned());
        let Some(reason) = outlook(view, step, &found, &mut looked) else {
            looked.tries = found.tries;
            return looked;
        };
        // What the step had no time for is not tried any more.
        looked.drop_tries(&found.tries, view.attempts);
        looked.course.switched = Some(reason);
        looked.course.step += 1;
        let next = view.steps.get(looked.course.step);
        looked.switches.extend(next.map(|next| Switch {
            from: step.channel,
            to: next.channel,
            reason,
        }));
        looked.course.began_at = view.now;
    }
    looked
}

/// Sets when to look again and whether the delivery ends; gives why the next step begins, if it does.
fn outlook(view: &View<'_>, step: &Step, found: &Found, looked: &mut Looked) -> Option<Reason> {
    let leases = found
        .tries
        .iter()
        .map(|target| leased_until(*target, view.now));
    let leased = leases.min();
    let next = earliest([found.wait, leased]);
    let failure = found.failure.unwrap_or(Reason::DeviceNoneActive);
    let goes_on = consequences(failure).escalation != Escalation::Stops;
    looked.course.due_at = next;
    let Some(deadline) = looked.course.step_end(step) else {
        // After the last step nobody waits for a device to prove what was not proven.
        let is_lost = found.is_done() && !found.awaits_connection;
        let is_open = view.state.status == DeliveryStatus::Pending;
        looked.end = (is_lost && is_open).then_some(ending(failure));
        return None;
    };
    if is_reached(step, view) {
        looked.is_reached = true;
        return None;
    }
    if found.is_over() {
        if goes_on {
            return Some(failure);
        }
        looked.end = Some(ending(failure));
        return None;
    }
    // Tries that were not made in time are not made: the step is over for the sender.
    if view.now >= deadline {
        return Some(Reason::FallbackSwitched);
    }
    looked.course.due_at = earliest([next, Some(deadline)]);
    None
}

/// Why a delivery ends that was handed over nowhere. A mailbox that takes nothing is no address; that
/// something came back is said of what was handed over.
const fn ending(failure: Reason) -> Reason {
    if failure.is_after_hand_over() {
        Reason::RecipientNoAddress
    } else {
        failure
    }
}

/// Whether a step has reached its goal: by what it handed over itself, or by what devices confirmed.
fn is_reached(step: &Step, view: &View<'_>) -> bool {
    let is_proven = |needed: DeliveryStatus| view.state.status.rank() >= needed.rank();
    match step.goal {
        Goal::Handed => is_handed(view, step.channel) || is_proven(DeliveryStatus::Delivered),
        Goal::Delivered => is_proven(DeliveryStatus::Delivered),
        Goal::Read => is_proven(DeliveryStatus::Read),
    }
}

fn earliest<const N: usize>(times: [Option<Timestamp>; N]) -> Option<Timestamp> {
    times.into_iter().flatten().min()
}

fn find<'a>(view: &View<'a>, step: &Step, course: Course, meant: &mut Meant<'a>) -> Found {
    match step.channel {
        StepChannel::Push | StepChannel::Hub => {
            let found = find_devices(view, step, course, meant);
            let Some(at) = meant.others_follow_at(view, step, course) else {
                return found;
            };
            if view.now < at && !found.is_over() {
                let mut found = found;
                found.waits_for(at);
                return found;
            }
            meant.open_to_all(view);
            find_devices(view, step, course, meant)
        }
        StepChannel::Email => {
            let missing = Reason::RecipientNoAddress;
            outside::find(view, (Target::Mailbox, missing), view.mailbox)
        }
        StepChannel::Webhook => {
            let missing = Reason::ConfigNoRoute;
            outside::find(view, (Target::Backend, missing), view.backend)
        }
        StepChannel::Gateway(name) => {
            let missing = Reason::RecipientNoAddress;
            let mut gateways = view.gateways.iter();
            let address = gateways.find(|(known, _)| *known == name);
            let address = address.map(|(_, address)| address);
            outside::find(view, (Target::Gateway(name), missing), address)
        }
    }
}

fn find_devices(view: &View<'_>, step: &Step, course: Course, meant: &Meant<'_>) -> Found {
    let mut found = Found::default();
    let has_push = step.channel == StepChannel::Push;
    let window_from = if meant.opens.is_some() {
        view.now
    } else {
        course.window_from()
    };
    for device in &meant.devices {
        find_device(view, device, (window_from, has_push), &mut found);
    }
    if let Some(reason) = meant.nobody(view) {
        found.failed(reason);
    }
    found.is_handed |= is_handed(view, step.channel);
    found
}

fn find_device(
    view: &View<'_>,
    device: &Device,
    (window_from, has_push): (Timestamp, bool),
    found: &mut Found,
) {
    if view.has_it(device) || view.is_deleted {
        found.is_handed = true;
        return;
    }
    if !view.wanted.suits(device.build) {
        return found.failed(Reason::DeviceAppTooOld);
    }
    if let Some(until) = device.confirms_until(window_from, view.now) {
        return found.waits_for(until);
    }
    if let Some(reason) = device.blocked {
        return found.failed(reason);
    }
    found.is_reachable |= device.is_connected;
    if device.addresses.is_empty() {
        found.awaits_connection = true;
        return found.failed(Reason::DeviceNoAddress);
    }
    if !has_push {
        found.awaits_connection = true;
        return found.failed(Reason::HubOffline);
    }
    if let Some(bound) = detour::bound(view, device) {
        let target = device.target(bound);
        find_address(view, bound, target, found);
        found.ends.extend(detour::needless(device, bound));
        return;
    }
    for address in &device.addresses {
        if find_address(view, address, device.target(address), found) {
            return;
        }
    }
}

/// What an address means for its step; tells whether the next one has to wait for it.
fn find_address(view: &View<'_>, address: &Address, target: Target, found: &mut Found) -> bool {
    let attempt = address.attempt.as_ref();
    let may_be_taken = attempt.is_some_and(|attempt| is_left_unproven(view, attempt, target));
    if address.is_dead && !is_under_way(view, attempt, target) && !may_be_taken {
        found.failed(target.dead());
        return false;
    }
    if !address.has_provider && attempt.is_none() {
        found.failed(Reason::ConfigNoRoute);
        return false;
    }
    find_attempt(view, attempt, target, found)
}

/// What an attempt means for its step; tells whether the next address has to wait for it.
fn find_attempt(
    view: &View<'_>,
    attempt: Option<&Attempt>,
    target: Target,
    found: &mut Found,
) -> bool {
    let Some(attempt) = attempt else {
        found.tries.push(target);
        return true;
    };
    match attempt.state {
        State::Sent => found.is_handed = true,
        State::Failed => {
            if let Some(until) = attempt.waits_until(lease(target), view.now) {
                found.waits_for(until);
                return true;
            }
            let reason = attempt.reason.unwrap_or(Reason::Unknown);
            found.failed(reason);
            let is_unproven = reason == Reason::ProviderUnproven && gives_up(view, target);
            found.is_unproven |= is_unproven;
            // A device that cannot decrypt a push decrypts none that comes by another service.
            return is_decrypt(reason) || is_unproven;
        }
        State::Begun | State::Sending | State::Retrying => {
            match attempt.waits_until(lease(target), view.now) {
                Some(until) => {
                    found.waits_for(until);
                    return !detour::gives_way(attempt, until, view.now);
                }
                None if attempt.state == State::Sending && gives_up(view, target) => {
                    found.failed(Reason::ProviderUnproven);
                    found.is_unproven = true;
                    found.ends.push((target, attempt.clone().given_up()));
                }
                None => found.tries.push(target),
            }
        }
    }
    true
}

#[cfg(test)]
mod tests;
