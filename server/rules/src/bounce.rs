//! Letters of which something became known after a mail server had taken them.
//!
//! A mail server takes a letter and may find out later that it cannot deliver it: it sends a bounce (RFC
//! 3464). The letter was handed over, and is lost all the same. Its attempt has failed then, a step of a
//! cascade that waits gives way at once, and a delivery of which nothing else was handed over ends as
//! `email.bounced`. A mailbox that does not exist dies.
//!
//! The same bounce twice does the same as once.
//!
//! ```
//! use vestnik_model::Reason;
//! use vestnik_rules::attempt::{Attempt, State};
//! use vestnik_rules::bounce::{Fate, reported};
//!
//! let taken = Attempt { tries: 1, ..Attempt::HANDED };
//! let bounce = Fate::Lost { reason: Reason::EmailBounced };
//! let lost = reported(&taken, bounce).ok_or("it was taken")?;
//! assert_eq!((lost.state, lost.reason), (State::Failed, Some(Reason::EmailBounced)));
//! assert_eq!(reported(&lost, bounce), None);
//! # Ok::<(), &str>(())
//! ```

use jiff::Timestamp;
use vestnik_model::{DeliveryStatus, Reason, email::EmailAddress};

use crate::{
    attempt::{Attempt, Outcome, State, kills},
    cascade::{Course, Looked},
};

/// What became of a letter that a mail server had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It will not be delivered.
    Lost {
        /// Why.
        reason: Reason,
    },
    /// It was not delivered yet; the mail server goes on.
    Delayed,
    /// It lies in the mailbox, or went to a server that sends no reports.
    Arrived,
}

impl Fate {
    /// Whether the letter is lost.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}

/// What an attempt is after a report about its letter; `None` if the report says nothing new.
///
/// A letter whose try had no answer was taken all the same, as the bounce proves: it is not repeated, nor is
/// what is on its way waited for.
#[must_use]
pub fn reported(known: &Attempt, fate: Fate) -> Option<Attempt> {
    match (fate, known.state) {
        (Fate::Lost { reason }, State::Sent | State::Retrying | State::Begun | State::Sending) => {
            Some(Attempt {
                state: State::Failed,
                reason: Some(reason),
                until: None,
                ..known.clone()
            })
        }
        // It was given up, and the bounce says what had become of it.
        (Fate::Lost { reason }, State::Failed)
            if known.reason == Some(Reason::ProviderUnproven) =>
        {
            Some(Attempt {
                reason: Some(reason),
                ..known.clone()
            })
        }
        (Fate::Delayed, State::Sent) => Some(known.clone()),
        (Fate::Lost { .. }, State::Failed)
        | (Fate::Delayed, State::Retrying | State::Begun | State::Sending | State::Failed)
        | (Fate::Arrived, _) => None,
    }
}

/// Whether the mailbox of a user, whose address was last set at the time beside it, is dead after a letter
/// came back whose last try began at `tried_at`: only if the report names this mailbox and says that it does not
/// exist, and nobody set the address since. What was set later may be another address. A report that names
/// another mailbox, or none, is of one to which the user's forwards: the user's own took the letter.
#[must_use]
pub fn kills_mailbox(
    (reason, named): (Reason, Option<&EmailAddress>),
    (address, set_at): (&EmailAddress, Timestamp),
    tried_at: Timestamp,
) -> bool {
    let outcome = Outcome::Dead {
        reason,
        since: None,
    };
    let is_named = named.is_some_and(|named| is_same_mailbox(named, address));
    is_named && kills(&outcome, set_at, tried_at)
}

/// Servers differ in whether they write the local part as it was given (RFC 5321, 2.4).
fn is_same_mailbox(one: &EmailAddress, other: &EmailAddress) -> bool {
    one.domain() == other.domain() && one.local().eq_ignore_ascii_case(other.local())
}

/// Why a delivery ends whose letter came back, or whose message was lost, for a reason, if it does: nothing else was handed over, and its cascade,
/// which stood at `course`, has nothing more to do. `others` are its attempts but for that one.
#[must_use]
pub fn end<'a>(
    (status, reason): (DeliveryStatus, Reason),
    mut others: impl Iterator<Item = &'a Attempt>,
    (course, looked): (&Course, &Looked),
) -> Option<Reason> {
    let is_handed = others.any(|attempt| attempt.state == State::Sent);
    let is_idle = looked.tries.is_empty() && looked.course.due_at.is_none();
    let goes_on = looked.course.step != course.step || !is_idle;
    let is_lost = status == DeliveryStatus::Sent && !is_handed && !goes_on;
    is_lost.then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: Fate = Fate::Lost {
        reason: Reason::ProviderRejected,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn attempt(state: State) -> Attempt {
        Attempt {
            state,
            tries: 2,
            unproven: 1,
            until: Some(at(9)),
            ..Attempt::HANDED
        }
    }

    #[test]
    fn what_came_back_is_not_repeated_and_fails_once() {
        for state in [State::Sent, State::Retrying, State::Begun, State::Sending] {
            let lost = reported(&attempt(state), LOST).unwrap();
            assert_eq!((lost.state, lost.until), (State::Failed, None), "{state:?}");
            assert_eq!((lost.tries, lost.unproven), (2, 1));
            assert_eq!(lost.reason, Some(Reason::ProviderRejected));
        }
        assert_eq!(reported(&attempt(State::Failed), LOST), None);
        let given_up = Attempt {
            reason: Some(Reason::ProviderUnproven),
            ..attempt(State::Failed)
        };
        let lost = reported(&given_up, LOST).unwrap();
        assert_eq!(lost.reason, Some(Reason::ProviderRejected));
        assert_eq!(reported(&lost, LOST), None);
    }

    #[test]
    fn a_delay_changes_nothing_and_an_arrival_is_no_news() {
        let sent = attempt(State::Sent);
        assert_eq!(reported(&sent, Fate::Delayed), Some(sent.clone()));
        assert_eq!(reported(&attempt(State::Failed), Fate::Delayed), None);
        assert_eq!(reported(&sent, Fate::Arrived), None);
    }

    #[test]
    fn only_a_missing_mailbox_dies_and_none_that_was_set_since() {
        let address = |text: &str| EmailAddress::parse(text).unwrap();
        let anna = address("Anna@shop.example");
        let dies = |reason, named: Option<&str>, set_at| {
            let named = named.map(address);
            kills_mailbox((reason, named.as_ref()), (&anna, at(set_at)), at(10))
        };
        let own = Some("anna@SHOP.example");
        assert!(dies(Reason::EmailBounced, own, 10));
        assert!(!dies(Reason::EmailBounced, own, 11));
        assert!(!dies(Reason::ProviderRejected, own, 10));
        assert!(!dies(Reason::ProviderContentRejected, own, 10));
        for other in [None, Some("anna@home.example"), Some("anne@shop.example")] {
            assert!(!dies(Reason::EmailBounced, other, 10), "{other:?}");
        }
    }

    #[test]
    fn a_delivery_ends_when_nothing_else_was_or_will_be_handed_over() {
        let course = Course {
            due_at: None,
            ..Course::new(at(1))
        };
        let looked = Looked::at(course);
        let bounced = Some(Reason::EmailBounced);
        let (sent, failed) = (attempt(State::Sent), attempt(State::Failed));
        let of = |status, others: &[&Attempt], looked: &Looked| {
            end(
                (status, Reason::EmailBounced),
                others.iter().copied(),
                (&course, looked),
            )
        };
        assert_eq!(of(DeliveryStatus::Sent, &[&failed], &looked), bounced);
        assert_eq!(of(DeliveryStatus::Sent, &[&failed, &sent], &looked), None);
        assert_eq!(of(DeliveryStatus::Read, &[], &looked), None);
        assert_eq!(of(DeliveryStatus::Pending, &[], &looked), None);
        let mut later = looked.clone();
        later.course.step = 1;
        assert_eq!(of(DeliveryStatus::Sent, &[], &later), None);
        let mut waits = looked;
        waits.course.due_at = Some(at(5));
        assert_eq!(of(DeliveryStatus::Sent, &[], &waits), None);
    }
}
