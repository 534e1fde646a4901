//! What a service wants to be left alone with, and for how long.

use std::{collections::BTreeMap, time::Duration};

use vestnik_clock::Monotonic;

use crate::outcome::Scope;

/// The most addresses that are held at a time.
const MAX_ADDRESSES: usize = 10_000;
/// So many refusals in a row that do not say whose pushes are too many stop all of the account's.
const ROW: u32 = 3;
/// How long the account's pushes stop when the service does not say, the first time and at most.
const UNSAID: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5 * 60));

/// An address, as a number: of two that share one, one waits too long at worst.
pub(crate) type AddressKey = u64;

/// The waits that a service asked for, at one origin for one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Throttle {
    all: Option<Monotonic>,
    addresses: BTreeMap<AddressKey, Monotonic>,
    /// Refusals in a row.
    row: u32,
    /// Stops without a time in a row.
    unsaid: u32,
}

impl Throttle {
    /// How long a push to an address has to wait, if it has to.
    pub(crate) fn held(&self, address: AddressKey, now: Monotonic) -> Option<Duration> {
        let own = self.addresses.get(&address).copied();
        let until = self.all.max(own).filter(|until| *until > now)?;
        Some(until - now)
    }

    /// The service took a push: it takes others.
    pub(crate) const fn on_accepted(&mut self) {
        self.row = 0;
        self.unsaid = 0;
    }

    /// The service refused a push to an address because there were too many.
    pub(crate) fn on_throttled(
        &mut self,
        scope: Scope,
        address: AddressKey,
        after: Option<Duration>,
        now: Monotonic,
    ) {
        self.row = self.row.saturating_add(1);
        let is_all = match scope {
            Scope::Address => false,
            Scope::Sender => true,
            Scope::Unsaid => self.row >= ROW,
        };
        if is_all {
            let after = after.unwrap_or_else(|| self.unsaid_wait());
            self.hold_all(after, now);
        } else if let Some(after) = after {
            self.hold(address, after, now);
        }
    }

    /// The service wants to be left alone altogether.
    pub(crate) fn hold_all(&mut self, after: Duration, now: Monotonic) {
        let until = now + after;
        self.all = Some(self.all.map_or(until, |all| all.max(until)));
    }

    fn unsaid_wait(&mut self) -> Duration {
        let (first, most) = UNSAID;
        let wait = first.saturating_mul(1 << self.unsaid.min(16));
        self.unsaid = self.unsaid.saturating_add(1);
        wait.min(most)
    }

    fn hold(&mut self, address: AddressKey, after: Duration, now: Monotonic) {
        if self.addresses.len() >= MAX_ADDRESSES {
            self.addresses.retain(|_, until| *until > now);
        }
        // The one that would be free first is let go.
        if self.addresses.len() >= MAX_ADDRESSES
            && let Some(first) = self.first_free()
        {
            self.addresses.remove(&first);
        }
        self.addresses.insert(address, now + after);
    }

    fn first_free(&self) -> Option<AddressKey> {
        let first = self.addresses.iter().min_by_key(|(_, until)| **until);
        first.map(|(address, _)| *address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::secs;

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_origin(secs(seconds))
    }

    fn held(throttle: &Throttle, address: AddressKey, now: u64) -> Option<u64> {
        let after = throttle.held(address, at(now))?;
        Some(after.as_secs())
    }

    #[test]
    fn an_address_is_held_alone_for_as_long_as_the_service_says() {
        let mut throttle = Throttle::default();
        throttle.on_throttled(Scope::Address, 1, Some(secs(30)), at(0));
        assert_eq!(held(&throttle, 1, 0), Some(30));
        assert_eq!(held(&throttle, 1, 29), Some(1));
        assert_eq!(held(&throttle, 1, 30), None);
        assert_eq!(held(&throttle, 2, 0), None);
    }

    #[test]
    fn an_address_without_a_time_is_the_callers_to_wait_for() {
        let mut throttle = Throttle::default();
        throttle.on_throttled(Scope::Address, 1, None, at(0));
        throttle.on_throttled(Scope::Unsaid, 2, None, at(0));
        assert_eq!((held(&throttle, 1, 0), held(&throttle, 2, 0)), (None, None));
    }

    #[test]
    fn the_sender_is_held_for_all_addresses() {
        let mut throttle = Throttle::default();
        throttle.on_throttled(Scope::Sender, 1, Some(secs(60)), at(0));
        throttle.on_throttled(Scope::Address, 2, Some(secs(90)), at(0));
        throttle.on_throttled(Scope::Address, 3, Some(secs(5)), at(0));
        assert_eq!(held(&throttle, 1, 0), Some(60));
        assert_eq!(held(&throttle, 2, 0), Some(90));
        assert_eq!(held(&throttle, 3, 0), Some(60));
        assert_eq!(held(&throttle, 1, 60), None);
    }

    #[test]
    fn a_shorter_wait_never_ends_a_longer_one() {
        let mut throttle = Throttle::default();
        throttle.hold_all(secs(60), at(0));
        throttle.hold_all(secs(1), at(10));
        assert_eq!(held(&throttle, 1, 10), Some(50));
    }

    #[test]
    fn three_refusals_in_a_row_that_name_nobody_hold_everybody() {
        let mut throttle = Throttle::default();
        for address in [1, 2] {
            throttle.on_throttled(Scope::Unsaid, address, Some(secs(60)), at(0));
        }
        assert_eq!(held(&throttle, 9, 0), None);
        throttle.on_accepted();
        for address in [3, 4] {
            throttle.on_throttled(Scope::Unsaid, address, Some(secs(60)), at(0));
        }
        assert_eq!(held(&throttle, 9, 0), None);
        throttle.on_throttled(Scope::Unsaid, 5, Some(secs(60)), at(0));
        assert_eq!(held(&throttle, 9, 0), Some(60));
    }

    #[test]
    fn waits_that_the_service_does_not_say_grow_up_to_an_end() {
        let mut throttle = Throttle::default();
        let mut now = 0;
        for wanted in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            throttle.on_throttled(Scope::Sender, 1, None, at(now));
            assert_eq!(held(&throttle, 1, now), Some(wanted));
            now += wanted;
        }
        throttle.on_accepted();
        throttle.on_throttled(Scope::Sender, 1, None, at(now));
        assert_eq!(held(&throttle, 1, now), Some(2));
    }

    #[test]
    fn however_many_addresses_are_held_the_memory_is_bounded() {
        let mut throttle = Throttle::default();
        for address in 0..=MAX_ADDRESSES as u64 {
            throttle.on_throttled(Scope::Address, address, Some(secs(60 + address)), at(0));
        }
        assert_eq!(throttle.addresses.len(), MAX_ADDRESSES);
        assert_eq!(held(&throttle, 0, 0), None);
        assert_eq!(held(&throttle, 1, 0), Some(61));
        // Those that are free by now make room for all.
        throttle.on_throttled(Scope::Address, 7, Some(secs(9)), at(1_000_000));
        assert_eq!(throttle.addresses.len(), 1);
    }
}
