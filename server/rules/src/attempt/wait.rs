//! How long the answer to a try is waited for, and what it comes to when nobody waits any longer.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::Reason;

use super::Outcome;

/// How much of the lease of a try is left for noting what became of it.
pub const RESERVE: SignedDuration = SignedDuration::from_secs(5);
/// A try is sent only if its answer can be waited for so long (Firebase, "Scale FCM sends": at least 10
/// seconds). One that would be given up sooner may be taken, and nobody would know.
pub const LEAST_WAIT: SignedDuration = SignedDuration::from_secs(10);

/// How long the answers to tries that are sent now are waited for, at most `most`: up to [`RESERVE`] before
/// the first of their leases ends. `None` if that is less than [`LEAST_WAIT`]: too much of the lease passed
/// before the try could be sent, and it is [left alone](unsent).
#[must_use]
pub fn wait(
    leases: impl Iterator<Item = Timestamp>,
    most: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    let left = leases
        .min()
        .map_or(most, |first| first.duration_since(now) - RESERVE);
    (left >= LEAST_WAIT).then(|| left.min(most))
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
        let most = SignedDuration::from_secs(20);
        wait(leases.iter().copied().map(at), most, at(now)).map(|wait| wait.as_secs())
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
}
