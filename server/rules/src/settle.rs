//! When a notification is settled: nothing about it can change any more, or nothing is waited for.
//!
//! A watch ends when its notification is settled. Devices may report for some time after a
//! notification expired: they were offline when it happened. Counts may still change by such late
//! facts after the end of the watch; a look at the notification shows them.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Counts, Expansion};

/// For how long after its expiry a notification is watched for late facts.
pub const WATCH_SETTLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A notification as far as settling depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Its deliveries by status.
    pub counts: Counts,
    /// How far its audience was expanded.
    pub expansion: Expansion,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Whether a notification is settled: its time to live and [`WATCH_SETTLE`] have passed, or its whole
/// audience was expanded and every delivery was read. Nothing beats `read`; every other status can be
/// changed by a late fact.
#[must_use]
pub fn is_settled(outlook: &Outlook, now: Timestamp) -> bool {
    let Outlook {
        counts,
        expansion,
        expires_at,
    } = outlook;
    let is_over = now.duration_since(*expires_at) >= WATCH_SETTLE;
    let is_expanded = match expansion {
        Expansion::Scheduled | Expansion::Running => false,
        Expansion::Done | Expansion::Stopped => true,
    };
    let is_all_read = is_expanded && counts.read == counts.total();
    is_over || is_all_read
}

/// When a notification is settled at the latest.
#[must_use]
pub fn settled_at(expires_at: Timestamp) -> Timestamp {
    expires_at
        .checked_add(WATCH_SETTLE)
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(counts: Counts, expansion: Expansion) -> Outlook {
        Outlook {
            counts,
            expansion,
            expires_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_notification_is_settled_when_nothing_can_change() {
        #[track_caller]
        fn check(counts: Counts, expansion: Expansion, expected: bool) {
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(is_settled(&outlook(counts, expansion), now), expected);
        }
        let none = Counts::default();
        check(none, Expansion::Done, true);
        check(none, Expansion::Stopped, true);
        check(none, Expansion::Running, false);
        check(none, Expansion::Scheduled, false);
        check(Counts { read: 3, ..none }, Expansion::Done, true);
        check(Counts { read: 3, ..none }, Expansion::Running, false);
        for left in [
            Counts { pending: 1, ..none },
            Counts { sent: 1, ..none },
            Counts {
                delivered: 1,
                ..none
            },
            Counts {
                suppressed: 1,
                ..none
            },
            Counts { failed: 1, ..none },
            Counts {
                undelivered: 1,
                ..none
            },
            Counts {
                unconfirmed: 1,
                ..none
            },
            Counts { expired: 1, ..none },
            Counts {
                cancelled: 1,
                ..none
            },
        ] {
            check(Counts { read: 3, ..left }, Expansion::Done, false);
        }
    }

    #[test]
    fn it_is_settled_seven_days_after_its_expiry_at_the_latest() {
        let outlook = outlook(
            Counts {
                sent: 1,
                ..Counts::default()
            },
            Expansion::Running,
        );
        let end = settled_at(outlook.expires_at);
        assert!(is_settled(&outlook, end));
        assert!(!is_settled(&outlook, end - SignedDuration::from_millis(1)));
        assert_eq!(settled_at(Timestamp::MAX), Timestamp::MAX);
    }
}
