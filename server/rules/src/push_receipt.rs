//! What Huawei reports of pushes that it took.
//!
//! Huawei is the only push service that tells the sender of each push what became of it: a receipt names the push by
//! the tag that it was sent with, which is the id of its attempt, and the token that it went to. States only rise, by
//! the rules for what gateways report ([`gateway_report`](crate::gateway_report)): what arrived is never lost by a
//! later receipt, and the same receipt twice does the same as once.
//!
//! That a push arrived is the word of the service, and not of the device: the delivery is delivered, and its step has
//! reached its goal. It does not say that the app could open the envelope. So the evidence is kept apart from what the
//! installation itself reports, and a device that then reports that it could not decrypt the push gets another one.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::Reason;
//! use vestnik_rules::{gateway_report::Fate, push_receipt::{ends_address, fate}};
//!
//! let [set, tried]: [Timestamp; 2] = ["2026-12-01T09:00:00Z".parse()?, "2026-12-01T09:05:00Z".parse()?];
//! let gone = fate(2).ok_or("the app is not installed")?;
//! assert_eq!(gone, Fate::Failed { reason: Reason::DeviceAppNotInstalled });
//! assert!(ends_address(gone, set, tried));
//! assert!(!ends_address(gone, tried, set));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source of the codes: <https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-msg-receipt>.

mod seen;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use vestnik_model::{AppId, AttemptId, Channel, Reason};

use crate::{
    attempt::State,
    cascade::Target,
    gateway_report::Fate,
    reason::{AddressFate, consequences},
};

pub use self::seen::{MOST_SEEN, Seen, WINDOW, is_fresh};

/// What the receipts about the pushes of an attempt are matched by.
#[must_use]
pub fn push_hash(app: &AppId, attempt: AttemptId) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"push\0");
    context.update(app.as_str().as_bytes());
    context.update(b"\0");
    context.update(attempt.uuid().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Whether a service reports what became of what goes there by a tag that it was sent with.
#[must_use]
pub const fn is_reported(target: Target) -> bool {
    match target {
        Target::Device { channel, .. } => matches!(channel, Channel::Hms),
        Target::Mailbox | Target::Backend | Target::Gateway(_) => false,
    }
}

/// What became of a push, by Huawei's number; `None` if it still waits at the device. A number that is not known here
/// says that it was not shown, and not why.
#[must_use]
pub const fn fate(code: u32) -> Option<Fate> {
    let reason = match code {
        0 => return Some(Fate::Delivered),
        // The process of the app does not run, and the message waits for it; the device was not unlocked since it was
        // switched on.
        27 | 51 => return None,
        2 => Reason::DeviceAppNotInstalled,
        // The app has another token, or the device another user.
        5 | 22 => Reason::TokenOwnerMismatch,
        6 => Reason::BlockedOs,
        10 => Reason::ProviderDroppedInactive,
        14 => Reason::ProviderInternal,
        15 => Reason::ProviderStoredOverwritten,
        102 | 256 => Reason::ProviderThrottled,
        259 => Reason::ProviderContentRejected,
        _ => Reason::Unknown,
    };
    Some(Fate::Failed { reason })
}

/// When what an attempt sent was delivered: by the word of the installation, else by that of the service, unless the
/// device could not use what arrived.
#[must_use]
pub fn delivered_at(
    state: State,
    reported: Option<Timestamp>,
    arrived: Option<Timestamp>,
) -> Option<Timestamp> {
    reported.or_else(|| arrived.filter(|_| state == State::Sent))
}

/// Whether a receipt proves that the address that a push went to, which was last reported at `reported_at`, is of no
/// use any more: it says so of a push whose last try began at `tried_at`, and the device did not report it since.
#[must_use]
pub fn ends_address(fate: Fate, reported_at: Timestamp, tried_at: Timestamp) -> bool {
    let ends = |reason| match consequences(reason).address {
        AddressFate::Kill | AddressFate::Detach => true,
        AddressFate::Keep | AddressFate::Move => false,
    };
    fate.reason().is_some_and(ends) && tried_at >= reported_at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attempt::Attempt,
        gateway_report::{Standing, reported},
    };

    /// The rows of Huawei's table that say something of the push: why it is lost, and whether its address ends.
    const LOST: [(u32, Reason, bool); 11] = [
        (2, Reason::DeviceAppNotInstalled, true),
        (5, Reason::TokenOwnerMismatch, true),
        (22, Reason::TokenOwnerMismatch, true),
        (6, Reason::BlockedOs, false),
        (10, Reason::ProviderDroppedInactive, false),
        (14, Reason::ProviderInternal, false),
        (15, Reason::ProviderStoredOverwritten, false),
        (102, Reason::ProviderThrottled, false),
        (256, Reason::ProviderThrottled, false),
        (259, Reason::ProviderContentRejected, false),
        (4_711, Reason::Unknown, false),
    ];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sent() -> Standing {
        Standing {
            attempt: Attempt::HANDED,
            delivered_at: None,
            read_at: None,
        }
    }

    #[test]
    fn every_number_has_its_reason_and_its_address() {
        assert_eq!(fate(0), Some(Fate::Delivered));
        assert_eq!((fate(27), fate(51)), (None, None));
        for (code, reason, ends) in LOST {
            let fate = fate(code).unwrap();
            assert_eq!(fate, Fate::Failed { reason }, "{code}");
            assert_eq!(ends_address(fate, at(1), at(1)), ends, "{code}");
            assert!(!ends_address(fate, at(2), at(1)), "{code}");
        }
        assert!(!ends_address(Fate::Delivered, at(1), at(1)));
    }

    #[test]
    fn what_arrived_is_lost_by_no_later_receipt_and_what_was_lost_may_arrive() {
        for (code, reason, _) in LOST {
            let lost = fate(code).unwrap();
            let failed = reported(&sent(), lost, at(5)).unwrap().standing;
            assert_eq!(
                (failed.attempt.state, failed.attempt.reason),
                (State::Failed, Some(reason))
            );
            let arrived = reported(&failed, Fate::Delivered, at(6)).unwrap().standing;
            assert_eq!(arrived.attempt.state, State::Sent);
            assert_eq!(reported(&arrived, lost, at(7)), None, "{code}");
            assert_eq!(reported(&arrived, Fate::Delivered, at(7)), None);
        }
    }

    #[test]
    fn what_the_device_could_not_use_is_not_delivered_by_the_word_of_the_service() {
        for (state, delivered) in [(State::Sent, Some(at(3))), (State::Failed, None)] {
            assert_eq!(delivered_at(state, None, Some(at(3))), delivered);
            assert_eq!(delivered_at(state, Some(at(4)), Some(at(3))), Some(at(4)));
        }
        assert_eq!(delivered_at(State::Sent, None, None), None);
    }

    #[test]
    fn a_push_is_matched_within_its_app_only() {
        let attempt = AttemptId::from_uuid(uuid::Uuid::from_u128(7));
        let other = AttemptId::from_uuid(uuid::Uuid::from_u128(8));
        let [shop, bank] = ["shop", "bank"].map(|name| AppId::parse(name).unwrap());
        assert_eq!(push_hash(&shop, attempt), push_hash(&shop, attempt));
        assert_ne!(push_hash(&shop, attempt), push_hash(&bank, attempt));
        assert_ne!(push_hash(&shop, attempt), push_hash(&shop, other));
    }
}
