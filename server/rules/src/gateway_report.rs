//! What gateways report of messages that they took.
//!
//! A gateway takes a message and reports later what became of it, in any order and as often as it likes. States only
//! rise: what was delivered is never lost by a later report, and what counted as lost is delivered all the same if a
//! report says so. The same report twice does the same as once.
//!
//! A report is matched by the hash of its message ([`message_hash`](crate::gateway::message_hash)). It may come before the
//! answer to the request is noted, which is what tells the message's id: an unmatched report is kept for
//! [`KEPT_FOR`], at most [`MOST_KEPT`] of a gateway of an App, and counts when the answer is noted. So is a failure that
//! comes while the same message is sent again ([`waits`]).
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::{Reason, ReceiptKind};
//! use vestnik_rules::attempt::{Attempt, State};
//! use vestnik_rules::gateway_report::{Fate, Standing, reported};
//!
//! let at: Timestamp = "2026-11-30T09:00:00Z".parse()?;
//! let taken = Standing { attempt: Attempt::HANDED, delivered_at: None, read_at: None };
//! let failed = Fate::Failed { reason: Reason::SmsUndeliverable };
//! let lost = reported(&taken, failed, at).ok_or("it was taken")?;
//! assert_eq!((lost.standing.attempt.state, lost.is_lost), (State::Failed, true));
//! let arrived = reported(&lost.standing, Fate::Delivered, at).ok_or("it was lost")?;
//! assert_eq!(arrived.standing.attempt.state, State::Sent);
//! assert_eq!(arrived.proof, Some(ReceiptKind::Delivered));
//! assert_eq!(reported(&arrived.standing, failed, at), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Reason, ReceiptKind};

use crate::attempt::{Attempt, Outcome, State, kills};

/// How long a report that no message is known for is kept: longer than an answer to a request is waited for.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The most such reports of a gateway of an App; the oldest are dropped first.
pub const MOST_KEPT: usize = 2_000;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It does not arrive.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It is on the person's device.
    Delivered,
    /// The person read it.
    Read,
}

impl Fate {
    /// The word as it is written in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed { .. } => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// The reason of a failure.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Failed { reason } => Some(reason),
            Self::Delivered | Self::Read => None,
        }
    }

    /// The fate that [`Fate::as_str`] and [`Fate::reason`] tell of.
    #[must_use]
    pub fn read(word: &str, reason: Option<Reason>) -> Option<Self> {
        match word {
            "failed" => Some(Self::Failed {
                reason: reason.unwrap_or(Reason::Unknown),
            }),
            "delivered" => Some(Self::Delivered),
            "read" => Some(Self::Read),
            _ => None,
        }
    }
}

/// What is known of an attempt at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How far it is.
    pub attempt: Attempt,
    /// When it was delivered, if the gateway said so.
    pub delivered_at: Option<Timestamp>,
    /// When it was read, if the gateway said so.
    pub read_at: Option<Timestamp>,
}

/// What a report makes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The attempt from now on.
    pub standing: Standing,
    /// What it proves of the delivery.
    pub proof: Option<ReceiptKind>,
    /// Whether the message counts as lost by it.
    pub is_lost: bool,
}

/// What an attempt is after a report about the message that it was last known to have become; `None` if the report
/// says nothing new.
#[must_use]
pub fn reported(known: &Standing, fate: Fate, at: Timestamp) -> Option<Reported> {
    match fate {
        Fate::Delivered if known.delivered_at.is_none() => Some(Reported {
            standing: Standing {
                attempt: proven(&known.attempt),
                delivered_at: Some(at),
                read_at: known.read_at,
            },
            proof: Some(ReceiptKind::Delivered),
            is_lost: false,
        }),
        Fate::Read if known.read_at.is_none() => Some(Reported {
            standing: Standing {
                attempt: proven(&known.attempt),
                delivered_at: Some(known.delivered_at.map_or(at, |known| known.min(at))),
                read_at: Some(at),
            },
            proof: Some(ReceiptKind::Read),
            is_lost: false,
        }),
        Fate::Failed { reason } if known.delivered_at.is_none() => Some(Reported {
            standing: Standing {
                attempt: lost(&known.attempt, reason)?,
                ..known.clone()
            },
            proof: None,
            is_lost: true,
        }),
        Fate::Delivered | Fate::Read | Fate::Failed { .. } => None,
    }
}

/// Whether a report that says nothing new is kept until the try that is under way is settled: it may be about the
/// message that this try comes to. A gateway that collapses tries says it once.
#[must_use]
pub fn waits(known: &Standing, fate: Fate) -> bool {
    let is_under_way = match known.attempt.state {
        State::Begun | State::Sending | State::Retrying => true,
        State::Sent | State::Failed => false,
    };
    is_under_way && known.delivered_at.is_none() && fate.reason().is_some()
}

/// The attempt of a message that the person has: it was taken, whatever was known of it, and no further try follows.
fn proven(attempt: &Attempt) -> Attempt {
    let is_unsettled = attempt.state == State::Sending;
    Attempt {
        state: State::Sent,
        reason: None,
        tries: attempt.tries.saturating_add(u32::from(is_unsettled)),
        until: None,
        ..attempt.clone()
    }
}

/// The attempt of a message that is lost. A try that follows that of the message is not ended by it.
fn lost(attempt: &Attempt, reason: Reason) -> Option<Attempt> {
    let is_news = match attempt.state {
        State::Sent => true,
        // It was given up, and the report says what had become of it.
        State::Failed => attempt.reason == Some(Reason::ProviderUnproven),
        State::Begun | State::Sending | State::Retrying => false,
    };
    is_news.then(|| Attempt {
        state: State::Failed,
        reason: Some(reason),
        until: None,
        ..attempt.clone()
    })
}

/// Whether a report proves that the address, which was last set at `set_at`, is dead: it says so of a message whose
/// last try began at `tried_at`, and nobody set the address since.
#[must_use]
pub fn kills_address(fate: Fate, set_at: Timestamp, tried_at: Timestamp) -> bool {
    let dead = |reason| Outcome::Dead {
        reason,
        since: None,
    };
    let outcome = fate.reason().map(dead);
    outcome.is_some_and(|outcome| kills(&outcome, set_at, tried_at))
}

/// Why a delivery ends of which a message was lost for a reason, if nothing else is left of it: what ends after a
/// hand-over has an end of its own.
#[must_use]
pub const fn ending(reason: Reason) -> Reason {
    if reason.is_after_hand_over() {
        reason
    } else {
        Reason::DeliveryUnconfirmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Fate = Fate::Failed {
        reason: Reason::SmsUndeliverable,
    };
    const FATES: [Fate; 3] = [Fate::Delivered, Fate::Read, FAILED];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn standing(state: State, reason: Option<Reason>) -> Standing {
        Standing {
            attempt: Attempt {
                state,
                reason,
                tries: 1,
                unproven: 1,
                until: Some(at(90)),
                ..Attempt::HANDED
            },
            delivered_at: None,
            read_at: None,
        }
    }

    fn after(known: Standing, fates: &[Fate]) -> Standing {
        fates.iter().fold(known, |known, fate| {
            let news = reported(&known, *fate, at(5));
            news.map_or(known, |reported| reported.standing)
        })
    }

    #[test]
    fn reports_in_any_order_and_number_come_to_the_same() {
        let sent = || standing(State::Sent, None);
        let orders = [
            [Fate::Read, Fate::Delivered, FAILED],
            [Fate::Read, FAILED, Fate::Delivered],
            [Fate::Delivered, Fate::Read, FAILED],
            [Fate::Delivered, FAILED, Fate::Read],
            [FAILED, Fate::Delivered, Fate::Read],
            [FAILED, Fate::Read, Fate::Delivered],
        ];
        let expected = after(sent(), &orders[0]);
        assert_eq!(expected.attempt.state, State::Sent);
        assert_eq!(
            (expected.delivered_at, expected.read_at),
            (Some(at(5)), Some(at(5)))
        );
        for order in orders {
            let once = after(sent(), &order);
            assert_eq!(once.attempt.reason, None);
            assert_eq!(once, expected, "{order:?}");
            assert_eq!(after(once.clone(), &order), once, "{order:?}");
        }
        for fate in FATES {
            let once = after(sent(), &[fate]);
            assert_eq!(reported(&once, fate, at(9)), None);
        }
    }

    #[test]
    fn what_the_person_has_was_taken_whatever_was_known_of_it() {
        let unproven = Some(Reason::ProviderUnproven);
        for (state, reason, tries) in [
            (State::Sending, None, 2),
            (State::Begun, None, 1),
            (State::Retrying, unproven, 1),
            (State::Failed, unproven, 1),
            (State::Failed, Some(Reason::SmsUndeliverable), 1),
        ] {
            let known = standing(state, reason);
            let arrived = reported(&known, Fate::Delivered, at(5)).unwrap();
            let attempt = arrived.standing.attempt;
            assert_eq!((attempt.state, attempt.reason), (State::Sent, None));
            assert_eq!((attempt.tries, attempt.until), (tries, None), "{state:?}");
            assert_eq!(arrived.proof, Some(ReceiptKind::Delivered));
        }
    }

    #[test]
    fn a_lost_message_ends_what_is_known_to_have_become_it_and_no_later_try() {
        let given_up = standing(State::Failed, Some(Reason::ProviderUnproven));
        for known in [standing(State::Sent, None), given_up] {
            let lost = reported(&known, FAILED, at(5)).unwrap();
            assert!(lost.is_lost && lost.proof.is_none());
            let attempt = &lost.standing.attempt;
            let failed = (State::Failed, Some(Reason::SmsUndeliverable), None);
            assert_eq!((attempt.state, attempt.reason, attempt.until), failed);
        }
        for state in [State::Begun, State::Sending, State::Retrying] {
            assert_eq!(reported(&standing(state, None), FAILED, at(5)), None);
        }
        let rejected = standing(State::Failed, Some(Reason::ProviderRejected));
        assert_eq!(reported(&rejected, FAILED, at(5)), None);
    }

    #[test]
    fn a_failure_waits_for_the_end_of_the_try_under_way() {
        for state in [State::Begun, State::Sending, State::Retrying] {
            let known = standing(state, None);
            assert!(waits(&known, FAILED), "{state:?}");
            assert!(!waits(&known, Fate::Delivered));
            let delivered_at = Some(at(1));
            let known = Standing {
                delivered_at,
                ..known
            };
            assert!(!waits(&known, FAILED));
        }
        for state in [State::Sent, State::Failed] {
            assert!(!waits(&standing(state, None), FAILED), "{state:?}");
        }
    }

    #[test]
    fn only_a_failure_of_an_address_that_nobody_set_since_kills_it() {
        let failed = |reason| Fate::Failed { reason };
        for reason in [Reason::TokenDead, Reason::BlockedChannel] {
            assert!(kills_address(failed(reason), at(10), at(10)));
            assert!(!kills_address(failed(reason), at(11), at(10)));
        }
        for fate in [FAILED, failed(Reason::ProviderRejected), Fate::Delivered] {
            assert!(!kills_address(fate, at(1), at(10)), "{fate:?}");
        }
    }

    #[test]
    fn a_fate_is_read_from_its_words() {
        for fate in FATES {
            assert_eq!(Fate::read(fate.as_str(), fate.reason()), Some(fate));
        }
        assert_eq!(Fate::read("lost", None), None);
    }

    #[test]
    fn a_delivery_ends_by_what_is_known_after_a_hand_over() {
        assert_eq!(ending(Reason::SmsUndeliverable), Reason::SmsUndeliverable);
        for reason in [Reason::ProviderRejected, Reason::BlockedChannel] {
            assert_eq!(ending(reason), Reason::DeliveryUnconfirmed);
        }
    }
}
