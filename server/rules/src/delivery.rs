//! Deliveries: how events change one, and how the changes of a commit add up to counters.
//!
//! Evidence merges by the rules of [`DeliveryState::merge`]: monotonic by rank, idempotent, in any
//! order. This module turns what happens at the server into evidence, and says what moved, so that
//! counters are changed by deltas: once for each notification, status and channel of a commit, however
//! many deliveries moved.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{Channel, Count, Counter, DeliveryState, DeliveryStatus};
//! use vestnik_rules::delivery::{Deltas, Event, advance};
//!
//! let now: Timestamp = "2026-11-28T09:00:00Z".parse()?;
//! let by = Channel::Fcm;
//! let advanced = advance(DeliveryState::pending(), Event::HandedOver(by), now);
//! assert_eq!(advanced.state.status, DeliveryStatus::Sent);
//!
//! let mut deltas = Deltas::default();
//! deltas.add(advanced.moved);
//! let changes: Vec<_> = deltas.changes().collect();
//! let (pending, sent) = (Count::Standing(Counter::Pending), Count::Standing(Counter::Sent));
//! assert_eq!(changes, [((pending, None), -1), ((sent, Some(by)), 1)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod deltas;
mod reported;

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryState, DeliveryStatus, Evidence, Reason, ReceiptKind,
    publish::{Step, StepChannel, Steps},
};

pub use self::{
    deltas::{Deltas, Marks, Move, Slot},
    reported::Reported,
};

/// Something that happened to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was written to the transport of a live connection, or the service of a channel took it.
    HandedOver(Channel),
    /// A device reported it, which had got it by a channel, or the gateway of a channel did.
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
    });
    Advanced {
        state,
        moved,
        is_changed,
    }
}

/// Adds to what became of a delivery whether the person got it twice by that: a channel [`outside`] their
/// devices took it, because steps before that one had not reached their goal, and the evidence of a device or of
/// the step's own gateway says that one of them has. It is known once both are, in whichever order they become known.
///
/// [`outside`]: crate::cascade::outside
#[must_use]
pub fn contacted(
    mut advanced: Advanced,
    steps: &Steps,
    (outside, reported): (&[StepChannel], &Reported),
) -> Advanced {
    let state = &mut advanced.state;
    let mut outside = outside.iter();
    let mut is_one = |channel: &StepChannel| is_superfluous((&*state, reported), steps, *channel);
    if state.double_contact || !outside.any(&mut is_one) {
        return advanced;
    }
    let stood = Slot::of(state);
    state.double_contact = true;
    let to = Slot::of(state);
    let from = advanced.moved.map_or(Some(stood), |moved| moved.from);
    advanced.moved = Some(Move { from, to });
    advanced.is_changed = true;
    advanced
}

/// Whether the evidence of a device, or of a step's own gateway, says that a step before the one with a channel has
/// reached its goal, however late: a letter is not sent any more, nor is the App's backend asked, and what was sent is one too many.
#[must_use]
pub fn is_superfluous(
    (state, reported): (&DeliveryState, &Reported),
    steps: &Steps,
    channel: StepChannel,
) -> bool {
    let is_it = |step: &&Step| step.channel == channel;
    let mut before = steps.as_slice().iter().take_while(|step| !is_it(step));
    before.any(|step| reported.reaches(state, step))
}

/// Decides what becomes of a delivery whose time to live ran out.
///
/// One that waits expires. One that was handed over is delivered if a device has confirmed a later
/// place of the log, and otherwise ends as `delivery.unconfirmed`: a hand-over alone is no success, unless
/// it was to a mailbox or to the App's backend. Every other one stays as it is.
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

#[cfg(test)]
mod tests;
