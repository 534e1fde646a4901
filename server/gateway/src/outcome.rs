//! What a gateway's answer means, in the same words for every gateway.

use std::{fmt, time::Duration};

use http::StatusCode;
use vestnik_model::{Money, Reason};

/// An answer, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it means for the message, its address and the account.
    pub verdict: Verdict,
    /// What the gateway said, for operators.
    pub said: Said,
    /// What the message cost, if it was taken and that is known.
    pub cost: Option<Money>,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The gateway took the message. This proves a hand-over, not a delivery.
    Accepted {
        /// Its own id of the message, by which its reports name it.
        id: Option<MessageId>,
    },
    /// The gateway did not take the message; it is worth another try.
    Retry {
        /// Why.
        reason: Reason,
        /// How long it wants to be left alone; without it the caller backs off by itself.
        after: Option<Duration>,
    },
    /// The gateway did not take the message and takes no more for now.
    Throttled {
        /// Whose messages.
        scope: Scope,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// The address cannot be sent to over this channel: nobody has it, or whoever has it blocks us.
    Dead {
        /// Why.
        reason: Reason,
    },
    /// The gateway will never take this message; the address may be good.
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// The gateway takes nothing from this account; only the operator can help.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// Whether the gateway took the message is not known. It must not be sent by another provider.
    Unproven {
        /// Why.
        reason: Reason,
    },
}

impl Verdict {
    /// The registry's code for this meaning; none if the message was taken.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Accepted { .. } => None,
            Self::Throttled { .. } => Some(Reason::ProviderThrottled),
            Self::Retry { reason, .. }
            | Self::Dead { reason }
            | Self::Rejected { reason }
            | Self::Refused { reason }
            | Self::Unproven { reason } => Some(*reason),
        }
    }

    /// Whether the gateway took the message, or nobody knows.
    #[must_use]
    pub const fn may_be_taken(&self) -> bool {
        match self {
            Self::Accepted { .. } | Self::Unproven { .. } => true,
            Self::Retry { .. }
            | Self::Throttled { .. }
            | Self::Dead { .. }
            | Self::Rejected { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// The word that a descriptor has for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Retry { .. } => "retry",
            Self::Throttled { .. } => "throttled",
            Self::Dead { .. } => "dead",
            Self::Rejected { .. } => "rejected",
            Self::Refused { .. } => "refused",
            Self::Unproven { .. } => "unproven",
        }
    }
}

/// Whose messages an answer holds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those to this recipient; others may pass.
    Recipient,
    /// All of this account's.
    Account,
}

/// A gateway's id of a message that it took, at most [`MessageId::MAX_BYTES`] long.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// The most bytes of an id. Those of `WhatsApp` have about 60.
    pub const MAX_BYTES: usize = 200;

    /// Reads an id; none if it is empty, too long or not of visible ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| Self(text.to_owned()))
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Some gateways make the number of the recipient a part of the id, so it is not shown.
impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({} bytes)", self.0.len())
    }
}

/// What a gateway said, without anything that a message or an address contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The status of its answer.
    pub status: StatusCode,
    /// Its code for what is wrong, such as `131026` or `receiverNotSubscribed`.
    pub word: Option<String>,
}

impl Said {
    /// The most bytes of a word.
    pub const MAX_WORD_BYTES: usize = 64;

    /// Keeps a word if it looks like a code: a gateway may put anything into its answer, the number too.
    pub(crate) fn new(status: StatusCode, word: Option<String>) -> Self {
        let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let is_word = |word: &String| {
            let has_number = word.bytes().filter(u8::is_ascii_digit).count() > 6;
            (1..=Self::MAX_WORD_BYTES).contains(&word.len())
                && word.bytes().all(is_of_word)
                && !has_number
        };
        let word = word.filter(is_word);
        Self { status, word }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.word {
            Some(word) => write!(f, "{} {word}", self.status.as_u16()),
            None => write!(f, "{}", self.status.as_u16()),
        }
    }
}
