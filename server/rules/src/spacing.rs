//! Messages to one recipient, kept apart.
//!
//! Some services take few messages at a time for each of their recipients, and say how long the next one is to wait.
//! Times are counted from an origin that the caller has fixed.
//!
//! ```
//! use std::time::Duration;
//! use vestnik_rules::spacing::Spacing;
//!
//! let (mut spacing, anna, second) = (Spacing::default(), [1; 32], Duration::from_secs);
//! spacing.rest(anna, second(10), second(9));
//! assert_eq!(spacing.wait(&anna, second(9)), Some(second(1)));
//! assert_eq!(spacing.wait(&anna, second(10)), None);
//! ```

use std::{collections::BTreeMap, time::Duration};

/// The most recipients that are remembered. Beyond that, those are forgotten that wait the shortest: their service
/// says again that it wants to wait.
pub const MAX_RECIPIENTS: usize = 10_000;

/// Which recipients get no message for now, by the hashes of their addresses.
#[derive(Debug, Default)]
pub struct Spacing(BTreeMap<[u8; 32], Duration>);

impl Spacing {
    /// How long a message to a recipient waits; `None` if it may go now.
    #[must_use]
    pub fn wait(&self, recipient: &[u8; 32], now: Duration) -> Option<Duration> {
        let until = self.0.get(recipient)?;
        until.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// Lets a recipient have no message until then. A longer rest that is under way stays.
    pub fn rest(&mut self, recipient: [u8; 32], until: Duration, now: Duration) {
        if self.0.len() >= MAX_RECIPIENTS && !self.0.contains_key(&recipient) {
            self.make_room(now);
        }
        let known = self.0.entry(recipient).or_insert(until);
        *known = until.max(*known);
    }

    /// Lets a recipient have a message again that rests until exactly then: what was to keep the next one away was not
    /// sent. A longer rest that began meanwhile stays.
    pub fn free(&mut self, recipient: [u8; 32], until: Duration) {
        if self.0.get(&recipient) == Some(&until) {
            self.0.remove(&recipient);
        }
    }

    fn make_room(&mut self, now: Duration) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() >= MAX_RECIPIENTS {
            let mut ends: Vec<_> = self.0.values().copied().collect();
            ends.sort_unstable();
            let median = ends.get(ends.len() / 2).copied().unwrap_or_default();
            self.0.retain(|_, until| *until > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    fn recipient(number: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    #[test]
    fn a_recipient_waits_and_others_do_not() {
        let mut spacing = Spacing::default();
        spacing.rest(recipient(1), second(70), second(10));
        spacing.rest(recipient(1), second(20), second(11));
        assert_eq!(spacing.wait(&recipient(1), second(12)), Some(second(58)));
        assert_eq!(spacing.wait(&recipient(2), second(12)), None);
        assert_eq!(spacing.wait(&recipient(1), second(70)), None);
        assert_eq!(spacing.wait(&recipient(1), second(71)), None);
    }

    #[test]
    fn what_was_not_sent_keeps_nothing_away() {
        let mut spacing = Spacing::default();
        spacing.rest(recipient(1), second(20), second(10));
        spacing.free(recipient(1), second(20));
        assert_eq!(spacing.wait(&recipient(1), second(10)), None);
        spacing.rest(recipient(1), second(20), second(10));
        spacing.rest(recipient(1), second(70), second(11));
        spacing.free(recipient(1), second(20));
        assert_eq!(spacing.wait(&recipient(1), second(11)), Some(second(59)));
    }

    #[test]
    fn no_more_than_so_many_are_remembered() {
        let mut spacing = Spacing::default();
        for number in 0..MAX_RECIPIENTS {
            spacing.rest(recipient(number), second(number as u64 + 1), second(0));
        }
        // What is over makes room first.
        spacing.rest(recipient(MAX_RECIPIENTS), second(90_000), second(1));
        assert_eq!(spacing.0.len(), MAX_RECIPIENTS);
        assert_eq!(spacing.wait(&recipient(1), second(1)), Some(second(1)));
        // Then what waits the shortest.
        spacing.rest(recipient(MAX_RECIPIENTS + 1), second(90_000), second(1));
        assert!(spacing.0.len() <= MAX_RECIPIENTS / 2 + 1);
        assert_eq!(spacing.wait(&recipient(1), second(1)), None);
        let last = recipient(MAX_RECIPIENTS - 1);
        assert_eq!(spacing.wait(&last, second(1)), Some(second(9_999)));
    }
}
