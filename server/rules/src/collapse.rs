//! Notifications that take the place of earlier ones: a newer status of an order replaces the older.
//!
//! A sender gives what is about the same thing one *collapse key*. Of the notifications of an App with one
//! key, each recipient is left with the one that was accepted last, of those that have come into their log:
//!
//! - When one comes into the log, the earlier ones of that recipient give way in the same transaction: what
//!   waits of them ends as `suppressed.superseded` ([`supersede`]); what can be on a device is withdrawn there
//!   as a recall is, by an entry of the log and by a push for a device that sleeps
//!   ([`withdrawal`](crate::withdrawal)).
//! - One whose turn comes after a later one has come never enters the log ([`is_superseded`]): it ends as
//!   `suppressed.superseded`.
//!
//! So no later notification with a key stands before an earlier one in a log, in whichever order they are
//! scheduled, expanded and released; and a device that heard of a withdrawal never shows what was withdrawn,
//! whichever of the two it heard of first.
//!
//! Push services are told nothing of the key. FCM keeps four collapse keys for a device and drops what has
//! another; the collapse id of APNs is the identifier by which a device withdraws what it shows; and at every
//! service a try of the earlier one that arrives late would take the place of the later one.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{DeliveryState, DeliveryStatus, Reason};
//! use vestnik_rules::collapse::{is_superseded, supersede};
//!
//! // The numbers are of the order in which the notifications were accepted.
//! assert!(is_superseded(1, Some(2)));
//! assert!(!is_superseded(2, Some(1)) && !is_superseded(1, None));
//!
//! let now: Timestamp = "2026-11-30T09:00:00Z".parse()?;
//! let earlier = supersede(DeliveryState::pending(), now).state;
//! assert_eq!(earlier.status, DeliveryStatus::Suppressed);
//! assert_eq!(earlier.reason, Some(Reason::SuppressedSuperseded.into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::Timestamp;
use vestnik_model::{DeliveryState, Reason};

use crate::{
    delivery::{Advanced, Event, advance},
    schedule::Turn,
};

/// The most deliveries that wait for their own time and give way at once. Each of the others gives way when
/// its time comes.
pub const MOST_WAITING: u32 = 16;

/// Whether a notification comes too late for a recipient: `latest` is the last other one with its key in their
/// log. Both are named by the order in which they were accepted.
#[must_use]
pub fn is_superseded<K: Ord + Copy>(own: K, latest: Option<K>) -> bool {
    latest.is_some_and(|latest| latest > own)
}

/// The turn of a notification that comes too late.
pub const TOO_LATE: Turn = Turn::Over(Reason::SuppressedSuperseded);

/// Decides what becomes of a delivery that gives way to a later one: one that waits ends, every other one
/// stays as it is.
#[must_use]
pub fn supersede(state: DeliveryState, now: Timestamp) -> Advanced {
    advance(state, Event::Ended(Reason::SuppressedSuperseded), now)
}

#[cfg(test)]
mod tests {
    use vestnik_model::{DeliveryStatus, Evidence, ReceiptKind};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_waits_ends_and_what_was_handed_over_stays() {
        for waits in [DeliveryState::scheduled(), DeliveryState::pending()] {
            let advanced = supersede(waits, at(1));
            assert_eq!(advanced.state.status, DeliveryStatus::Suppressed);
            assert!(advanced.moved.is_some());
        }
        for evidence in [
            Evidence::Sent,
            Evidence::Receipt(ReceiptKind::Delivered),
            Evidence::Receipt(ReceiptKind::Read),
            Evidence::Ended(Reason::DeviceNoneActive),
        ] {
            let mut state = DeliveryState::pending();
            state.merge(evidence, at(1));
            let advanced = supersede(state.clone(), at(2));
            assert_eq!((advanced.state, advanced.moved), (state, None));
        }
    }

    #[test]
    fn a_hand_over_that_is_noted_later_counts() {
        let superseded = supersede(DeliveryState::pending(), at(1)).state;
        let noted = advance(
            superseded,
            Event::HandedOver(vestnik_model::Channel::Fcm),
            at(2),
        );
        assert_eq!(noted.state.sent_at, Some(at(2)));
    }
}
