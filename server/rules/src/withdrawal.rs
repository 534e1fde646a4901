//! Withdrawals: what is on the screen of a device that sleeps is taken off it.
//!
//! A recall is an entry of the user's log, which a device reads when it connects. A device that sleeps keeps
//! the notification on its screen until then; so it is sent a push that shows nothing and names what is to
//! go. [`can_be_on_a_device`] says of which deliveries anything can be anywhere, [`may_be_on`] at which
//! installations, and [`look`] what is done at one of them now. [`catch_up`] says what follows when it becomes
//! known later that a device has it. As with deliveries, nothing is kept in memory: whoever looks after a
//! crash decides the same.
//!
//! A withdrawal counts for nothing in a notification's status and counters. It ends when the device has the
//! entry of the log, when a service has taken the push, when there is no way to the device, and at the latest
//! when the notification expires.
//!
//! ```
//! use jiff::{SignedDuration, Timestamp};
//! use vestnik_model::channel::Channel;
//! use vestnik_rules::{
//!     attempt::Attempt,
//!     cascade::{Address, Device},
//!     withdrawal::{FRESH, Step, Trace, View, look},
//! };
//!
//! let now: Timestamp = "2026-11-29T09:00:00Z".parse()?;
//! let address = Address { channel: Channel::Fcm, is_dead: false, has_provider: true, attempt: None };
//! let phone = Device::new("ins_00000000000000000000000000000001".parse()?, vec![address]);
//! let pushed = Trace { channel: Channel::Fcm, attempt: &Attempt::HANDED, delivered_at: None, read_at: None };
//! let view = View {
//!     device: &phone, traces: &[pushed], has_entry: false, since: now,
//!     expires_at: now + SignedDuration::from_hours(1), own: &FRESH, now,
//! };
//! assert_eq!(look(&view), Step::Push(Channel::Fcm));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::Timestamp;
use vestnik_model::{Channel, DeliveryState, DeliveryStatus, Reason};

use crate::{
    attempt::{Attempt, State},
    cascade::{ACK_WINDOW, Device, HEARD_WITHIN},
    decrypt::Seals,
    work::LEASE,
};

/// A withdrawal of which no try was made.
pub static FRESH: Attempt = Attempt {
    state: State::Retrying,
    reason: None,
    tries: 0,
    unproven: 0,
    unanswered: 0,
    undecrypted: 0,
    seals: Seals::NONE,
    until: None,
};

/// Whether a delivery can be on any device. `was_logged` says that it came into the user's log; the attempts
/// are loaded only if it depends on them.
///
/// One that waits, or that was cancelled while it waited, can be on its way to a device: a hand-over is noted
/// after it happened. One that ended in another way without a hand-over is on none as far as is known, unless
/// a try was on its way at its end, or was not proven to have failed: if it becomes known to be on one after
/// all, [`catch_up`] says what is made up for.
///
/// # Errors
/// When the attempts cannot be loaded.
pub fn can_be_on_a_device<E>(
    state: &DeliveryState,
    was_logged: bool,
    attempts: impl FnOnce() -> Result<Vec<Attempt>, E>,
) -> Result<bool, E> {
    // What never came into a log is nowhere.
    if !was_logged {
        return Ok(false);
    }
    Ok(match state.status {
        DeliveryStatus::Scheduled => false,
        DeliveryStatus::Pending
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Cancelled => true,
        DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired => {
            let is_proven = state.sent_at.is_some() || state.delivered_at.is_some();
            is_proven || attempts()?.iter().any(may_have_come)
        }
    })
}

/// Whether what was tried may have come to the device, also as a text without content.
const fn may_have_come(attempt: &Attempt) -> bool {
    attempt.may_be_taken() || attempt.undecrypted > 0
}

/// What an attempt of a delivery at an installation has left behind.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// The channel.
    pub channel: Channel,
    /// How far it is.
    pub attempt: &'a Attempt,
    /// When the installation reported the delivery, if it did.
    pub delivered_at: Option<Timestamp>,
    /// When it was read there, if it was.
    pub read_at: Option<Timestamp>,
}

impl Trace<'_> {
    /// Whether the notification can have come this way: it was taken, or nobody knows whether it was. What
    /// was proven not to be taken has not come.
    fn may_have_come(&self) -> bool {
        may_have_come(self.attempt) || self.delivered_at.is_some()
    }
}

/// Whether a notification can be on the screen of an installation, by the attempts there: one of them can
/// have brought it, and it was not read there, which takes it off the screen.
#[must_use]
pub fn may_be_on(traces: &[Trace<'_>]) -> bool {
    let is_read = traces.iter().any(|trace| trace.read_at.is_some());
    !is_read && traces.iter().any(Trace::may_have_come)
}

/// What follows when it becomes known that an installation has, or had, a notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// Whether the entry of the log that withdraws it is written now.
    pub is_told: bool,
    /// Whether a withdrawal begins at that installation.
    pub is_begun: bool,
}

/// Decides what a recall left undone at an installation, of which it did not know that the notification is
/// there: a hand-over is noted after it happened, or never, and a device reports when it has a connection.
/// The attempts there `before` what became known, and `after` it, are compared, so that a repetition begins
/// nothing. `has_entry` says that the user's log says that the notification was recalled.
#[must_use]
pub fn catch_up(has_entry: bool, before: &[Trace<'_>], after: &[Trace<'_>]) -> CatchUp {
    CatchUp {
        is_told: !has_entry && after.iter().any(Trace::may_have_come),
        is_begun: may_be_on(after) && !(has_entry && may_be_on(before)),
    }
}

/// What a look at a withdrawal depends on.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The installation.
    pub device: &'a Device,
    /// The attempts of the delivery there.
    pub traces: &'a [Trace<'a>],
    /// Whether the installation has read its log up to the entry that withdraws.
    pub has_entry: bool,
    /// When that entry was written.
    pub since: Timestamp,
    /// When the delivery expires.
    pub expires_at: Timestamp,
    /// How far the withdrawal itself is; [`FRESH`] before its first try.
    pub own: &'a Attempt,
    /// The time.
    pub now: Timestamp,
}

/// What is done about a withdrawal now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing more.
    Done,
    /// Nothing, until then.
    Later(Timestamp),
    /// A push by the address at this service.
    Push(Channel),
}

/// Decides about a withdrawal at an installation.
///
/// A device that was heard from just before has [`ACK_WINDOW`] to get the entry of its log, as one that is
/// connecting does. One that is connected gets it, and no push: its connection is known to have brought it when
/// the device was heard from [`ACK_WINDOW`] after it was written; until then it is looked at again, for as long
/// as the connection counts as standing.
#[must_use]
pub fn look(view: &View<'_>) -> Step {
    let View {
        device,
        traces,
        own,
        now,
        ..
    } = *view;
    let has_time = now < view.expires_at;
    // What the app's own switch keeps from being shown is taken off the screen all the same.
    let is_blocked = device.blocked == Some(Reason::BlockedOs);
    if view.has_entry || !has_time || is_blocked || !may_be_on(traces) {
        return Step::Done;
    }
    if let Some(at) = sending_until(traces, now) {
        return Step::Later(at);
    }
    let written = view.since.checked_add(ACK_WINDOW);
    let written = written.unwrap_or(Timestamp::MAX);
    if now < written && was_heard(view) {
        return Step::Later(written);
    }
    if device.is_connected {
        if device.heard_at.is_some_and(|heard_at| heard_at >= written) {
            return Step::Done;
        }
        let later = now.checked_add(ACK_WINDOW).unwrap_or(Timestamp::MAX);
        return Step::Later(later);
    }
    match (own.state, own.waits_until(LEASE, now)) {
        (State::Sent | State::Failed, _) => Step::Done,
        (State::Begun | State::Sending | State::Retrying, Some(until)) => Step::Later(until),
        (State::Begun | State::Sending | State::Retrying, None) => {
            channel(device, traces).map_or(Step::Done, Step::Push)
        }
    }
}

/// Whether the device was heard from shortly before the entry was written, or since.
fn was_heard(view: &View<'_>) -> bool {
    let seen = view.device.heard_at.max(Some(view.device.last_seen_at));
    seen.is_some_and(|seen| view.since.duration_since(seen) <= HEARD_WITHIN)
}

/// Until when a try of the notification itself is on its way: whether it can have come is not known before.
fn sending_until(traces: &[Trace<'_>], now: Timestamp) -> Option<Timestamp> {
    let is_sending = |trace: &&Trace<'_>| trace.attempt.state == State::Sending;
    let ends = traces.iter().filter(is_sending);
    ends.filter_map(|trace| trace.attempt.waits_until(LEASE, now))
        .max()
}

/// The service by which the withdrawal goes: the one that can have brought the notification, else the
/// preferred one.
fn channel(device: &Device, traces: &[Trace<'_>]) -> Option<Channel> {
    let live = device.addresses.iter();
    let live = live.filter(|address| !address.is_dead && address.has_provider);
    let brought = |channel| {
        let mut traces = traces.iter();
        traces.any(|trace| trace.channel == channel && trace.may_have_come())
    };
    let channels = live.map(|address| address.channel);
    channels
        .clone()
        .find(|one| brought(*one))
        .or_else(|| channels.clone().next())
}

#[cfg(test)]
mod tests;
