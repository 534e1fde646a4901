//! An answer of a gateway and the rules by which it is read.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use vestnik_model::Reason;
use vestnik_outbound::{MAX_RETRY_AFTER, retry_after};

use crate::{
    condition::{Condition, word},
    fault::Invalid,
    node::{Node, Object},
    outcome::{MessageId, Said, Scope, Verdict},
    pointer::Pointer,
    status::StatusRange,
};

/// The most bytes of a body that are read. A longer one counts as one without a value.
pub const MAX_BODY_BYTES: usize = 64 * 1_024;
/// The most rules.
const MAX_RULES: usize = 64;

/// An HTTP answer as it came.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, or its beginning.
    pub body: &'a [u8],
}

/// Shows the status only: the body may contain the number and the text.
impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer<'_> {
    /// The body as JSON; a body that is something else is a text.
    pub(crate) fn value(&self) -> Value {
        if self.body.len() > MAX_BODY_BYTES {
            return Value::Null;
        }
        serde_json::from_slice(self.body).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(self.body);
            Value::String(text.trim().to_owned())
        })
    }
}

/// A rule: which answers it is about, and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AnswerRule {
    statuses: Vec<StatusRange>,
    when: Vec<Condition>,
    meaning: Meaning,
}

#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    Accepted { id: Option<Pointer> },
    Retry { reason: Reason, wait: Wait },
    Throttled { scope: Scope, wait: Wait },
    Dead(Reason),
    Rejected(Reason),
    Refused(Reason),
    Unproven,
}

/// How long a gateway is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wait {
    /// Where the answer says so, in seconds.
    at: Option<Pointer>,
    /// What holds if it does not.
    otherwise: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Accepted,
    Retry,
    Throttled,
    Dead,
    Rejected,
    Refused,
    Unproven,
}

const KINDS: [(&str, Kind); 7] = [
    ("accepted", Kind::Accepted),
    ("retry", Kind::Retry),
    ("throttled", Kind::Throttled),
    ("dead", Kind::Dead),
    ("rejected", Kind::Rejected),
    ("refused", Kind::Refused),
    ("unproven", Kind::Unproven),
];

/// Reads the rules; the first that fits an answer says what it means.
pub(crate) fn rules(descriptor: &Object<'_>) -> Result<Vec<AnswerRule>, Invalid> {
    let node = descriptor.need("answers")?;
    let rules = node.list(MAX_RULES)?;
    let rules: Result<Vec<_>, _> = rules.iter().map(AnswerRule::read).collect();
    let rules = rules?;
    let takes = |rule: &AnswerRule| matches!(rule.meaning, Meaning::Accepted { .. });
    if !rules.iter().any(takes) {
        return Err(node.rule("must say which answer is accepted"));
    }
    Ok(rules)
}

impl AnswerRule {
    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&[
            "status", "when", "verdict", "id", "reason", "scope", "after", "wait",
        ])?;
        let kind = fields.need("verdict")?.word(&KINDS)?;
        let allowed: &[&str] = match kind {
            Kind::Accepted => &["id"],
            Kind::Retry => &["reason", "after", "wait"],
            Kind::Throttled => &["scope", "after", "wait"],
            Kind::Dead | Kind::Rejected | Kind::Refused => &["reason"],
            Kind::Unproven => &[],
        };
        for name in ["id", "reason", "scope", "after", "wait"] {
            if let Some(node) = fields.get(name).filter(|_| !allowed.contains(&name)) {
                return Err(node.rule("does not belong to this verdict"));
            }
        }
        let meaning = Meaning::read(kind, &fields)?;
        let statuses = fields.map("status", StatusRange::read_all)?;
        let when = fields.map("when", Condition::read_all)?;
        if statuses.is_none() && when.is_none() {
            return Err(node.rule("must have a status or a condition"));
        }
        Ok(Self {
            statuses: statuses.unwrap_or_default(),
            when: when.unwrap_or_default(),
            meaning,
        })
    }

    fn fits(&self, status: StatusCode, value: &Value) -> bool {
        let of_status =
            self.statuses.is_empty() || self.statuses.iter().any(|range| range.has(status));
        of_status && self.when.iter().all(|condition| condition.holds(value))
    }
}

impl Meaning {
    fn read(kind: Kind, fields: &Object<'_>) -> Result<Self, Invalid> {
        Ok(match kind {
            Kind::Accepted => Self::Accepted {
                id: fields.map("id", Node::pointer)?,
            },
            Kind::Retry => Self::Retry {
                reason: reason(fields, Reason::ProviderUnavailable, &RETRY)?,
                wait: Wait::read(fields)?,
            },
            Kind::Throttled => {
                let scopes = [("recipient", Scope::Recipient), ("account", Scope::Account)];
                let scope = fields.map("scope", |node| node.word(&scopes))?;
                Self::Throttled {
                    scope: scope.unwrap_or(Scope::Account),
                    wait: Wait::read(fields)?,
                }
            }
            Kind::Dead => Self::Dead(reason(fields, Reason::TokenDead, &DEAD)?),
            Kind::Rejected => Self::Rejected(reason(fields, Reason::ProviderRejected, &REJECTED)?),
            Kind::Refused => Self::Refused(reason(fields, Reason::ConfigProviderAuth, &REFUSED)?),
            Kind::Unproven => Self::Unproven,
        })
    }

    fn verdict(&self, answer: &Answer<'_>, value: &Value, now: Timestamp) -> Verdict {
        match self {
            Self::Accepted { id } => Verdict::Accepted {
                id: id.as_ref().and_then(|at| message_id(at, value)),
            },
            Self::Retry { reason, wait } => Verdict::Retry {
                reason: *reason,
                after: wait.of(answer, value, now),
            },
            Self::Throttled { scope, wait } => Verdict::Throttled {
                scope: *scope,
                after: wait.of(answer, value, now),
            },
            Self::Dead(reason) => Verdict::Dead { reason: *reason },
            Self::Rejected(reason) => Verdict::Rejected { reason: *reason },
            Self::Refused(reason) => Verdict::Refused { reason: *reason },
            Self::Unproven => UNPROVEN,
        }
    }
}

const RETRY: [Reason; 3] = [
    Reason::ProviderUnavailable,
    Reason::ProviderInternal,
    Reason::ProviderTimeout,
];
pub(crate) const DEAD: [Reason; 3] = [
    Reason::TokenDead,
    Reason::TokenMismatch,
    Reason::BlockedChannel,
];
/// `blocked.channel` here: the person wants none of this kind of message, and gets others.
const REJECTED: [Reason; 4] = [
    Reason::ProviderRejected,
    Reason::ProviderContentRejected,
    Reason::ProviderPayloadTooLarge,
    Reason::BlockedChannel,
];
const REFUSED: [Reason; 3] = [
    Reason::ConfigProviderAuth,
    Reason::ConfigSenderNotAllowed,
    Reason::ConfigQuota,
];

/// The reason of a rule, which must be one that its verdict can have.
pub(crate) fn reason(
    fields: &Object<'_>,
    default: Reason,
    allowed: &[Reason],
) -> Result<Reason, Invalid> {
    let words: Vec<_> = allowed
        .iter()
        .map(|reason| (reason.as_str(), *reason))
        .collect();
    let reason = fields.map("reason", |node| node.word(&words))?;
    Ok(reason.unwrap_or(default))
}

pub(crate) fn message_id(at: &Pointer, value: &Value) -> Option<MessageId> {
    let text = word(at.first(value)?)?;
    MessageId::parse(&text)
}

impl Wait {
    fn read(fields: &Object<'_>) -> Result<Self, Invalid> {
        let most = MAX_RETRY_AFTER.as_secs();
        let otherwise = fields.map("wait", |node| node.number(1, most))?;
        Ok(Self {
            at: fields.map("after", Node::pointer)?,
            otherwise: otherwise.map(Duration::from_secs),
        })
    }

    /// What the answer says, in its body or by `Retry-After`, else what the rule says.
    fn of(&self, answer: &Answer<'_>, value: &Value, now: Timestamp) -> Option<Duration> {
        let said = self.at.as_ref().and_then(|at| seconds(at.first(value)?));
        let said = said.or_else(|| retry_after(answer.headers, now));
        said.or(self.otherwise)
    }
}

/// Seconds as a number, rounded up, or as a text.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if !(0.0..=MAX_RETRY_AFTER.as_secs_f64()).contains(&seconds) {
        return (seconds > 0.0).then_some(MAX_RETRY_AFTER);
    }
    Some(Duration::from_millis((seconds * 1_000.0).ceil() as u64))
}

/// What an answer means by the first rule that fits, or by its status if none does.
pub(crate) fn verdict(
    rules: &[AnswerRule],
    answer: &Answer<'_>,
    now: Timestamp,
) -> (Verdict, Value) {
    let value = answer.value();
    let rule = rules.iter().find(|rule| rule.fits(answer.status, &value));
    let verdict = match rule {
        Some(rule) => rule.meaning.verdict(answer, &value, now),
        None => unlisted(answer, now),
    };
    (verdict, value)
}

const UNPROVEN: Verdict = Verdict::Unproven {
    reason: Reason::ProviderUnproven,
};

/// What an answer means that no rule is about, by its status alone (RFC 9110, 15).
///
/// Nothing kills an address, and nothing that may have been taken is repeated: a success that nobody
/// described and most failures of the server are unproven. 408, 425, 429 and 503 say that nothing was done.
fn unlisted(answer: &Answer<'_>, now: Timestamp) -> Verdict {
    let after = retry_after(answer.headers, now);
    let retry = |reason| Verdict::Retry { reason, after };
    let refused = |reason| Verdict::Refused { reason };
    match answer.status.as_u16() {
        401 | 407 => refused(Reason::ConfigProviderAuth),
        402 => refused(Reason::ConfigQuota),
        408 => retry(Reason::ProviderTimeout),
        413 | 414 | 431 => Verdict::Rejected {
            reason: Reason::ProviderPayloadTooLarge,
        },
        425 | 503 => retry(Reason::ProviderUnavailable),
        429 => Verdict::Throttled {
            scope: Scope::Account,
            after,
        },
        300..=499 | 501 | 505 => Verdict::Rejected {
            reason: Reason::ProviderRejected,
        },
        _ => UNPROVEN,
    }
}

/// What a gateway said: the first code that is where its descriptor says.
pub(crate) fn said(at: &[Pointer], status: StatusCode, value: &Value) -> Said {
    let mut words = at.iter().filter_map(|at| word(at.first(value)?));
    Said::new(status, words.next())
}
