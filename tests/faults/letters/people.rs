//! Who the mailing is for.

use vestnik_model::UserId;
use vestnik_testkit::name::user;

/// Of a hundred people, so many have a phone with a token that is dead.
const DEAD: usize = 5;
/// So many have a phone whose system shows nothing.
const BLOCKED: usize = 3;
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
            Has::Phone => false,
            Has::DeadToken | Has::SilencedPhone | Has::Mailbox => true,
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
            [50, 30, 520, 400]
        );
    }
}
