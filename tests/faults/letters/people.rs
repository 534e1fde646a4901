//! Who the mailing is for.

use vestnik_model::UserId;
use vestnik_testkit::name::user;

/// Of a hundred people, so many have a phone with a token that is dead.
const DEAD: usize = 5;
/// So many have a phone whose system shows nothing.
const BLOCKED: usize = 3;
/// So many have a phone that lost its keys and makes a new one.
const NEW_KEY: usize = 1;
/// So many have a phone that lost its keys and tells no other.
const NO_KEY: usize = 1;
/// So many have a phone, those included.
const PHONES: usize = 60;

/// What a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    /// A phone that sleeps and gets pushes.
    Phone,
    /// A phone with a token that is dead.
    DeadToken,
    /// A phone whose system shows nothing.
    SilencedPhone,
    /// A phone that cannot decrypt its push, reports it and has a new key.
    NewKey,
    /// A phone that cannot decrypt its push and reports it.
    NoKey,
    /// A mailbox only. Everybody has one.
    Mailbox,
}

/// Somebody whom the mailing is for.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) user: UserId,
    pub(super) address: String,
    pub(super) has: Has,
    /// The simulator's id of the phone.
    pub(super) phone: Option<String>,
}

impl Person {
    /// So many people, mixed.
    pub(super) fn all(count: usize) -> Vec<Self> {
        (0..count).map(Self::number).collect()
    }

    fn number(number: usize) -> Self {
        // 37 and 100 have no common factor: each hundred has each share, spread over it.
        let has = match number * 37 % 100 {
            share if share < DEAD => Has::DeadToken,
            share if share < DEAD + BLOCKED => Has::SilencedPhone,
            share if share < DEAD + BLOCKED + NEW_KEY => Has::NewKey,
            share if share < DEAD + BLOCKED + NEW_KEY + NO_KEY => Has::NoKey,
            share if share < PHONES => Has::Phone,
            _ => Has::Mailbox,
        };
        let name = format!("person-{number}");
        Self {
            user: user(&name),
            address: format!("{name}@shop.example"),
            has,
            phone: None,
        }
    }

    /// Whether a letter is how they are reached.
    pub(super) fn gets_letter(&self) -> bool {
        match self.has {
            Has::Phone | Has::NewKey => false,
            Has::DeadToken | Has::SilencedPhone | Has::NoKey | Has::Mailbox => true,
        }
    }

    /// How many pushes they are sent if nothing is repeated after a kill.
    pub(super) fn pushes(&self) -> u64 {
        match self.has {
            Has::NewKey => 2,
            Has::Phone | Has::NoKey => 1,
            Has::DeadToken | Has::SilencedPhone | Has::Mailbox => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_people_are_shared_out_as_asked() {
        let people = Person::all(1_000);
        let count = |has| people.iter().filter(|person| person.has == has).count();
        assert_eq!(
            [Has::DeadToken, Has::SilencedPhone, Has::Phone, Has::Mailbox].map(count),
            [50, 30, 500, 400]
        );
        assert_eq!([Has::NewKey, Has::NoKey].map(count), [10, 10]);
    }
}
