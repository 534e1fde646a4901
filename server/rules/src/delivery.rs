//! Deliveries: how events change one, and how the changes of a commit add up to counters.
//!
//! Evidence merges by the rules of [`DeliveryState::merge`]: monotonic by rank, idempotent, in any
//! order. This module turns what happens at the server into evidence, and says what moved, so that
//! counters are changed by deltas: once for each notification, status and channel of a commit, however
//! many deliveries moved.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{Channel, Counter, DeliveryState, DeliveryStatus};
//! use vestnik_rules::delivery::{Deltas, Event, Slot, advance};
//!
//! let now: Timestamp = "2026-11-28T09:00:00Z".parse()?;
//! let by = Channel::Fcm;
//! let advanced = advance(DeliveryState::pending(), Event::HandedOver(by), now);
//! assert_eq!(advanced.state.status, DeliveryStatus::Sent);
//!
//! let mut deltas = Deltas::default();
//! deltas.add(advanced.moved);
//! let changes: Vec<_> = deltas.changes().collect();
//! let pending = Slot { counter: Counter::Pending, channel: None };
//! let sent = Slot { counter: Counter::Sent, channel: Some(by) };
//! assert_eq!(changes, [(pending, -1), (sent, 1)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{
    Channel, Counter, Counts, DeliveryState, DeliveryStatus, Evidence, Reason, ReceiptKind,
    publish::{Goal, Step, StepChannel, Steps},
};

/// Something that happened to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was written to the transport of a live connection, or the service of a channel took it.
    HandedOver(Channel),
    /// A device reported it, which had got it by a channel.
    Receipt(ReceiptKind, Channel),
    /// Its time to live ran out.
    Expired(Confirmation),
    /// The sender cancelled or recalled its notification.
    Cancelled,
    /// Its time has come, and it is in the user's log.
    Released,
    /// Its cascade has nowhere to go any more, or its schedule no time.
    Ended(Reason),
    /// It had ended before it was handed over, and is tried anew: see [`retry`](crate::retry).
    Retried,
}

/// What is known, at its expiry, of what a delivery that was handed over came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// An installation that it was handed to confirmed a place of the log at or behind its entry: the
    /// device has it, also if no receipt came.
    Evident,
    /// A device that could have confirmed it did not.
    Missing,
    /// It went to a mailbox: nobody ever confirms a letter.
    Impossible,
}

/// A delivery after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advanced {
    /// The delivery.
    pub state: DeliveryState,
    /// Its change of counter, if its status changed.
    pub moved: Option<Move>,
    /// Whether anything changed: the row is written only then.
    pub is_changed: bool,
}

/// A delivery moves from one counter of its notification to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Move {
    /// The counter before; absent when the delivery is new.
    pub from: Option<Slot>,
    /// The counter after; the same if only `is_double_contact` is new.
    pub to: Slot,
    /// Whether it has become known that the person got it twice.
    pub is_double_contact: bool,
}

/// A counter of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The counter.
    pub counter: Counter,
    /// The channel; absent for what was handed over by none.
    pub channel: Option<Channel>,
}

impl Slot {
    /// The counter of a delivery.
    #[must_use]
    pub fn of(state: &DeliveryState) -> Self {
        Self {
            counter: counter(state),
            channel: state.channel,
        }
    }
}

impl Move {
    /// Whether the status stays: it is counted elsewhere, and nothing else.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.from
            .is_some_and(|from| from.counter == self.to.counter)
    }

    /// A delivery that is new.
    #[must_use]
    pub fn made(state: &DeliveryState) -> Self {
        Self {
            from: None,
            to: Slot::of(state),
            is_double_contact: false,
        }
    }
}

/// Whether time alone can change a delivery: it comes due, or it expires.
#[must_use]
pub const fn is_timed(state: &DeliveryState) -> bool {
    match state.status {
        DeliveryStatus::Scheduled | DeliveryStatus::Pending | DeliveryStatus::Sent => true,
        DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => false,
    }
}

fn counter(state: &DeliveryState) -> Counter {
    Counter::of(state.status, state.reason.as_ref())
}

/// Decides what an event, as of `at`, makes of a delivery.
#[must_use]
pub fn advance(mut state: DeliveryState, event: Event, at: Timestamp) -> Advanced {
    let from = Slot::of(&state);
    let was_confirmed = state.delivered_at.is_some();
    let is_changed = match event {
        Event::HandedOver(by) => {
            let is_changed = state.merge(Evidence::Sent, at);
            let is_by_it = !was_confirmed && state.channel.replace(by) != Some(by);
            is_changed || is_by_it
        }
        Event::Receipt(kind, by) => {
            if !was_confirmed {
                state.channel = Some(by);
            }
            state.merge(Evidence::Receipt(kind), at)
        }
        Event::Expired(proof) => run_out(&mut state, proof, at),
        Event::Cancelled => state.merge(Evidence::Ended(Reason::CancelledSender), at),
        Event::Released => state.merge(Evidence::Released, at),
        Event::Ended(reason) => state.merge(Evidence::Ended(reason), at),
        Event::Retried => begin_anew(&mut state),
    };
    let to = Slot::of(&state);
    let moved = (from != to).then_some(Move {
        from: Some(from),
        to,
        is_double_contact: false,
    });
    Advanced {
        state,
        moved,
        is_changed,
    }
}

/// Adds to what became of a delivery whether the person got it twice by that: a letter was handed over,
/// because steps before it had not reached their goal, and a device's evidence says that one of them has. It
/// is known once both are, in whichever order they become known.
#[must_use]
pub fn contacted(mut advanced: Advanced, steps: &Steps, is_mailed: bool) -> Advanced {
    let state = &mut advanced.state;
    if !is_mailed || state.double_contact || !needs_no_letter(state, steps) {
        return advanced;
    }
    state.double_contact = true;
    let to = Slot::of(state);
    let moved = advanced.moved.unwrap_or(Move {
        from: Some(to),
        to,
        is_double_contact: true,
    });
    advanced.moved = Some(Move {
        is_double_contact: true,
        ..moved
    });
    advanced.is_changed = true;
    advanced
}

/// Whether a device's evidence says that a step before the first letter has reached its goal, however late: a
/// letter is not sent any more, and one that was sent is one too many.
#[must_use]
pub fn needs_no_letter(state: &DeliveryState, steps: &Steps) -> bool {
    let is_reached = |goal| match goal {
        Goal::Handed | Goal::Delivered => state.delivered_at.is_some(),
        Goal::Read => state.read_at.is_some(),
    };
    let is_letter = |step: &&Step| step.channel == StepChannel::Email;
    let mut before = steps.as_slice().iter().take_while(|step| !is_letter(step));
    before.any(|step| is_reached(step.goal))
}

/// Decides what becomes of a delivery whose time to live ran out.
///
/// One that waits expires. One that was handed over is delivered if a device has confirmed a later
/// place of the log, and otherwise ends as `delivery.unconfirmed`: a hand-over alone is no success, unless
/// it was to a mailbox. Every other one stays as it is.
///
/// A delivery of a notification that `is_stopped` may not have been ended yet: one that still waits ends as
/// cancelled, though its time has run out too.
#[must_use]
pub fn expire(
    state: DeliveryState,
    is_stopped: bool,
    proof: Confirmation,
    now: Timestamp,
) -> Advanced {
    let waits = match state.status {
        DeliveryStatus::Scheduled | DeliveryStatus::Pending => true,
        DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => false,
    };
    if is_stopped && waits {
        return cancel(state, now);
    }
    advance(state, Event::Expired(proof), now)
}

/// Decides what becomes of a delivery whose notification was cancelled: one that waits ends, every
/// other one stays as it is.
#[must_use]
pub fn cancel(state: DeliveryState, now: Timestamp) -> Advanced {
    advance(state, Event::Cancelled, now)
}

/// Takes back a negative end, of which nothing but the counters is left.
fn begin_anew(state: &mut DeliveryState) -> bool {
    let has_ended = state.status.rank().is_none();
    if has_ended {
        state.status = DeliveryStatus::Pending;
        state.reason = None;
    }
    has_ended
}

fn run_out(state: &mut DeliveryState, proof: Confirmation, now: Timestamp) -> bool {
    match state.status {
        DeliveryStatus::Scheduled | DeliveryStatus::Pending => {
            state.merge(Evidence::Ended(Reason::ExpiredTtl), now)
        }
        DeliveryStatus::Sent => match proof {
            Confirmation::Evident => state.merge(Evidence::Receipt(ReceiptKind::Delivered), now),
            Confirmation::Missing => state.merge(Evidence::Ended(Reason::DeliveryUnconfirmed), now),
            Confirmation::Impossible => false,
        },
        DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => false,
    }
}

/// What the changes of a commit add up to, for one notification.
///
/// `changes` are what the counters are changed by; `reached` counts every arrival at a status, also
/// one that a later change of the same commit left again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deltas {
    changes: BTreeMap<Slot, i64>,
    reached: BTreeMap<DeliveryStatus, u64>,
    double_contacts: BTreeMap<Option<Channel>, i64>,
}

impl Deltas {
    /// Adds a change, if there is one.
    pub fn add(&mut self, moved: impl IntoIterator<Item = Move>) {
        for moved in moved {
            let Move {
                from,
                to,
                is_double_contact,
            } = moved;
            if is_double_contact {
                *self.double_contacts.entry(to.channel).or_default() += 1;
            }
            if from == Some(to) {
                continue;
            }
            if let Some(from) = from {
                *self.changes.entry(from).or_default() -= 1;
            }
            *self.changes.entry(to).or_default() += 1;
            if !moved.stays() {
                *self.reached.entry(status_of(to.counter)).or_default() += 1;
            }
        }
    }

    /// By how much the count of those who got it twice changes, by channel.
    pub fn double_contacts(&self) -> impl Iterator<Item = (Option<Channel>, i64)> + '_ {
        let changes = self.double_contacts.iter();
        changes.map(|(channel, change)| (*channel, *change))
    }

    /// The part of one channel. What came to a status is no part of it.
    #[must_use]
    pub fn of_channel(&self, channel: Channel) -> Self {
        let changes = self
            .changes()
            .filter(|(slot, _)| slot.channel == Some(channel));
        let double_contacts = self
            .double_contacts()
            .filter(|(of, _)| *of == Some(channel));
        Self {
            changes: changes.collect(),
            reached: BTreeMap::new(),
            double_contacts: double_contacts.collect(),
        }
    }

    /// Adds another part of the same commit.
    pub fn merge(&mut self, other: &Self) {
        for (channel, change) in &other.double_contacts {
            *self.double_contacts.entry(*channel).or_default() += change;
        }
        for (slot, change) in &other.changes {
            *self.changes.entry(*slot).or_default() += change;
        }
        for (status, count) in &other.reached {
            *self.reached.entry(*status).or_default() += count;
        }
    }

    /// By how much each counter changes, without those that stay.
    pub fn changes(&self) -> impl Iterator<Item = (Slot, i64)> + '_ {
        let changes = self.changes.iter();
        let changes = changes.map(|(slot, change)| (*slot, *change));
        changes.filter(|(_, change)| *change != 0)
    }

    /// How many deliveries came to each status.
    pub fn reached(&self) -> impl Iterator<Item = (DeliveryStatus, u64)> + '_ {
        self.reached.iter().map(|(status, count)| (*status, *count))
    }

    /// Whether nothing moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.double_contacts.is_empty()
    }

    /// Changes counts; `None` when one would fall below zero, which only damaged rows can cause.
    #[must_use]
    pub fn applied_to(&self, mut counts: Counts) -> Option<Counts> {
        for (slot, change) in self.changes() {
            let count = counts.of(slot.counter);
            *count = count.checked_add_signed(change)?;
        }
        for (_, change) in self.double_contacts() {
            let double = counts.double_contact;
            counts.double_contact = double.checked_add_signed(change)?;
        }
        Some(counts)
    }
}

const fn status_of(counter: Counter) -> DeliveryStatus {
    match counter {
        Counter::Scheduled => DeliveryStatus::Scheduled,
        Counter::Pending => DeliveryStatus::Pending,
        Counter::Sent => DeliveryStatus::Sent,
        Counter::Delivered => DeliveryStatus::Delivered,
        Counter::Read => DeliveryStatus::Read,
        Counter::Suppressed => DeliveryStatus::Suppressed,
        Counter::Failed => DeliveryStatus::Failed,
        Counter::Undelivered | Counter::Unconfirmed => DeliveryStatus::Undelivered,
        Counter::Expired => DeliveryStatus::Expired,
        Counter::Cancelled => DeliveryStatus::Cancelled,
    }
}

#[cfg(test)]
mod tests;
