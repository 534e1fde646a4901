//! What a reply or a bounce means, as a closed table.
//!
//! An enhanced status says more than a bare code and is believed first. An address is dead only by a
//! permanent status that says that the mailbox or its domain does not exist or is closed: bare 550
//! stands for blocked senders and content just as often.

use std::{fmt, time::Duration};

use vestnik_model::Reason;

use crate::{
    reply::Reply,
    status::{Class, EnhancedStatus},
};

/// How long a server that is shutting down or busy is left alone.
pub const BUSY: Duration = Duration::from_secs(60);
/// How long a greylisting server is left alone: they want five minutes.
pub const GREYLISTED: Duration = Duration::from_secs(5 * 60);
/// How long a server that was sent too much is left alone.
pub const THROTTLED: Duration = Duration::from_secs(15 * 60);
/// How long a full mailbox is left alone.
pub const FULL: Duration = Duration::from_secs(60 * 60);

/// What became of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What it means for the letter, its address and the account.
    pub verdict: Verdict,
    /// The server's code, if it gave one.
    pub said: Option<Said>,
}

/// What a server said, as numbers: its texts contain addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The code of its reply; none in a bounce.
    pub code: Option<u16>,
    /// The enhanced status.
    pub status: Option<EnhancedStatus>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.status) {
            (Some(code), Some(status)) => write!(f, "{code} {status}"),
            (Some(code), None) => write!(f, "{code}"),
            (None, Some(status)) => write!(f, "{status}"),
            (None, None) => f.write_str("nothing"),
        }
    }
}

impl From<&Reply> for Said {
    fn from(reply: &Reply) -> Self {
        Self {
            code: Some(reply.code),
            status: reply.status,
        }
    }
}

/// What a reply means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server took the letter. This proves a hand-over, not a delivery: a bounce may follow.
    Accepted,
    /// The letter was not handed over; it is worth another try.
    Retry {
        /// Why.
        reason: Reason,
        /// How long to wait; without it the caller backs off by itself.
        after: Option<Duration>,
    },
    /// All connections were in use for as long as a letter waits for one: nothing was asked of the server.
    Busy,
    /// The server takes no more from us for now.
    Throttled {
        /// How long to wait.
        after: Duration,
    },
    /// The mailbox does not exist.
    Dead {
        /// Why.
        reason: Reason,
    },
    /// The server never takes this letter; the address may be good.
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// The server takes nothing from this account; only the operator can help.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// The connection ended after the whole letter was written and before the server answered: it may
    /// have taken it. A repetition is the same letter.
    Unproven {
        /// Why.
        reason: Reason,
    },
}

impl Verdict {
    /// The registry's code for this meaning; none if the letter was taken.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Accepted => None,
            Self::Busy => Some(Reason::ProviderUnavailable),
            Self::Throttled { .. } => Some(Reason::ProviderThrottled),
            Self::Retry { reason, .. }
            | Self::Dead { reason }
            | Self::Rejected { reason }
            | Self::Refused { reason }
            | Self::Unproven { reason } => Some(*reason),
        }
    }

    /// Whether the server took the letter, or nobody knows.
    #[must_use]
    pub const fn may_be_taken(&self) -> bool {
        match self {
            Self::Accepted | Self::Unproven { .. } => true,
            Self::Retry { .. }
            | Self::Busy
            | Self::Throttled { .. }
            | Self::Dead { .. }
            | Self::Rejected { .. }
            | Self::Refused { .. } => false,
        }
    }

    pub(crate) const fn retry(reason: Reason, after: Duration) -> Self {
        Self::Retry {
            reason,
            after: Some(after),
        }
    }
}

/// What a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Opening of the connection: its greeting, `EHLO`, `STARTTLS`.
    Opening,
    /// `AUTH`.
    Authentication,
    /// `MAIL`.
    Sender,
    /// `RCPT`, `DATA` or the letter itself, which has one recipient.
    Letter,
}

/// What a reply means in its phase.
#[must_use]
pub fn outcome(reply: &Reply, phase: Phase) -> Outcome {
    let verdict = if reply.is_positive() {
        match phase {
            Phase::Letter => Verdict::Accepted,
            // A positive answer to anything else comes to nobody who asks for an outcome.
            Phase::Opening | Phase::Authentication | Phase::Sender => UNKNOWN,
        }
    } else {
        refusal(reply, phase)
    };
    Outcome {
        verdict,
        said: Some(reply.into()),
    }
}

const UNKNOWN: Verdict = Verdict::Rejected {
    reason: Reason::Unknown,
};

fn refusal(reply: &Reply, phase: Phase) -> Verdict {
    let is_transient = reply.code < 500;
    let topic = reply.status.map_or(Topic::Unsaid, Topic::of);
    match phase {
        // 421 closes the connection in any phase (RFC 5321, 3.8).
        _ if reply.code == 421 && !matches!(topic, Topic::Flood | Topic::Policy) => {
            Verdict::retry(Reason::ProviderUnavailable, BUSY)
        }
        _ if reply.code == 421 => Verdict::Throttled { after: THROTTLED },
        Phase::Opening if is_transient => Verdict::retry(Reason::ProviderUnavailable, BUSY),
        Phase::Opening => permanent_of_opening(topic),
        Phase::Authentication if is_transient => Verdict::retry(Reason::ProviderInternal, BUSY),
        Phase::Authentication => Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
        },
        Phase::Sender | Phase::Letter if is_transient => transient(topic, reply.code),
        Phase::Sender => permanent_of_sender(topic, reply.code),
        Phase::Letter => permanent(topic, reply.code),
    }
}

/// What a bounce of a final failure, or of a delay, means.
pub(crate) fn of_bounce(status: EnhancedStatus) -> Verdict {
    let topic = Topic::of(status);
    match status.class {
        Class::Success => Verdict::Accepted,
        Class::Permanent => permanent(topic, 0),
        Class::Transient => given_up(permanent(topic, 0)),
    }
}

/// What a server says that gave up after it was told for days that it may work later: nothing of that proves
/// that a mailbox is gone, or that an account is refused.
const fn given_up(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Dead { .. } | Verdict::Refused { .. } => Verdict::Rejected {
            reason: Reason::ProviderTimeout,
        },
        Verdict::Accepted
        | Verdict::Retry { .. }
        | Verdict::Busy
        | Verdict::Throttled { .. }
        | Verdict::Rejected { .. }
        | Verdict::Unproven { .. } => verdict,
    }
}

/// What an enhanced status is about, as far as it makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    /// The mailbox or its domain does not exist or is closed.
    Mailbox,
    /// The mailbox is full.
    Full,
    /// The address in `MAIL`.
    Sender,
    /// The size of the letter.
    Size,
    /// The server or the way to it.
    Network,
    /// The server's storage or load.
    System,
    /// A rule of the receiver: blocked senders, unwanted content.
    Policy,
    /// What the letter contains, and its form.
    Content,
    /// Too many letters.
    Flood,
    /// Our name and password, or that the connection is not encrypted.
    Credentials,
    /// The sender's domain does not vouch for us (DKIM, SPF, DMARC, reverse DNS).
    Unvouched,
    /// The commands.
    Protocol,
    /// It took too long.
    Expired,
    /// It says nothing.
    Unsaid,
}

impl Topic {
    /// The registry of codes by IANA, "Simple Mail Transfer Protocol (SMTP) Enhanced Status Codes".
    const fn of(status: EnhancedStatus) -> Self {
        match (status.subject, status.detail) {
            // Bad mailbox, bad domain, bad syntax, ambiguous, moved, and a domain without mail.
            (1, 1 | 2 | 3 | 4 | 6 | 10) => Self::Mailbox,
            (1, 7 | 8) | (7, 27) => Self::Sender,
            // Disabled, and owned by somebody else than before (RFC 7293).
            (2, 1) | (7, 17 | 18) => Self::Mailbox,
            (2, 2) => Self::Full,
            (2, 3) | (3, 4) | (7, 16) => Self::Size,
            (3, 1 | 2) => Self::System,
            (4, 7) => Self::Expired,
            (4, 5) | (5, 3) | (7, 28) => Self::Flood,
            (4, _) => Self::Network,
            (5, _) => Self::Protocol,
            (6, _) => Self::Content,
            (7, 8..=13 | 30) => Self::Credentials,
            (7, 20..=26 | 29) => Self::Unvouched,
            (7, _) => Self::Policy,
            _ => Self::Unsaid,
        }
    }
}

/// 4xx to `MAIL`, `RCPT`, `DATA` or the letter. Nothing that is said for now kills an address.
const fn transient(topic: Topic, code: u16) -> Verdict {
    match topic {
        Topic::Full => Verdict::retry(Reason::ProviderRejected, FULL),
        Topic::Flood => Verdict::Throttled { after: THROTTLED },
        Topic::Credentials => Verdict::retry(Reason::ProviderInternal, BUSY),
        Topic::System | Topic::Network | Topic::Expired => {
            Verdict::retry(Reason::ProviderUnavailable, BUSY)
        }
        // A mailbox that is not known yet, a policy, or nothing at all: so greylisting answers.
        Topic::Mailbox
        | Topic::Sender
        | Topic::Size
        | Topic::Policy
        | Topic::Content
        | Topic::Unvouched
        | Topic::Protocol
        | Topic::Unsaid => match code {
            452 => Verdict::retry(Reason::ProviderUnavailable, BUSY),
            _ => Verdict::retry(Reason::ProviderUnavailable, GREYLISTED),
        },
    }
}

/// 5xx to the connection itself. A server that is out of service for a while says 554 and nothing else
/// (RFC 5321, 3.1), so only what is said of this sender is one.
const fn permanent_of_opening(topic: Topic) -> Verdict {
    match topic {
        Topic::Policy | Topic::Sender | Topic::Credentials | Topic::Unvouched => Verdict::Refused {
            reason: Reason::ConfigSenderNotAllowed,
        },
        Topic::Flood => Verdict::Throttled { after: THROTTLED },
        Topic::Mailbox
        | Topic::Full
        | Topic::Size
        | Topic::Network
        | Topic::System
        | Topic::Content
        | Topic::Protocol
        | Topic::Expired
        | Topic::Unsaid => Verdict::retry(Reason::ProviderUnavailable, BUSY),
    }
}

/// 5xx to `MAIL`: whatever it is about, no letter of this account passes. Its size is the exception, and a quota
/// that was used up: letters pass again when the server says so.
const fn permanent_of_sender(topic: Topic, code: u16) -> Verdict {
    let reason = match (topic, code) {
        (Topic::Size, _) | (Topic::Unsaid, 552) => {
            return Verdict::Rejected {
                reason: Reason::ProviderPayloadTooLarge,
            };
        }
        (Topic::Flood, _) => return Verdict::Throttled { after: THROTTLED },
        (Topic::Credentials, _) | (Topic::Policy | Topic::Unsaid, 530 | 534 | 535 | 538) => {
            Reason::ConfigProviderAuth
        }
        _ => Reason::ConfigSenderNotAllowed,
    };
    Verdict::Refused { reason }
}

/// 5xx to `RCPT`, `DATA` or the letter, or a bounce.
const fn permanent(topic: Topic, code: u16) -> Verdict {
    let reason = match topic {
        Topic::Mailbox => {
            return Verdict::Dead {
                reason: Reason::EmailBounced,
            };
        }
        Topic::Credentials => {
            return Verdict::Refused {
                reason: Reason::ConfigProviderAuth,
            };
        }
        Topic::Sender | Topic::Unvouched => {
            return Verdict::Refused {
                reason: Reason::ConfigSenderNotAllowed,
            };
        }
        Topic::Flood => return Verdict::Throttled { after: THROTTLED },
        Topic::Size => Reason::ProviderPayloadTooLarge,
        Topic::Policy | Topic::Content => Reason::ProviderContentRejected,
        Topic::Network | Topic::System => Reason::ProviderUnavailable,
        Topic::Expired => Reason::ProviderTimeout,
        Topic::Full | Topic::Protocol => Reason::ProviderRejected,
        Topic::Unsaid => match code {
            530 | 535 => {
                return Verdict::Refused {
                    reason: Reason::ConfigProviderAuth,
                };
            }
            552 => Reason::ProviderPayloadTooLarge,
            554 => Reason::ProviderContentRejected,
            _ => Reason::ProviderRejected,
        },
    };
    Verdict::Rejected { reason }
}

#[cfg(test)]
mod tests;
