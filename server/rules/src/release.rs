//! Deliveries that wait for their own time.
//!
//! Each recipient's clock reaches a local time at another moment; a window may be closed, quiet hours may
//! hold, a pace lets so many go in a minute. Who is expanded before their time gets a delivery that is
//! `scheduled` and stands in no log: [`make`]. When its time may have come, the schedule is asked again
//! ([`turn`](crate::schedule::turn)), from what is known then, and [`ask`] says what follows: it comes into
//! the log, goes on waiting, or ends. The same work ends what came into a log and has a life of its own.
//!
//! What a store keeps of a delivery is its status and the time at which it is asked about next. A crash
//! between two parts repeats the question, and never the answer: both are saved in one transaction.

use jiff::Timestamp;
use vestnik_model::{DeliveryState, DeliveryStatus, Evidence, Reason};

use crate::{
    audience::Member,
    delivery::{Advanced, Event, advance, cancel, is_timed},
    schedule::{Hours, Mailing, Pace, Recipient, Turn, held, hours},
};

/// What a delivery is made as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its state, and the installations it is for.
    pub member: Member,
    /// Whether it comes into the log at once.
    pub is_due: bool,
    /// When it is asked about again, if it is.
    pub release_at: Option<Timestamp>,
    /// When it expires, if that is before its notification does.
    pub expires_at: Option<Timestamp>,
}

/// Decides what a delivery is made as. One whose time has not come is scheduled, whether or not anything
/// reaches its user: that is looked at when its time comes.
#[must_use]
pub fn make(member: Member, turn: Turn, now: Timestamp) -> Made {
    let (state, is_due, release_at, expires_at) = match turn {
        Turn::Now { expires_at } => {
            let ends_at = expires_at.filter(|_| is_timed(&member.state));
            (member.state, true, ends_at, expires_at)
        }
        Turn::Later { at, by: _ } => (DeliveryState::scheduled(), false, Some(at), None),
        Turn::Queued { until: _ } => (DeliveryState::scheduled(), false, Some(now), None),
        Turn::Over(reason) => {
            let mut state = DeliveryState::scheduled();
            state.merge(Evidence::Ended(reason), now);
            (state, false, None, None)
        }
    };
    Made {
        member: Member {
            state,
            addressed: member.addressed,
        },
        is_due,
        release_at,
        expires_at,
    }
}

/// What becomes of a delivery that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// It comes into the log.
    Now {
        /// The delivery.
        advanced: Advanced,
        /// When it expires, if that is before its notification does: it is asked about again then, unless
        /// it has ended.
        expires_at: Option<Timestamp>,
    },
    /// It is asked about again at this time.
    Later(Timestamp),
    /// It stays as it is, and so does everything that waits for its time behind it, until this time. What
    /// expires by itself does not.
    Queued(Timestamp),
    /// It ends, and is asked about no more.
    Ended(Advanced),
}

/// Decides what becomes of a scheduled delivery. One that nothing reaches comes into the log, where a
/// device that logs in later finds it, and has ended.
#[must_use]
pub fn ask(state: DeliveryState, turn: Turn, is_reachable: bool, now: Timestamp) -> Released {
    match turn {
        Turn::Now { expires_at } => {
            let event = if is_reachable {
                Event::Released
            } else {
                Event::Ended(Reason::DeviceNoneActive)
            };
            Released::Now {
                advanced: advance(state, event, now),
                expires_at,
            }
        }
        Turn::Later { at, by: _ } => Released::Later(at),
        Turn::Queued { until } => Released::Queued(until),
        Turn::Over(reason) => Released::Ended(advance(state, Event::Ended(reason), now)),
    }
}

/// Whether a delivery may go on, for its sender to be told: one that waits for its time, or one that was
/// released, or is to be tried anew.
#[must_use]
pub fn holds(
    state: &DeliveryState,
    (mailing, pace): (&Mailing<'_>, Pace),
    recipient: &Recipient<'_>,
    now: Timestamp,
) -> Hours {
    match state.status {
        DeliveryStatus::Scheduled => match recipient.opt_out {
            Some(opt_out) => Hours::Over(opt_out.reason()),
            None => held(mailing, recipient, pace, now).map_or(Hours::Open, Hours::Closed),
        },
        DeliveryStatus::Pending
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered => hours(mailing, recipient, now),
        DeliveryStatus::Read | DeliveryStatus::Expired | DeliveryStatus::Cancelled => Hours::Open,
    }
}

/// What is done with a delivery whose time to be asked about has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Whether its time has come.
    IsDue,
    /// What it has come to: its own life is over.
    HasExpired,
    /// Nothing: the sender has withdrawn its notification.
    Withdrawn(Advanced),
    /// Nothing any more.
    None,
}

/// Decides what is asked about a delivery. One of a notification that `is_stopped` may not have been ended
/// yet.
#[must_use]
pub fn question(state: &DeliveryState, is_stopped: bool, now: Timestamp) -> Question {
    match state.status {
        DeliveryStatus::Scheduled if is_stopped => Question::Withdrawn(cancel(state.clone(), now)),
        DeliveryStatus::Scheduled => Question::IsDue,
        DeliveryStatus::Pending | DeliveryStatus::Sent => Question::HasExpired,
        DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => Question::None,
    }
}
