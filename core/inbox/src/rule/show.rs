//! Show tickets: how often and for how long a notification is tried to be shown.
//!
//! A show is `due`, then `taken` by the one who draws it, then `shown` or `suppressed`. A failed one is
//! due again after a pause, a bounded number of times. A ticket of a process that ended is due again and
//! says so: at once, and after a pause when that has happened repeatedly, so that a notification which ends
//! its process holds up no other. However often processes end, it is not given up while it may be shown.

use jiff::{SignedDuration, Timestamp};

use super::{
    clock::{ServerTime, shifted},
    suppression::Suppression,
};

/// How often a process may end with a ticket before the next waits.
const ENDS_AT_ONCE: usize = 3;
/// The pauses after further ends of processes; the last one stays.
const PAUSES_AFTER_ENDS: [SignedDuration; 3] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_secs(60),
];
/// For how long after its arrival a failed show is tried again.
pub(crate) const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);

/// The longest pause.
pub(crate) const MAX_PAUSE: SignedDuration = PAUSES[PAUSES.len() - 1];

/// The pauses after the first and the further failures.
const PAUSES: [SignedDuration; 4] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
];

/// A ticket that did not end with a toast on the screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempted {
    /// How often it was taken.
    pub(crate) attempts: u32,
    pub(crate) received_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) is_read: bool,
    pub(crate) is_deleted: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is due again at this time.
    Due(Timestamp),
    Suppressed(Suppression),
}

/// After drawing failed. By a time that may be wrong nothing is too old.
pub(crate) fn after_failure(show: &Attempted, time: ServerTime) -> Next {
    if let Some(reason) = unwanted(show) {
        return Next::Suppressed(reason);
    }
    let number = usize::try_from(show.attempts.saturating_sub(1)).unwrap_or(PAUSES.len());
    let Some(pause) = PAUSES.get(number) else {
        return Next::Suppressed(Suppression::Failed);
    };
    let at = shifted(time.now, *pause);
    let is_in_time = at < shifted(show.received_at, MAX_AGE) && at < show.expires_at;
    if is_in_time || !time.is_heard() {
        Next::Due(at)
    } else {
        Next::Suppressed(Suppression::Failed)
    }
}

/// After the process ended that had the ticket, or the ticket was dropped.
pub(crate) fn after_release(show: &Attempted, now: Timestamp) -> Next {
    if let Some(reason) = unwanted(show) {
        return Next::Suppressed(reason);
    }
    let number = usize::try_from(show.attempts).unwrap_or(usize::MAX);
    let Some(number) = number.checked_sub(ENDS_AT_ONCE + 1) else {
        return Next::Due(now);
    };
    let pause = PAUSES_AFTER_ENDS[number.min(PAUSES_AFTER_ENDS.len() - 1)];
    Next::Due(shifted(now, pause))
}

const fn unwanted(show: &Attempted) -> Option<Suppression> {
    if show.is_deleted {
        Some(Suppression::Deleted)
    } else if show.is_read {
        Some(Suppression::Read)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::clock::{Offset, server_time};

    fn heard(now: Timestamp) -> ServerTime {
        server_time(now, Offset::Heard(SignedDuration::ZERO))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn attempted(attempts: u32) -> Attempted {
        Attempted {
            attempts,
            received_at: at(0),
            expires_at: at(1_000_000),
            is_read: false,
            is_deleted: false,
        }
    }

    #[test]
    fn failures_pause_longer_and_end() {
        let dues: Vec<_> = (1..=6)
            .map(|attempts| after_failure(&attempted(attempts), heard(at(10))))
            .collect();
        let failed = Next::Suppressed(Suppression::Failed);
        let expected = [
            Next::Due(at(15)),
            Next::Due(at(40)),
            Next::Due(at(310)),
            Next::Due(at(1_810)),
            failed,
            failed,
        ];
        assert_eq!(dues, expected);
    }

    #[test]
    fn an_old_or_expiring_one_is_not_tried_again() {
        let failed = Next::Suppressed(Suppression::Failed);
        let day = 24 * 3_600;
        assert_eq!(after_failure(&attempted(1), heard(at(day))), failed);
        let short = Attempted {
            expires_at: at(12),
            ..attempted(1)
        };
        assert_eq!(after_failure(&short, heard(at(10))), failed);
        // The clock may have been set.
        for offset in [Offset::Unknown, Offset::Kept(SignedDuration::ZERO)] {
            for (show, now) in [(attempted(1), at(day)), (short, at(10))] {
                let next = after_failure(&show, server_time(now, offset));
                assert_eq!(next, Next::Due(now + SignedDuration::from_secs(5)));
            }
        }
    }

    #[test]
    fn no_number_of_ends_of_a_process_gives_a_show_up() {
        let due = |attempts| after_release(&attempted(attempts), at(10));
        for attempts in 0..=3 {
            assert_eq!(due(attempts), Next::Due(at(10)));
        }
        assert_eq!(due(4), Next::Due(at(15)));
        assert_eq!(due(5), Next::Due(at(40)));
        for attempts in [7, 100, u32::MAX] {
            assert_eq!(due(attempts), Next::Due(at(70)));
        }
    }

    #[test]
    fn what_was_read_or_deleted_is_never_due_again() {
        let read = Attempted {
            is_read: true,
            ..attempted(1)
        };
        let deleted = Attempted {
            is_deleted: true,
            ..read
        };
        for (show, reason) in [(read, Suppression::Read), (deleted, Suppression::Deleted)] {
            let expected = Next::Suppressed(reason);
            assert_eq!(after_failure(&show, heard(at(1))), expected);
            assert_eq!(after_release(&show, at(1)), expected);
        }
    }
}
