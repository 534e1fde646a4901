//! Facts: what a device reports about notifications, durably and more than once if need be.
//!
//! A fact has an id of its own, by which the server knows a repetition; receipts merge by rank and
//! flags by version, so order and repetition never matter. Facts are read one by one: one that the
//! server cannot take is refused with a code, and never stops the others of its report.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    cursor::Cursor,
    entry::Flag,
    id::NotificationId,
    limits::FACT_BODY_BYTES,
    open::{Open, Word, words},
    receipt::ReceiptKind,
    response::Response,
    wire_size,
};

/// The most characters of a fact's id.
pub const MAX_FACT_ID_CHARS: usize = 64;
/// The highest version of a flag: what JavaScript counts exactly.
pub const MAX_VERSION: u64 = (1 << 53) - 1;
/// The most characters of a reply.
pub const MAX_REPLY_CHARS: usize = 2_000;
/// The most characters of a reason or of an action's id.
pub const MAX_FACT_WORD_CHARS: usize = 64;

/// A fact as a device sends it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// Chosen by the device, unique within its installation, 1 to 64 printable ASCII characters.
    pub id: String,
    /// `delivered`, `displayed`, `read`, `clicked`, `actioned`, `dismissed`, `read_up_to`, `flag`,
    /// `reply`, `not_shown`, or what later versions add.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: Open<FactKind>,
    /// The notification; not for `read_up_to`.
    #[serde(
        default,
        alias = "notification_id",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub notification_id: Option<String>,
    /// For `read_up_to`: everything up to this place of the log was seen.
    #[serde(default, alias = "up_to", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub up_to: Option<String>,
    /// For `flag`: the higher version wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// When it happened, by the device's clock corrected by the server's.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// For `flag` `{flag, value}`, for `reply` `{text, action?}`, for `actioned` `{action}`, for
    /// `not_shown` `{reason}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub body: Option<Value>,
}

/// Leaves the body out: a reply is content.
impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fact")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("notification_id", &self.notification_id)
            .finish_non_exhaustive()
    }
}

/// The kinds of facts of contract 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// Committed to the device's history.
    Delivered,
    /// The system took the toast.
    Displayed,
    /// Opened, seen in the history, or marked by the person.
    Read,
    /// A tap opened it.
    Clicked,
    /// An action's button was pressed.
    Actioned,
    /// The person put the toast away.
    Dismissed,
    /// Everything up to a place of the log was seen.
    ReadUpTo,
    /// A flag was set or taken back.
    Flag,
    /// The person answered with a text; many are allowed.
    Reply,
    /// The device did not show it, and says why.
    NotShown,
}

words!(FactKind {
    Delivered = "delivered",
    Displayed = "displayed",
    Read = "read",
    Clicked = "clicked",
    Actioned = "actioned",
    Dismissed = "dismissed",
    ReadUpTo = "read_up_to",
    Flag = "flag",
    Reply = "reply",
    NotShown = "not_shown",
});

/// A fact that was read: its parts fit its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedFact {
    /// The device's id for it.
    pub id: FactId,
    /// When it happened, as the device says.
    pub at: Timestamp,
    /// What happened.
    pub claim: Claim,
}

/// What a fact says.
#[derive(Clone, PartialEq, Eq)]
pub enum Claim {
    /// A receipt of a notification.
    Receipt {
        /// The notification.
        notification: NotificationId,
        /// What happened to it.
        kind: ReceiptKind,
        /// The action's id, for `actioned`.
        action: Option<String>,
    },
    /// Everything up to a place of the log was seen.
    ReadUpTo(Cursor),
    /// A flag was set or taken back.
    Flag {
        /// The notification.
        notification: NotificationId,
        /// The flag.
        flag: Flag,
        /// Its value.
        value: bool,
        /// The higher version wins.
        version: u64,
    },
    /// The person answered.
    Reply {
        /// The notification.
        notification: NotificationId,
        /// The action that took the text, if it names one.
        action: Option<String>,
        /// The text: content, kept out of logs.
        text: String,
    },
    /// The device did not show it.
    NotShown {
        /// The notification.
        notification: NotificationId,
        /// The device's reason, as text: an open set.
        reason: String,
    },
}

impl Claim {
    /// What the sender is told that the person did: a button that was pressed, or an answer.
    #[must_use]
    pub fn response(&self) -> Option<Response> {
        let (action, text) = match self {
            Self::Receipt {
                kind: ReceiptKind::Actioned,
                action,
                ..
            } => (action, None),
            Self::Reply { action, text, .. } => (action, Some(text)),
            Self::Receipt { .. }
            | Self::ReadUpTo(_)
            | Self::Flag { .. }
            | Self::NotShown { .. } => {
                return None;
            }
        };
        Some(Response {
            action: action.clone(),
            text: text.cloned(),
        })
    }
}

/// Leaves texts out: a reply is content.
impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Receipt {
                notification, kind, ..
            } => write!(f, "Receipt({notification}, {})", kind.as_str()),
            Self::ReadUpTo(cursor) => write!(f, "ReadUpTo({cursor})"),
            Self::Flag {
                notification,
                flag,
                value,
                version,
            } => write!(
                f,
                "Flag({notification}, {}={value}@{version})",
                flag.as_str()
            ),
            Self::Reply { notification, .. } => write!(f, "Reply({notification})"),
            Self::NotShown { notification, .. } => write!(f, "NotShown({notification})"),
        }
    }
}

/// A device's own id of a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(String);

impl FactId {
    /// Takes a text as an id: 1 to 64 printable ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_FACT_ID_CHARS).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the server did with a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FactResult {
    /// The fact's id; empty when the fact had none that could be read. Results are in the order of
    /// the report.
    pub id: String,
    /// What the server did.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub outcome: Open<FactOutcome>,
    /// Why, when it was refused: `fact.unknown_kind`, `fact.malformed`, `fact.too_large`,
    /// `fact.unknown_notification`, `fact.unknown_cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub code: Option<Open<FactRefusal>>,
}

/// What the server did with a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactOutcome {
    /// It is stored.
    Stored,
    /// It was stored before.
    Duplicate,
    /// It cannot be taken; repeating it does not help.
    Refused,
}

words!(FactOutcome {
    Stored = "stored",
    Duplicate = "duplicate",
    Refused = "refused",
});

/// Why a fact was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactRefusal {
    /// This version of the server does not know the kind.
    UnknownKind,
    /// A part is missing, or does not fit the kind.
    Malformed,
    /// The body is too large.
    TooLarge,
    /// The user never had the notification, or the server has forgotten it.
    UnknownNotification,
    /// The cursor is not a place of this user's log.
    UnknownCursor,
}

words!(FactRefusal {
    UnknownKind = "fact.unknown_kind",
    Malformed = "fact.malformed",
    TooLarge = "fact.too_large",
    UnknownNotification = "fact.unknown_notification",
    UnknownCursor = "fact.unknown_cursor",
});

impl Fact {
    /// Checks that the parts fit the kind.
    ///
    /// # Errors
    /// [`FactRefusal`].
    pub fn parse(&self) -> Result<ParsedFact, FactRefusal> {
        let id = FactId::parse(&self.id).ok_or(FactRefusal::Malformed)?;
        let kind = self.kind.known().ok_or(FactRefusal::UnknownKind)?;
        let body_bytes = self.body.as_ref().map_or(0, wire_size::json);
        if body_bytes > FACT_BODY_BYTES {
            return Err(FactRefusal::TooLarge);
        }
        Ok(ParsedFact {
            id,
            at: self.at,
            claim: self.claim(kind)?,
        })
    }

    fn claim(&self, kind: FactKind) -> Result<Claim, FactRefusal> {
        match kind {
            FactKind::Delivered => self.receipt(ReceiptKind::Delivered),
            FactKind::Displayed => self.receipt(ReceiptKind::Displayed),
            FactKind::Read => self.receipt(ReceiptKind::Read),
            FactKind::Clicked => self.receipt(ReceiptKind::Clicked),
            FactKind::Actioned => self.receipt(ReceiptKind::Actioned),
            FactKind::Dismissed => self.receipt(ReceiptKind::Dismissed),
            FactKind::ReadUpTo => self.read_up_to(),
            FactKind::Flag => self.flag(),
            FactKind::Reply => self.reply(),
            FactKind::NotShown => self.not_shown(),
        }
    }

    fn receipt(&self, kind: ReceiptKind) -> Result<Claim, FactRefusal> {
        Ok(Claim::Receipt {
            notification: self.notification()?,
            kind,
            action: self.optional_text("action", MAX_FACT_WORD_CHARS)?,
        })
    }

    fn read_up_to(&self) -> Result<Claim, FactRefusal> {
        let cursor = self.up_to.as_deref().ok_or(FactRefusal::Malformed)?;
        let cursor = Cursor::parse(cursor).map_err(|_| FactRefusal::UnknownCursor)?;
        Ok(Claim::ReadUpTo(cursor))
    }

    fn flag(&self) -> Result<Claim, FactRefusal> {
        let text = self.text("flag", MAX_FACT_WORD_CHARS)?;
        let value = self.field("value").and_then(Value::as_bool);
        Ok(Claim::Flag {
            notification: self.notification()?,
            flag: Flag::from_word(&text).ok_or(FactRefusal::UnknownKind)?,
            value: value.ok_or(FactRefusal::Malformed)?,
            version: self
                .version
                .filter(|version| *version <= MAX_VERSION)
                .ok_or(FactRefusal::Malformed)?,
        })
    }

    fn reply(&self) -> Result<Claim, FactRefusal> {
        Ok(Claim::Reply {
            notification: self.notification()?,
            action: self.optional_text("action", MAX_FACT_WORD_CHARS)?,
            text: self.text("text", MAX_REPLY_CHARS)?,
        })
    }

    fn not_shown(&self) -> Result<Claim, FactRefusal> {
        Ok(Claim::NotShown {
            notification: self.notification()?,
            reason: self.text("reason", MAX_FACT_WORD_CHARS)?,
        })
    }

    fn notification(&self) -> Result<NotificationId, FactRefusal> {
        let text = self
            .notification_id
            .as_deref()
            .ok_or(FactRefusal::Malformed)?;
        text.parse().map_err(|_| FactRefusal::UnknownNotification)
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.body.as_ref()?.get(name)
    }

    fn text(&self, name: &str, max: usize) -> Result<String, FactRefusal> {
        self.optional_text(name, max)?
            .filter(|text| !text.is_empty())
            .ok_or(FactRefusal::Malformed)
    }

    fn optional_text(&self, name: &str, max: usize) -> Result<Option<String>, FactRefusal> {
        match self.field(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() > max => Err(FactRefusal::TooLarge),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(FactRefusal::Malformed),
        }
    }
}

/// Reads the facts of a report, each by itself and in their order: one that cannot be taken is answered
/// by its refusal and stops no other.
///
/// ```
/// use serde_json::json;
/// use vestnik_model::fact;
///
/// let read = fact::read_all(vec![
///     json!({"id": "1", "kind": "read", "at": "2026-11-28T09:00:00Z",
///         "notificationId": "ntf_00000000000000000000000000000001"}),
///     json!({"id": "2", "kind": "yawned", "at": "2026-11-28T09:00:00Z"}),
/// ]);
/// assert!(read[0].is_ok());
/// assert_eq!(read[1].as_ref().map_err(|refused| refused.id.as_str()), Err("2"));
/// ```
#[must_use]
pub fn read_all(facts: Vec<Value>) -> Vec<Result<ParsedFact, FactResult>> {
    facts.into_iter().map(read).collect()
}

fn read(value: Value) -> Result<ParsedFact, FactResult> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let id = text("id").and_then(FactId::parse);
    let has_unknown_kind = text("kind").is_some_and(|kind| FactKind::from_code(kind).is_none());
    let parsed = match Fact::deserialize(value) {
        Ok(fact) => fact.parse(),
        // A kind of a later version may have its parts in other forms.
        Err(_) if has_unknown_kind => Err(FactRefusal::UnknownKind),
        Err(_) => Err(FactRefusal::Malformed),
    };
    parsed.map_err(|why| FactResult::refused(id.map_or_else(String::new, |id| id.0), why))
}

impl FactResult {
    /// A fact that was stored, now or before.
    #[must_use]
    pub fn taken(id: &FactId, is_new: bool) -> Self {
        let outcome = if is_new {
            FactOutcome::Stored
        } else {
            FactOutcome::Duplicate
        };
        Self {
            id: id.as_str().to_owned(),
            outcome: outcome.into(),
            code: None,
        }
    }

    /// A fact that cannot be taken.
    #[must_use]
    pub fn refused(id: impl Into<String>, why: FactRefusal) -> Self {
        Self {
            id: id.into(),
            outcome: FactOutcome::Refused.into(),
            code: Some(why.into()),
        }
    }
}

#[cfg(test)]
mod tests;
