//! Gateways: where they reach people, and which of their providers a try goes to.
//!
//! A gateway reaches a person by their telephone number or by a chat that they opened. An App has an account with one
//! to four providers of it, in an order. The provider is noted with the start of a try, before anything is written:
//! what may have been taken by one is repeated at that one or at none ([`bound`]), and another one is used only for
//! what the one before is proven not to have taken ([`may_start`]). What a gateway reports of a message later is in
//! [`gateway_report`](crate::gateway_report), what happens to chats in [`chat`](crate::chat).

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, GatewayName, ProviderName, Reason,
    chat::ChatId,
    cost::Price,
    open::Word,
    phone::PhoneNumber,
    publish::{Goal, Steps},
    view,
};

use crate::{
    address::{Stored, Upload, upload},
    attempt::{Attempt, Outcome},
    cascade,
};

/// A provider that a try went past, because it is proven not to have the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassedOver {
    /// The provider.
    pub provider: ProviderName,
    /// Why it does not have the message.
    pub reason: Reason,
    /// Whether it was asked in this try.
    pub is_asked: bool,
}

impl PassedOver {
    /// What is known of a provider that does not have the message, by what became of the try at it. `None` if it may
    /// have it.
    #[must_use]
    pub const fn of(provider: ProviderName, outcome: &Outcome) -> Option<Self> {
        let (reason, is_asked) = match outcome {
            Outcome::Held { reason, after: _ } => (*reason, false),
            Outcome::Retry { reason, after: _ } | Outcome::Rejected { reason } => (*reason, true),
            Outcome::Accepted | Outcome::Unproven | Outcome::Dead { .. } => return None,
        };
        Some(Self {
            provider,
            reason,
            is_asked,
        })
    }

    /// The same as a program is shown it.
    #[must_use]
    pub fn view(&self) -> view::PassedOver {
        view::PassedOver {
            provider: self.provider.to_string(),
            reason: self.reason.into(),
            asked: self.is_asked,
        }
    }

    /// Reads what was kept. `None` if another version wrote it in words of its own.
    #[must_use]
    pub fn read(kept: &view::PassedOver) -> Option<Self> {
        Some(Self {
            provider: ProviderName::parse(&kept.provider).ok()?,
            reason: kept.reason.known()?,
            is_asked: kept.asked,
        })
    }
}

/// What a gateway reaches people by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reaches {
    /// Their telephone number.
    Phone,
    /// A chat that they opened.
    Chat,
}

impl Reaches {
    /// The word as it is written in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Chat => "chat",
        }
    }
}

impl Word for Reaches {
    const WORDS: &'static [Self] = &[Self::Phone, Self::Chat];

    fn as_str(&self) -> &str {
        Self::as_str(*self)
    }
}

/// What the account of an App with a gateway says of it, beside its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// What it reaches people by.
    pub reaches: Reaches,
    /// The most that it can prove of a message.
    pub proves: Goal,
    /// What a message costs at the provider that is tried first, if the account says.
    pub price: Option<Price>,
}

/// A person's address at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Their telephone number.
    Phone(PhoneNumber),
    /// Their chat.
    Chat(ChatId),
}

impl Recipient {
    /// The hash by which it is recognised. It is stored nowhere: addresses can be guessed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        match self {
            Self::Phone(number) => sha256(&[b"phone", number.as_str().as_bytes()]),
            Self::Chat(chat) => sha256(&[b"chat", chat.as_str().as_bytes()]),
        }
    }
}

/// The hash by which the report about a message is matched with its attempt: over the App, the gateway, the provider,
/// and the provider's id of the message.
#[must_use]
pub fn message_hash(
    app: &AppId,
    gateway: GatewayName,
    provider: ProviderName,
    message: &str,
) -> [u8; 32] {
    let place = [app.as_str(), gateway.as_str(), provider.as_str()].map(str::as_bytes);
    let [app, gateway, provider] = place;
    sha256(&[b"message", app, gateway, provider, message.as_bytes()])
}

/// Names have no zero byte.
fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
        context.update(b"\0");
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// What is stored of a person's address at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The address.
    pub recipient: Recipient,
    /// When it was set.
    pub set_at: Timestamp,
    /// Since when the gateway says that it is dead.
    pub died_at: Option<Timestamp>,
}

/// Whether an address that is set again stays dead: it is the same, and was said to be dead lately.
#[must_use]
pub fn stays_dead(
    (former, died_at): (&Recipient, Timestamp),
    recipient: &Recipient,
    now: Timestamp,
) -> bool {
    let stored = Stored {
        hash: former.hash(),
        died_at: Some(died_at),
    };
    upload(Some(stored), &recipient.hash(), now) == Upload::StayDead
}

/// The gateways of a cascade.
pub fn gateways(steps: &Steps) -> impl Iterator<Item = GatewayName> + '_ {
    let steps = steps.as_slice().iter();
    steps.filter_map(|step| step.channel.gateway())
}

/// A person's address at a gateway as a look sees it; `None` if they have none. Of a gateway that the App has no account
/// for (no [`Traits`]) it is only known that nothing is sent by it.
#[must_use]
pub fn looked_at(
    gateway: GatewayName,
    traits: Option<Traits>,
    known: Option<&Known>,
    attempt: Option<&Attempt>,
) -> Option<cascade::Address> {
    let is_dead = match (traits, known) {
        (Some(_), None) => return None,
        (Some(_), Some(known)) => known.died_at.is_some(),
        (None, _) => false,
    };
    Some(cascade::Address {
        channel: Channel::Gateway(gateway),
        is_dead,
        has_provider: traits.is_some(),
        attempt: attempt.cloned(),
    })
}

/// The provider that an attempt is bound to, of which one was noted with its last start: the one that may have taken
/// one of its tries.
#[must_use]
pub const fn bound(attempt: &Attempt, noted: Option<ProviderName>) -> Option<ProviderName> {
    if attempt.may_be_taken() { noted } else { None }
}

/// The provider that a try is to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The provider.
    pub provider: ProviderName,
    /// The one that the same try has begun with, which is proven not to have taken it.
    pub instead_of: Option<ProviderName>,
}

/// Whether a try of an attempt may be started with a provider, when one was noted with its last start. What may have
/// been taken by one in a try before is given to no other one, however sure the present try is of not having been
/// taken.
#[must_use]
pub fn may_start(attempt: &Attempt, noted: Option<ProviderName>, choice: Choice) -> bool {
    let bound = noted.filter(|_| attempt.unproven > 0);
    let is_free = bound.is_none_or(|bound| bound == choice.provider);
    let goes_on = choice.instead_of.is_none() || choice.instead_of == noted;
    is_free && goes_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::State;

    fn name(text: &str) -> GatewayName {
        GatewayName::parse(text).unwrap()
    }

    fn provider(text: &str) -> ProviderName {
        ProviderName::parse(text).unwrap()
    }

    fn attempt(state: State, unproven: u32) -> Attempt {
        Attempt {
            state,
            unproven,
            ..Attempt::HANDED
        }
    }

    const SMS: Traits = Traits {
        reaches: Reaches::Phone,
        proves: Goal::Handed,
        price: None,
    };

    fn number(died_at: Option<Timestamp>) -> Known {
        Known {
            recipient: Recipient::Phone(PhoneNumber::parse("+4930123456").unwrap()),
            set_at: Timestamp::UNIX_EPOCH,
            died_at,
        }
    }

    #[test]
    fn a_look_finds_what_is_stored() {
        let sms = name("sms");
        let alive = looked_at(sms, Some(SMS), Some(&number(None)), None).unwrap();
        assert!(alive.has_provider && !alive.is_dead && alive.attempt.is_none());
        let dead = number(Some(Timestamp::UNIX_EPOCH));
        assert!(
            looked_at(sms, Some(SMS), Some(&dead), None)
                .unwrap()
                .is_dead
        );
        assert_eq!(looked_at(sms, Some(SMS), None, None), None);
        let sent = attempt(State::Sent, 0);
        let tried = looked_at(sms, Some(SMS), Some(&number(None)), Some(&sent));
        assert_eq!(tried.unwrap().attempt, Some(sent));
        let without = looked_at(sms, None, Some(&number(None)), None).unwrap();
        assert!(!without.has_provider);
    }

    #[test]
    fn what_may_have_been_taken_is_bound() {
        let main = Some(provider("main"));
        for (state, unproven, expected) in [
            (State::Begun, 0, None),
            (State::Retrying, 0, None),
            (State::Failed, 0, None),
            (State::Sending, 0, main),
            (State::Sent, 0, main),
            (State::Begun, 1, main),
            (State::Retrying, 1, main),
        ] {
            let attempt = attempt(state, unproven);
            assert_eq!(bound(&attempt, main), expected, "{attempt:?}");
            assert_eq!(bound(&attempt, None), None);
        }
    }

    #[test]
    fn only_what_was_proven_not_to_be_taken_goes_to_another_provider() {
        let [main, backup] = ["main", "backup"].map(provider);
        let choice = |provider, instead_of| Choice {
            provider,
            instead_of,
        };
        let (first, unproven) = (attempt(State::Begun, 0), attempt(State::Begun, 1));
        assert!(may_start(&first, None, choice(main, None)));
        assert!(may_start(&first, Some(main), choice(backup, None)));
        assert!(may_start(&unproven, Some(main), choice(main, None)));
        assert!(!may_start(&unproven, Some(main), choice(backup, None)));
        // Within a try, after the first one said that it does not take it.
        let moved = choice(backup, Some(main));
        assert!(may_start(&attempt(State::Sending, 0), Some(main), moved));
        assert!(!may_start(&attempt(State::Sending, 1), Some(main), moved));
        assert!(!may_start(&attempt(State::Sending, 0), Some(backup), moved));
    }

    #[test]
    fn hashes_tell_addresses_and_messages_apart() {
        let phone = number(None).recipient;
        let chat = Recipient::Chat(ChatId::parse("+4930123456").unwrap());
        assert_ne!(phone.hash(), chat.hash());
        let app = AppId::parse("shop").unwrap();
        let hash = |gateway, by, id| message_hash(&app, name(gateway), provider(by), id);
        assert_eq!(hash("sms", "main", "7"), hash("sms", "main", "7"));
        let all = [
            hash("sms", "main", "7"),
            hash("sms", "main", "8"),
            hash("sms", "backup", "7"),
            hash("viber", "main", "7"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
