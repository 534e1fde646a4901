//! The requests with receipts that were seen, so that none is taken twice with another body.
//!
//! What proves that a request is Huawei's says nothing of its body. So a proof is good for a while only ([`WINDOW`]), and
//! for one body: the same request may come again, since it may not have been noted the first time. What is remembered
//! is bounded ([`MOST_SEEN`]); when the oldest is forgotten, nothing that was signed at its time or before is taken any
//! more.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::address::sha256;

/// How far the time of a request may be from this server's.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// The most requests of an App that are remembered.
pub const MOST_SEEN: usize = 10_000;

/// The requests of an App that were seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// By time and hash of the nonce, the hash of the body.
    requests: BTreeMap<(Timestamp, [u8; 32]), [u8; 32]>,
    /// What was signed then or before may have been forgotten.
    forgotten: Option<Timestamp>,
}

/// Whether a request that was signed at a time may be taken now at all.
#[must_use]
pub fn is_fresh(signed_at: Timestamp, now: Timestamp) -> bool {
    signed_at.duration_since(now).abs() <= WINDOW
}

impl Seen {
    /// Notes a request with a proof, which was signed at a time with a nonce, and its body's hash. Gives whether it may
    /// be taken.
    pub fn take(
        &mut self,
        (signed_at, nonce): (Timestamp, &str),
        body: [u8; 32],
        now: Timestamp,
    ) -> bool {
        let oldest = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
        self.requests = self.requests.split_off(&(oldest, [0; 32]));
        let is_forgotten = self.forgotten.is_some_and(|at| signed_at <= at);
        if !is_fresh(signed_at, now) || is_forgotten {
            return false;
        }
        let key = (signed_at, sha256(nonce));
        if let Some(known) = self.requests.get(&key) {
            return *known == body;
        }
        self.requests.insert(key, body);
        if self.requests.len() > MOST_SEEN
            && let Some(((oldest, _), _)) = self.requests.pop_first()
        {
            self.forgotten = self.forgotten.max(Some(oldest));
            return signed_at > oldest;
        }
        true
    }

    /// Whether nothing is left to remember.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.requests
            .last_key_value()
            .is_none_or(|((at, _), _)| !is_fresh(*at, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_proof_is_good_for_one_body() {
        let mut seen = Seen::default();
        assert!(seen.take((at(1_000), "a"), [1; 32], at(1_000)));
        assert!(seen.take((at(1_000), "a"), [1; 32], at(1_010)));
        assert!(!seen.take((at(1_000), "a"), [2; 32], at(1_010)));
        assert!(seen.take((at(1_000), "b"), [2; 32], at(1_010)));
    }

    #[test]
    fn a_proof_is_good_for_a_while() {
        for (signed, is_good) in [(699, false), (700, true), (1_300, true), (1_301, false)] {
            let mut seen = Seen::default();
            let is_taken = seen.take((at(signed), "a"), [1; 32], at(1_000));
            assert_eq!(is_taken, is_good, "{signed}");
        }
        let mut seen = Seen::default();
        assert!(seen.take((at(1_000), "a"), [1; 32], at(1_000)));
        assert!(!seen.is_over(at(1_300)));
        assert!(seen.is_over(at(1_301)));
    }

    #[test]
    fn what_may_have_been_forgotten_is_not_taken() {
        let mut seen = Seen::default();
        assert!(seen.take((at(1_000), "first"), [1; 32], at(1_000)));
        for number in 0..MOST_SEEN {
            let nonce = number.to_string();
            assert!(
                seen.take((at(1_001), &nonce), [1; 32], at(1_001)),
                "{number}"
            );
        }
        assert!(!seen.take((at(1_000), "first"), [2; 32], at(1_001)));
        assert!(!seen.take((at(1_000), "other"), [2; 32], at(1_001)));
        assert!(seen.take((at(1_002), "other"), [2; 32], at(1_002)));
    }
}
