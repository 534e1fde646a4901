//! What a platform reports: statuses of messages, chats that are opened and blocked.

use jiff::Timestamp;
use serde_json::Value;
use vestnik_model::{Money, Reason, chat::ChatId};

use crate::{
    answer::{DEAD, message_id, reason},
    condition::{Condition, word},
    cost::CostAt,
    fault::Invalid,
    node::{Node, Object},
    outcome::MessageId,
    pointer::Pointer,
    recipient::RecipientKind,
};

/// The most rules.
const MAX_RULES: usize = 32;
/// The most bytes of a parameter of a link.
const MAX_PARAMETER: usize = 128;

/// What a platform reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What became of a message that it took.
    Status {
        /// Its id of the message.
        id: MessageId,
        /// What became of it.
        state: State,
        /// When, as the platform says, else when the report came.
        at: Timestamp,
        /// What the message cost, if the report says.
        cost: Option<Money>,
    },
    /// A person opened a chat by a link.
    Started {
        /// What the link carries.
        parameter: String,
        /// The chat.
        chat: ChatId,
        /// When.
        at: Timestamp,
    },
    /// A person lets nothing more into the chat.
    Blocked {
        /// The chat.
        chat: ChatId,
        /// When.
        at: Timestamp,
        /// Whether the platform told no time: `at` is when the report came.
        is_undated: bool,
    },
    /// A person who blocked the chat opened it again.
    Unblocked {
        /// The chat.
        chat: ChatId,
        /// When.
        at: Timestamp,
    },
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is on the person's device.
    Delivered,
    /// The person read it.
    Read,
    /// It does not arrive.
    Failed {
        /// Why. [`Reason::TokenDead`] and [`Reason::BlockedChannel`] are about the address too.
        reason: Reason,
    },
}

/// How an event is read from a request that came in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventRule {
    /// Where the events are; what follows is relative to each of them.
    each: Pointer,
    when: Vec<Condition>,
    time: Option<TimeAt>,
    kind: EventKind,
}

#[derive(Debug, Clone, PartialEq)]
enum EventKind {
    Status {
        id: Pointer,
        state: State,
        cost: Option<CostAt>,
    },
    Started {
        parameter: Pointer,
        /// What stands before the parameter.
        prefix: String,
        chat: Pointer,
    },
    Blocked {
        chat: Pointer,
    },
    Unblocked {
        chat: Pointer,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TimeAt {
    at: Pointer,
    unit: TimeUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeUnit {
    Seconds,
    Milliseconds,
    Rfc3339,
}

#[derive(Debug, Clone, Copy)]
enum Word {
    Delivered,
    Read,
    Failed,
    Started,
    Blocked,
    Unblocked,
}

const WORDS: [(&str, Word); 6] = [
    ("delivered", Word::Delivered),
    ("read", Word::Read),
    ("failed", Word::Failed),
    ("started", Word::Started),
    ("blocked", Word::Blocked),
    ("unblocked", Word::Unblocked),
];

/// Why a message that was taken does not arrive.
const FAILED: [Reason; 8] = [
    Reason::SmsUndeliverable,
    DEAD[0],
    DEAD[1],
    DEAD[2],
    Reason::ProviderRejected,
    Reason::ProviderContentRejected,
    Reason::ProviderTimeout,
    Reason::ProviderUnavailable,
];

impl EventRule {
    pub(crate) fn read_all(node: &Node<'_>, kind: RecipientKind) -> Result<Vec<Self>, Invalid> {
        let rules = node.list(MAX_RULES)?;
        rules.iter().map(|node| Self::read(node, kind)).collect()
    }

    fn read(node: &Node<'_>, recipient: RecipientKind) -> Result<Self, Invalid> {
        let fields = node.object(&[
            "each",
            "when",
            "kind",
            "time",
            "id",
            "cost",
            "reason",
            "parameter",
            "prefix",
            "chat",
        ])?;
        let word = fields.need("kind")?;
        let kind = word.word(&WORDS)?;
        let allowed: &[&str] = match kind {
            Word::Delivered | Word::Read => &["id", "cost"],
            Word::Failed => &["id", "cost", "reason"],
            Word::Started => &["parameter", "prefix", "chat"],
            Word::Blocked | Word::Unblocked => &["chat"],
        };
        for name in ["id", "cost", "reason", "parameter", "prefix", "chat"] {
            if let Some(node) = fields.get(name).filter(|_| !allowed.contains(&name)) {
                return Err(node.rule("does not belong to this kind of event"));
            }
        }
        let kind = EventKind::read(kind, &fields)?;
        let is_of_chat = !matches!(kind, EventKind::Status { .. });
        if is_of_chat && recipient == RecipientKind::Phone {
            return Err(word.rule("is about chats, and this gateway sends to telephone numbers"));
        }
        Ok(Self {
            each: fields.map("each", Node::pointer)?.unwrap_or_default(),
            when: fields.map("when", Condition::read_all)?.unwrap_or_default(),
            time: fields.map("time", TimeAt::read)?,
            kind,
        })
    }

    /// What the rule proves of messages.
    pub(crate) const fn state(&self) -> Option<State> {
        match self.kind {
            EventKind::Status { state, .. } => Some(state),
            EventKind::Started { .. } | EventKind::Blocked { .. } | EventKind::Unblocked { .. } => {
                None
            }
        }
    }

    pub(crate) const fn binds(&self) -> bool {
        matches!(self.kind, EventKind::Started { .. })
    }

    /// The events of a body, each with the element that it is read from; `None` if there are more elements than `most`.
    pub(crate) fn events<'v>(
        &self,
        body: &'v Value,
        (now, most): (Timestamp, usize),
    ) -> Option<impl Iterator<Item = (&'v Value, Event)>> {
        let found = self.each.whole(body, most)?.into_iter();
        let found = found.filter(|value| self.when.iter().all(|condition| condition.holds(value)));
        Some(found.filter_map(move |value| Some((value, self.event(value, now)?))))
    }

    fn event(&self, value: &Value, now: Timestamp) -> Option<Event> {
        let said = self.time.as_ref().and_then(|time| time.of(value));
        // A platform's clock that runs ahead makes nothing happen in the future.
        let at = said.map_or(now, |said| said.min(now));
        let chat = |at: &Pointer| ChatId::parse(&word(at.first(value)?)?).ok();
        Some(match &self.kind {
            EventKind::Status { id, state, cost } => Event::Status {
                id: message_id(id, value)?,
                state: *state,
                at,
                cost: cost.as_ref().and_then(|cost| cost.of(value)),
            },
            EventKind::Started {
                parameter,
                prefix,
                chat: chat_at,
            } => {
                let text = parameter.first(value)?.as_str()?;
                let parameter = text.strip_prefix(prefix.as_str())?.trim();
                let is_parameter = (1..=MAX_PARAMETER).contains(&parameter.len());
                Event::Started {
                    parameter: is_parameter.then(|| parameter.to_owned())?,
                    chat: chat(chat_at)?,
                    at,
                }
            }
            EventKind::Blocked { chat: chat_at } => Event::Blocked {
                chat: chat(chat_at)?,
                at,
                is_undated: said.is_none(),
            },
            EventKind::Unblocked { chat: chat_at } => Event::Unblocked {
                chat: chat(chat_at)?,
                at,
            },
        })
    }
}

impl EventKind {
    fn read(word: Word, fields: &Object<'_>) -> Result<Self, Invalid> {
        let state = match word {
            Word::Delivered => State::Delivered,
            Word::Read => State::Read,
            Word::Failed => State::Failed {
                reason: reason(fields, Reason::ProviderRejected, &FAILED)?,
            },
            Word::Started => {
                let prefix = fields.map("prefix", |node| node.text(32))?;
                return Ok(Self::Started {
                    parameter: fields.need("parameter")?.pointer()?,
                    prefix: prefix.unwrap_or_default().to_owned(),
                    chat: fields.need("chat")?.pointer()?,
                });
            }
            Word::Blocked => {
                return Ok(Self::Blocked {
                    chat: fields.need("chat")?.pointer()?,
                });
            }
            Word::Unblocked => {
                return Ok(Self::Unblocked {
                    chat: fields.need("chat")?.pointer()?,
                });
            }
        };
        Ok(Self::Status {
            id: fields.need("id")?.pointer()?,
            state,
            cost: fields.map("cost", CostAt::read)?,
        })
    }
}

impl TimeAt {
    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["at", "unit"])?;
        let units = [
            ("seconds", TimeUnit::Seconds),
            ("milliseconds", TimeUnit::Milliseconds),
            ("rfc3339", TimeUnit::Rfc3339),
        ];
        Ok(Self {
            at: fields.need("at")?.pointer()?,
            unit: fields.need("unit")?.word(&units)?,
        })
    }

    fn of(&self, value: &Value) -> Option<Timestamp> {
        let text = word(self.at.first(value)?)?;
        match self.unit {
            TimeUnit::Seconds => Timestamp::from_second(text.parse().ok()?).ok(),
            TimeUnit::Milliseconds => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            TimeUnit::Rfc3339 => text.parse().ok(),
        }
    }
}
