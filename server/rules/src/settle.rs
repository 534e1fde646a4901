//! When a notification is settled: nothing about it is waited for any more.
//!
//! Devices may report for some time after a notification expired: they were offline when it happened. So it
//! is settled [`EVIDENCE`] after that ([`settled_at`]): a part of work notes it, and the sender is told what
//! it came to by a last event. A watch ends then, or earlier, when every delivery was read
//! ([`is_watched_out`]). Counts may still change by facts that come even later; a look at the notification
//! shows them.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Counts, Expansion};

/// For how long after its expiry late facts about a notification are waited for.
pub const EVIDENCE: SignedDuration = SignedDuration::from_hours(7 * 24);

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

/// Whether nothing is left to watch: the notification is settled, or its whole audience was expanded and
/// every delivery was read. Nothing beats `read`; every other status can be changed by a late fact.
#[must_use]
pub fn is_watched_out(outlook: &Outlook, now: Timestamp) -> bool {
    let Outlook {
        counts,
        expansion,
        expires_at,
    } = outlook;
    let is_over = settled_at(*expires_at) <= now;
    let is_expanded = match expansion {
        Expansion::Scheduled | Expansion::Running => false,
        Expansion::Done | Expansion::Stopped => true,
    };
    let is_all_read = is_expanded && counts.read == counts.total();
    is_over || is_all_read
}

/// When a notification is settled that expires at a time.
#[must_use]
pub fn settled_at(expires_at: Timestamp) -> Timestamp {
    expires_at.checked_add(EVIDENCE).unwrap_or(Timestamp::MAX)
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
    fn a_watch_ends_when_nothing_can_change() {
        #[track_caller]
        fn check(counts: Counts, expansion: Expansion, expected: bool) {
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(is_watched_out(&outlook(counts, expansion), now), expected);
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
    fn a_watch_ends_when_the_notification_is_settled() {
        let outlook = outlook(
            Counts {
                sent: 1,
                ..Counts::default()
            },
            Expansion::Running,
        );
        let end = settled_at(outlook.expires_at);
        assert!(is_watched_out(&outlook, end));
        assert!(!is_watched_out(
            &outlook,
            end - SignedDuration::from_millis(1)
        ));
        assert_eq!(settled_at(Timestamp::MAX), Timestamp::MAX);
    }
}
