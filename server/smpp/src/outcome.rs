//! What the answer to a submission means, as a closed table.
//!
//! A message of several parts has one outcome. Its first part is sent alone: a number or an account that is
//! refused costs one refusal, and nothing of the message was taken. The others follow once the first is taken,
//! and one of them that cannot be taken at the moment is repeated by the session, with the same reference, for
//! [`Patience::parts`](crate::Patience::parts). What remains is decided so:
//! - If each part was taken or written without an answer, and at least one was not answered, the message is
//!   [`Verdict::Unproven`]: it may be whole.
//! - If a part is known not to be taken, the message is what the refusal of that part means. No phone shows the
//!   rest as the message, so a repetition is not read twice; what the parts that were taken cost is told by
//!   [`Outcome::ids`].

use std::{fmt, time::Duration};

use vestnik_model::Reason;

use crate::{arrival::MessageId, pdu::Status};

/// How long a message centre with an error of its own is left alone.
pub const BUSY: Duration = Duration::from_secs(60);

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it means for the message, its number and the account.
    pub verdict: Verdict,
    /// What the message centre said, if it said something.
    pub said: Option<Said>,
    /// The ids of the parts that were taken, in order; none for one whose id cannot be read. Receipts name
    /// them.
    pub ids: Vec<Option<MessageId>>,
    /// Of how many parts.
    pub parts: usize,
}

/// What a message centre said, as a number: its texts may contain more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Said(pub Status);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Said({self})")
    }
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The message centre took the message. This proves a hand-over, not a delivery: receipts follow.
    Accepted {
        /// The id of its last part, if it can be read.
        id: Option<MessageId>,
    },
    /// The message was not handed over; it is worth another try.
    Retry {
        /// Why.
        reason: Reason,
        /// How long to wait; without it the caller backs off by itself.
        after: Option<Duration>,
    },
    /// The message centre takes no more from us for now.
    Throttled {
        /// How long to wait.
        after: Duration,
    },
    /// The number is none.
    Dead {
        /// Why.
        reason: Reason,
    },
    /// The message centre never takes this message; the number may be good.
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// The message centre takes nothing from this account; only the operator can help.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// The message was written and not answered: the message centre may have taken it. It has no way to know
    /// a repetition, so the person may read it twice.
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

    /// Whether the message centre took the message, or nobody knows.
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

    pub(crate) const UNPROVEN: Self = Self::Unproven {
        reason: Reason::ProviderUnproven,
    };

    /// Nothing was written, because there is no session.
    pub(crate) const UNAVAILABLE: Self = Self::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
    };

    const fn busy(reason: Reason) -> Self {
        Self::Retry {
            reason,
            after: Some(BUSY),
        }
    }
}

impl Outcome {
    /// Whether a bind was refused as message centres do that allow one session of an account at a time, and have one.
    #[must_use]
    pub fn may_be_bound_already(&self) -> bool {
        let refusals = [Status::BIND_FAILED, Status::ALREADY_BOUND];
        self.said
            .is_some_and(|Said(status)| refusals.contains(&status))
    }

    /// Of a message of which nothing was written.
    pub(crate) const fn unwritten(verdict: Verdict) -> Self {
        Self {
            verdict,
            said: None,
            ids: Vec::new(),
            parts: 0,
        }
    }
}

/// What a refusal of a submission means; `pause` is how long the session sends nothing if it says that there
/// was too much.
#[must_use]
pub fn of_submission(status: Status, pause: Duration) -> Verdict {
    let reason = match status {
        Status::THROTTLED | Status::QUEUE_FULL => return Verdict::Throttled { after: pause },
        Status::INVALID_BIND_STATUS => return Verdict::UNAVAILABLE,
        Status::SYSTEM_ERROR | Status::SUBMIT_FAILED | Status::UNKNOWN => {
            return Verdict::busy(Reason::ProviderInternal);
        }
        Status::TEMPORARY | Status::SERVICE_TYPE_UNAVAILABLE => {
            return Verdict::busy(Reason::ProviderUnavailable);
        }
        Status::INVALID_DESTINATION => {
            return Verdict::Dead {
                reason: Reason::TokenDead,
            };
        }
        Status::BIND_FAILED
        | Status::INVALID_PASSWORD
        | Status::INVALID_SYSTEM_ID
        | Status::INVALID_SYSTEM_TYPE => return refused(Reason::ConfigProviderAuth),
        Status::INVALID_SOURCE
        | Status::INVALID_SOURCE_TON
        | Status::INVALID_SOURCE_NPI
        | Status::INVALID_SERVICE_TYPE
        | Status::SERVICE_TYPE_UNAUTHORISED
        | Status::SERVICE_TYPE_DENIED
        | Status::PROHIBITED => return refused(Reason::ConfigSenderNotAllowed),
        Status::INVALID_MESSAGE_LENGTH => Reason::ProviderPayloadTooLarge,
        // What is wrong with the request, one field after the other.
        Status(
            0x02..=0x07
            | 0x33..=0x44
            | 0x50..=0x55
            | 0x61..=0x63
            | 0x65..=0x66
            | 0xc0..=0xc4
            | 0xfe
            | 0x104..=0x112,
        ) => Reason::ProviderRejected,
        // The message centre's own (0x400 to 0x4ff), and what answers other requests.
        Status(_) => Reason::Unknown,
    };
    Verdict::Rejected { reason }
}

/// What a refusal to bind means. A centre that says that it has trouble, or that the account is bound already,
/// may take a later bind; one that says nothing known may, too.
#[must_use]
pub const fn of_bind(status: Status) -> Verdict {
    match status {
        Status::BIND_FAILED
        | Status::INVALID_PASSWORD
        | Status::INVALID_SYSTEM_ID
        | Status::INVALID_SYSTEM_TYPE
        | Status::INVALID_COMMAND
        | Status::PROHIBITED => refused(Reason::ConfigProviderAuth),
        Status::SYSTEM_ERROR | Status::UNKNOWN => Verdict::busy(Reason::ProviderInternal),
        Status(_) => Verdict::UNAVAILABLE,
    }
}

const fn refused(reason: Reason) -> Verdict {
    Verdict::Refused { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(2);

    /// The statuses of SMPP 3.4, 5.1.3, and of SMPP 5.0, 4.7.6, by what they come to.
    #[test]
    fn every_status_of_the_specification_has_its_meaning() {
        let rejected = |reason| Verdict::Rejected { reason };
        let table = [
            (Verdict::Throttled { after: PAUSE }, &[0x14, 0x58][..]),
            (Verdict::UNAVAILABLE, &[0x04]),
            (Verdict::busy(Reason::ProviderInternal), &[0x08, 0x45, 0xff]),
            (Verdict::busy(Reason::ProviderUnavailable), &[0x64, 0x102]),
            (
                Verdict::Dead {
                    reason: Reason::TokenDead,
                },
                &[0x0b],
            ),
            (
                refused(Reason::ConfigProviderAuth),
                &[0x0d, 0x0e, 0x0f, 0x53],
            ),
            (
                refused(Reason::ConfigSenderNotAllowed),
                &[0x0a, 0x15, 0x48, 0x49, 0x100, 0x101, 0x103],
            ),
            (rejected(Reason::ProviderPayloadTooLarge), &[0x01]),
            (
                rejected(Reason::ProviderRejected),
                &[
                    0x02, 0x03, 0x05, 0x06, 0x07, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x50, 0x51,
                    0x54, 0x55, 0x61, 0x62, 0x63, 0x65, 0x66, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xfe,
                    0x104, 0x105, 0x106,
                ],
            ),
            (
                rejected(Reason::Unknown),
                &[0x0c, 0x11, 0x13, 0x67, 0x400, 0x4ff, 0xdead_beef],
            ),
        ];
        for (verdict, statuses) in table {
            for status in statuses {
                let status = Status(*status);
                assert_eq!(of_submission(status, PAUSE), verdict, "{status}");
            }
        }
    }

    #[test]
    fn a_wrong_login_is_refused_and_an_old_session_is_not() {
        for status in [0x03, 0x0d, 0x0e, 0x0f, 0x53, 0x101] {
            let wanted = refused(Reason::ConfigProviderAuth);
            assert_eq!(of_bind(Status(status)), wanted, "{status}");
        }
        for status in [0x05, 0x08, 0x14, 0x58, 0x64, 0xff, 0x400] {
            let verdict = of_bind(Status(status));
            assert!(matches!(verdict, Verdict::Retry { .. }), "{status}");
        }
    }

    #[test]
    fn a_second_bind_is_told_by_what_was_said() {
        for (status, may_be) in [(0x05, true), (0x0d, true), (0x0e, false), (0x08, false)] {
            let refused = Outcome {
                said: Some(Said(Status(status))),
                ..Outcome::unwritten(of_bind(Status(status)))
            };
            assert_eq!(refused.may_be_bound_already(), may_be, "{status}");
        }
        assert!(!Outcome::unwritten(Verdict::UNAVAILABLE).may_be_bound_already());
    }

    #[test]
    fn what_was_said_is_shown_by_its_name() {
        assert_eq!(Said(Status::THROTTLED).to_string(), "ESME_RTHROTTLED");
        assert_eq!(format!("{:?}", Said(Status(0x401))), "Said(0x00000401)");
    }
}
