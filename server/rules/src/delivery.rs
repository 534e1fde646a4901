//! Deliveries: how events change one, and how the changes of a commit add up to counters.
//!
//! Evidence merges by the rules of [`DeliveryState::merge`]: monotonic by rank, idempotent, in any
//! order. This module turns what happens at the server into evidence, and says what moved, so that
//! counters are changed by deltas: once for each notification, status and channel of a commit, however
//! many deliveries moved.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{Counter, DeliveryState, DeliveryStatus};
//! use vestnik_rules::delivery::{Deltas, Event, advance};
//!
//! let now: Timestamp = "2026-11-28T09:00:00Z".parse()?;
//! let advanced = advance(DeliveryState::pending(), Event::HandedOver, now);
//! assert_eq!(advanced.state.status, DeliveryStatus::Sent);
//!
//! let mut deltas = Deltas::default();
//! deltas.add(advanced.moved);
//! let changes: Vec<_> = deltas.changes().collect();
//! assert_eq!(changes, [(Counter::Pending, -1), (Counter::Sent, 1)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{
    Counter, Counts, DeliveryState, DeliveryStatus, Evidence, Reason, ReceiptKind,
    publish::{Goal, Step, StepChannel, Steps},
};

/// Something that happened to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was written to the transport of a live connection, or a service took it.
    HandedOver,
    /// A device reported it.
    Receipt(ReceiptKind),
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
    pub from: Option<Counter>,
    /// The counter after; the same if only `is_double_contact` is new.
    pub to: Counter,
    /// Whether it has become known that the person got it twice.
    pub is_double_contact: bool,
}

impl Move {
    /// Whether the counter stays: what only counts.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.from == Some(self.to)
    }

    /// A delivery that is new.
    #[must_use]
    pub fn made(state: &DeliveryState) -> Self {
        Self {
            from: None,
            to: counter(state),
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
    let from = counter(&state);
    let is_changed = match event {
        Event::HandedOver => state.merge(Evidence::Sent, at),
        Event::Receipt(kind) => state.merge(Evidence::Receipt(kind), at),
        Event::Expired(proof) => run_out(&mut state, proof, at),
        Event::Cancelled => state.merge(Evidence::Ended(Reason::CancelledSender), at),
        Event::Released => state.merge(Evidence::Released, at),
        Event::Ended(reason) => state.merge(Evidence::Ended(reason), at),
        Event::Retried => begin_anew(&mut state),
    };
    let to = counter(&state);
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
    let is_reached = |goal| match goal {
        Goal::Handed | Goal::Delivered => state.delivered_at.is_some(),
        Goal::Read => state.read_at.is_some(),
    };
    let is_letter = |step: &&Step| step.channel == StepChannel::Email;
    let mut before = steps.as_slice().iter().take_while(|step| !is_letter(step));
    if !is_mailed || state.double_contact || !before.any(|step| is_reached(step.goal)) {
        return advanced;
    }
    state.double_contact = true;
    let to = counter(state);
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

/// Decides what becomes of a delivery whose time to live ran out.
///
/// One that waits expires. One that was handed over is delivered if a device has confirmed a later
/// place of the log, and otherwise ends as `delivery.unconfirmed`: a hand-over alone is no success, unless
/// it was to a mailbox. Every other one stays as it is.
#[must_use]
pub fn expire(state: DeliveryState, proof: Confirmation, now: Timestamp) -> Advanced {
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

/// What the changes of a commit add up to, for one notification and one channel.
///
/// `changes` are what the counters are changed by; `reached` counts every arrival at a status, also
/// one that a later change of the same commit left again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deltas {
    changes: BTreeMap<Counter, i64>,
    reached: BTreeMap<DeliveryStatus, u64>,
    double_contacts: i64,
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
            self.double_contacts += i64::from(is_double_contact);
            if moved.stays() {
                continue;
            }
            if let Some(from) = from {
                *self.changes.entry(from).or_default() -= 1;
            }
            *self.changes.entry(to).or_default() += 1;
            *self.reached.entry(status_of(to)).or_default() += 1;
        }
    }

    /// By how much the count of those who got it twice changes.
    #[must_use]
    pub const fn double_contacts(&self) -> i64 {
        self.double_contacts
    }

    /// Adds another part of the same commit.
    pub fn merge(&mut self, other: &Self) {
        self.double_contacts += other.double_contacts;
        for (counter, change) in &other.changes {
            *self.changes.entry(*counter).or_default() += change;
        }
        for (status, count) in &other.reached {
            *self.reached.entry(*status).or_default() += count;
        }
    }

    /// By how much each counter changes, without those that stay.
    pub fn changes(&self) -> impl Iterator<Item = (Counter, i64)> + '_ {
        let changes = self
            .changes
            .iter()
            .map(|(counter, change)| (*counter, *change));
        changes.filter(|(_, change)| *change != 0)
    }

    /// How many deliveries came to each status.
    pub fn reached(&self) -> impl Iterator<Item = (DeliveryStatus, u64)> + '_ {
        self.reached.iter().map(|(status, count)| (*status, *count))
    }

    /// Whether nothing moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reached.is_empty() && self.double_contacts == 0
    }

    /// Changes counts; `None` when one would fall below zero, which only damaged rows can cause.
    #[must_use]
    pub fn applied_to(&self, mut counts: Counts) -> Option<Counts> {
        for (counter, change) in self.changes() {
            let count = counts.of(counter);
            *count = count.checked_add_signed(change)?;
        }
        let double = counts.double_contact;
        counts.double_contact = double.checked_add_signed(self.double_contacts)?;
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
