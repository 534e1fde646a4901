//! What a push service's answer means, in the same words for every service.

use std::{fmt, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use vestnik_model::Reason;

/// An answer of a push service, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it means for the push, its address and the credentials.
    pub verdict: Verdict,
    /// What the service said, for operators.
    pub said: Said,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The service took the push. This proves a hand-over, not a delivery.
    Accepted {
        /// The service's own id of the push.
        id: Option<ProviderId>,
    },
    /// The service could not take the push; it is worth another try.
    Retry {
        /// Why.
        reason: Reason,
        /// How long the service wants to be left alone; without it the driver backs off by itself.
        after: Option<Duration>,
        /// What the next try is made over.
        over: Connection,
    },
    /// The service takes no more pushes for now.
    Throttled {
        /// Whose pushes.
        scope: Scope,
        /// How long the service wants to be left alone.
        after: Option<Duration>,
        /// What the next try is made over.
        over: Connection,
    },
    /// The address is dead for us.
    Dead {
        /// Why.
        reason: Reason,
        /// Since when, if the service says so. An address that was refreshed later is not dead.
        since: Option<Timestamp>,
    },
    /// The service does not know the address in this environment; it may know it in the other.
    WrongEnvironment,
    /// The service refuses either the push or the address and does not say which of the two.
    Suspect {
        /// What it refuses, as far as it says.
        reason: Reason,
    },
    /// The service will never take this push; the address may be good.
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// The push was written and no answer came: whether the service took it is not known. Adapters never
    /// give this; a repetition goes under the same id.
    Unproven,
    /// The service does not accept credentials: ours, or those that it has of us for a platform.
    Refused {
        /// Why.
        reason: Reason,
        /// Whose pushes are refused.
        scope: Scope,
        /// What helps.
        remedy: Remedy,
    },
}

impl Verdict {
    /// A try again over any connection.
    pub(crate) const fn retry(reason: Reason, after: Option<Duration>) -> Self {
        let over = Connection::Any;
        Self::Retry {
            reason,
            after,
            over,
        }
    }

    /// A try again after an answer whose status says that the trouble is the service's and passes; none
    /// for any other status (RFC 9110, 15).
    pub(crate) fn passing(status: StatusCode, after: Option<Duration>) -> Option<Self> {
        let reason = match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Reason::ProviderTimeout,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
                Reason::ProviderUnavailable
            }
            status if status.is_server_error() => Reason::ProviderInternal,
            _ => return None,
        };
        Some(Self::retry(reason, after))
    }

    /// A dead address, without a time.
    pub(crate) const fn dead(reason: Reason) -> Self {
        Self::Dead {
            reason,
            since: None,
        }
    }

    /// The registry's code for this meaning; none if the push was accepted.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Accepted { .. } => None,
            Self::Throttled { .. } => Some(Reason::ProviderThrottled),
            Self::WrongEnvironment => Some(Reason::TokenWrongEnv),
            Self::Unproven => Some(Reason::ProviderUnproven),
            Self::Retry { reason, .. }
            | Self::Dead { reason, .. }
            | Self::Suspect { reason }
            | Self::Rejected { reason }
            | Self::Refused { reason, .. } => Some(*reason),
        }
    }
}

/// What the next try is made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The same connection or another one.
    Any,
    /// A new connection: the service is done with this one.
    New,
}

/// Whose pushes an answer concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those to this address, or to some like it; others may pass.
    Address,
    /// All of this sender's.
    Sender,
    /// The service does not say.
    Unsaid,
}

/// What helps when credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// A new provider token, once. If it is refused too, only the operator can help.
    NewToken,
    /// A new connection, once: this one was first used with another key.
    NewConnection,
    /// The other environment of APNs, once: the key is not for this one.
    OtherEnvironment,
    /// Something that only the operator can do: another key, a permission, a setting at the service.
    Operator,
}

/// A push service's id of a push that it took, at most [`ProviderId::MAX_BYTES`] long.
///
/// That of Web Push is an address by which the push can be withdrawn (RFC 8030, 7.3), so `Debug` does
/// not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderId(String);

impl ProviderId {
    /// The most bytes of an id.
    pub const MAX_BYTES: usize = 1_024;

    /// An id of visible ASCII characters; none for any other text.
    pub(crate) fn read(text: &str) -> Option<Self> {
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

impl fmt::Debug for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderId({} bytes)", self.0.len())
    }
}

/// What a service said, without anything that a push or an address contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The status of its answer.
    pub status: StatusCode,
    /// Its word for what is wrong, such as `UNREGISTERED` or `BadDeviceToken`.
    pub word: Option<String>,
}

impl Said {
    /// The most bytes of a word.
    pub const MAX_WORD_BYTES: usize = 64;

    /// Keeps a word if it looks like one: a service may put anything into its answer, the address too.
    pub(crate) fn new(status: StatusCode, word: Option<&str>) -> Self {
        let is_word = |word: &&str| {
            (1..=Self::MAX_WORD_BYTES).contains(&word.len())
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let word = word.filter(is_word).map(str::to_owned);
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
