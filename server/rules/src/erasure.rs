//! The end of a user, for what was accepted before it and names them.
//!
//! An audience is kept as it was asked for until its time comes ([`crate::audience`]), so that it may name
//! a user who is erased meanwhile. The name is free at once, and whoever has it next is another person. A
//! store therefore notes the erasure under a keyed hash of the name
//! ([`ContactKey::user`](crate::contact::ContactKey::user)), and a name that was listed before its erasure
//! is nobody's. The note is deleted when no audience from before it waits any more.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_rules::erasure::is_meant;
//!
//! let accepted_at: Timestamp = "2026-11-28T09:00:00Z".parse()?;
//! let erased_at = "2026-11-29T09:00:00Z".parse()?;
//! assert!(!is_meant(accepted_at, Some(erased_at)));
//! // Who lists the name afterwards means who has it then.
//! assert!(is_meant("2026-11-30T09:00:00Z".parse()?, Some(erased_at)));
//! # Ok::<(), jiff::Error>(())
//! ```

use jiff::{SignedDuration, Timestamp};

/// For how long an erasure is remembered at least: a request that was accepted before it may still be on
/// its way to the store.
pub const KEEP_ERASURE: SignedDuration = SignedDuration::from_hours(24);

/// Whether a name that the sender of a notification listed is still the user's whom they meant.
#[must_use]
pub fn is_meant(accepted_at: Timestamp, erased_at: Option<Timestamp>) -> bool {
    erased_at.is_none_or(|erased_at| erased_at <= accepted_at)
}

/// Erasures before this moment need not be remembered any more. `oldest` is when the oldest notification
/// whose audience is still to be expanded was accepted.
#[must_use]
pub fn forget_before(oldest: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let recent = now.checked_sub(KEEP_ERASURE).unwrap_or(Timestamp::MIN);
    oldest.map_or(recent, |oldest| oldest.min(recent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_name_is_nobodys_if_it_was_erased_later() {
        assert!(is_meant(at(10), None));
        assert!(!is_meant(at(10), Some(at(11))));
        assert!(is_meant(at(10), Some(at(10))));
        assert!(is_meant(at(10), Some(at(9))));
    }

    #[test]
    fn an_erasure_is_remembered_while_an_older_audience_waits() {
        let day = 24 * 60 * 60;
        let now = at(100 * day);
        assert_eq!(forget_before(None, now), at(99 * day));
        assert_eq!(forget_before(Some(at(5)), now), at(5));
        assert_eq!(forget_before(Some(now), now), at(99 * day));
        assert_eq!(forget_before(None, Timestamp::MIN), Timestamp::MIN);
        // What is forgotten would have passed over nobody.
        let (oldest, erased_at) = (at(5), at(6));
        assert!(!is_meant(oldest, Some(erased_at)));
        assert!(erased_at >= forget_before(Some(oldest), now));
    }
}
