//! How long a try may take: its lease, and the wait for its answer.
//!
//! A push is answered within seconds. A mail server may look at a letter for ten minutes before it answers, and
//! who does not wait for it repeats a letter that was taken (RFC 5321, 4.5.3.2.6). So a letter has a longer
//! lease. What a server that was killed leaves behind does not wait for it: a store that one process has open at
//! a time ends the leases of whoever had it before.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::Reason;

use crate::{
    attempt::{Attempt, Outcome, State, begin},
    cascade::Target,
    work::LEASE,
};

/// How long a letter may take from when its try begins until it ends with what is written last of it: the
/// commands before it may take five minutes each (RFC 5321, 4.5.3.2).
pub const LETTER_WRITTEN_WITHIN: SignedDuration = SignedDuration::from_mins(12);
/// How long the answer to a whole letter is waited for (RFC 5321, 4.5.3.2.6).
pub const LETTER_ANSWERED_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// The lease of a try to hand a letter over.
pub const LETTER_LEASE: SignedDuration = SignedDuration::from_mins(24);

/// How much of the lease of a try is left for noting what became of it.
pub const RESERVE: SignedDuration = SignedDuration::from_secs(5);

/// How long the answers to tries are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// At most.
    pub most: SignedDuration,
    /// At least: a try that would be given up sooner may be taken, and nobody would know.
    pub least: SignedDuration,
}

impl Patience {
    /// For pushes, and for requests to the backend of an App. Push services are given at least 10 seconds (Firebase,
    /// "Scale FCM sends").
    pub const PUSH: Self = Self {
        most: SignedDuration::from_secs(20),
        least: SignedDuration::from_secs(10),
    };
    /// For letters: for all that a mail server may take, and a little longer.
    pub const LETTER: Self = Self {
        most: SignedDuration::from_secs(23 * 60),
        least: SignedDuration::from_secs(22 * 60 + 30),
    };
}

/// For how long nobody else makes a try at a target.
#[must_use]
pub const fn lease(target: Target) -> SignedDuration {
    match target {
        Target::Device { .. } | Target::Backend | Target::Gateway(_) => LEASE,
        Target::Mailbox => LETTER_LEASE,
    }
}

/// The end of the lease of a try at a target that begins now.
#[must_use]
pub fn leased_until(target: Target, now: Timestamp) -> Timestamp {
    now.checked_add(lease(target)).unwrap_or(Timestamp::MAX)
}

/// Begins the next try of an attempt at a target. One outside the user's devices waits for its turn until it is
/// [started](crate::cascade::start).
#[must_use]
pub fn begin_at(target: Target, known: Option<&Attempt>, lease_until: Timestamp) -> Attempt {
    let begun = begin(known, lease_until);
    match target {
        Target::Device { .. } => begun,
        Target::Mailbox | Target::Backend | Target::Gateway(_) => Attempt {
            state: State::Begun,
            ..begun
        },
    }
}

/// How long the answers to tries that are sent now are waited for: up to [`RESERVE`] before the first of
/// their leases ends. `None` if that is too short: too much of the lease passed before the try could be sent,
/// and it is [left alone](unsent).
#[must_use]
pub fn wait(
    leases: impl Iterator<Item = Timestamp>,
    patience: Patience,
    now: Timestamp,
) -> Option<SignedDuration> {
    let left = leases
        .min()
        .map_or(patience.most, |first| first.duration_since(now) - RESERVE);
    (left >= patience.least).then(|| left.min(patience.most))
}

/// What a try comes to that is given up without an answer. If its service may have it, nobody knows whether
/// it was taken. If not, it was no try: the next one is made later, and it counts as none.
#[must_use]
pub const fn without_answer(may_be_taken: bool) -> Outcome {
    if may_be_taken {
        Outcome::Unproven
    } else {
        unsent()
    }
}

/// What a try comes to of which nothing was sent.
#[must_use]
pub const fn unsent() -> Outcome {
    Outcome::Held {
        reason: Reason::ProviderTimeout,
        after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn waits(leases: &[i64], now: i64) -> Option<i64> {
        let leases = leases.iter().copied().map(at);
        wait(leases, Patience::PUSH, at(now)).map(|wait| wait.as_secs())
    }

    #[test]
    fn an_answer_is_waited_for_until_the_reserve_of_the_first_lease() {
        assert_eq!(waits(&[30], 0), Some(20));
        assert_eq!(waits(&[30, 28], 4), Some(19));
        assert_eq!(waits(&[], 4), Some(20));
    }

    #[test]
    fn a_try_that_begins_too_late_is_not_sent() {
        assert_eq!(waits(&[30], 15), Some(10));
        for late in [16, 25, 30, 31, 4_000] {
            assert_eq!(waits(&[30], late), None, "{late}");
        }
    }

    #[test]
    fn a_mail_server_has_all_the_time_that_rfc_5321_gives_it() {
        let whole = LETTER_WRITTEN_WITHIN + LETTER_ANSWERED_WITHIN;
        assert_eq!(LETTER_ANSWERED_WITHIN.as_secs(), 600);
        let now = at(0);
        let until = leased_until(Target::Mailbox, now);
        // Also if it took a minute until the letter was sent.
        for late in [0, 60] {
            let wait = wait([until].into_iter(), Patience::LETTER, at(late)).unwrap();
            assert!(wait > whole && at(late) + wait + RESERVE <= until, "{late}");
        }
        assert_eq!(wait([until].into_iter(), Patience::LETTER, at(100)), None);
    }
}
