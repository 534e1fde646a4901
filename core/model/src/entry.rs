//! Entries of a user's log, as devices read them.
//!
//! An entry is an object `{kind, id, at, …}`. Each is read by itself: a kind that this version does
//! not know, and one of a known kind that cannot be read, become [`Entry::Unknown`], which a device
//! stores as an opaque row and moves its cursor over. One bad entry never stops the others.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{
    id::{DeliveryId, NotificationId},
    loose::Loose,
    notification::Notification,
    open::{Open, readable, words},
};

/// One entry of a user's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A notification arrived.
    Notification(Box<Arrival>),
    /// A notification is withdrawn: it is taken from the screen and never shown.
    Recall(Recall),
    /// A flag of a notification changed, on another device or by the sender.
    State(StateChange),
    /// An entry of a later version, or one that cannot be read.
    Unknown(UnknownEntry),
}

/// A notification on its way to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrival {
    /// The notification's id.
    pub id: NotificationId,
    /// When the entry was written.
    pub at: Timestamp,
    /// The delivery to this user.
    pub delivery_id: DeliveryId,
    /// When it was read on another device, if it was.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub read_at: Option<Timestamp>,
    /// What to show.
    pub notification: Notification,
}

/// A notification is withdrawn by its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recall {
    /// The notification.
    pub id: NotificationId,
    /// When it was withdrawn.
    pub at: Timestamp,
}

/// A flag of a notification changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// The notification.
    pub id: NotificationId,
    /// When it changed.
    pub at: Timestamp,
    /// The flag.
    pub flag: Open<Flag>,
    /// Its value now.
    pub value: bool,
    /// Orders changes of one flag: the higher version wins. At most 2^53 − 1.
    pub version: u64,
}

/// A flag of a notification in a history. `read` is only ever set, the others also taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// The person has seen it.
    Read,
    /// The person put it out of sight.
    Archived,
    /// The person deleted it.
    Deleted,
}

words!(Flag {
    Read = "read",
    Archived = "archived",
    Deleted = "deleted",
});

/// An entry that this version cannot read, kept as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownEntry {
    /// The kind it names; empty when it names none.
    pub kind: String,
    /// The notification it is about, when it names one.
    pub id: Option<NotificationId>,
    /// The whole entry.
    pub raw: Map<String, Value>,
}

/// Names the kind only: content stays out of logs.
impl std::fmt::Debug for UnknownEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnknownEntry")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// The kind, as it is written in the entry.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Notification(_) => "notification",
            Self::Recall(_) => "recall",
            Self::State(_) => "state",
            Self::Unknown(unknown) => &unknown.kind,
        }
    }

    /// The notification that the entry is about, if it names one.
    #[must_use]
    pub const fn id(&self) -> Option<NotificationId> {
        match self {
            Self::Notification(arrival) => Some(arrival.id),
            Self::Recall(recall) => Some(recall.id),
            Self::State(change) => Some(change.id),
            Self::Unknown(unknown) => unknown.id,
        }
    }

    /// Reads an entry; never fails.
    #[must_use]
    pub fn read(raw: Map<String, Value>) -> Self {
        let kind = raw.get("kind").and_then(Value::as_str).unwrap_or_default();
        let known = match kind {
            "notification" => body(&raw).map(Self::Notification),
            "recall" => body(&raw).map(Self::Recall),
            "state" => body(&raw).map(Self::State),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unknown(UnknownEntry::read(raw)))
    }
}

fn body<T: serde::de::DeserializeOwned>(raw: &Map<String, Value>) -> Option<T> {
    T::deserialize(Value::Object(raw.clone())).ok()
}

impl UnknownEntry {
    fn read(raw: Map<String, Value>) -> Self {
        let text = |name: &str| raw.get(name).and_then(Value::as_str);
        Self {
            kind: text("kind").unwrap_or_default().to_owned(),
            id: text("id").and_then(|id| id.parse().ok()),
            raw,
        }
    }
}

/// The entries that this version writes itself.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Written<'a> {
    Notification(&'a Arrival),
    Recall(&'a Recall),
    State(&'a StateChange),
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Notification(arrival) => Written::Notification(arrival).serialize(serializer),
            Self::Recall(recall) => Written::Recall(recall).serialize(serializer),
            Self::State(change) => Written::State(change).serialize(serializer),
            Self::Unknown(unknown) => unknown.raw.serialize(serializer),
        }
    }
}

/// Never fails on a value: what is no object becomes an unknown entry without content.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Loose::deserialize(deserializer)?.0 {
            Value::Object(raw) => Ok(Self::read(raw)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Ok(Self::read(Map::new())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Entry {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_later_kind_is_kept_as_it_came() {
        let raw = json!({"kind": "liveCard", "id": "ntf_00000000000000000000000000000001", "at": 7, "card": {"x": 1}});
        let entry = read(raw.clone());
        assert_eq!(entry.kind(), "liveCard");
        assert!(entry.id().is_some());
        assert_eq!(serde_json::to_value(&entry).unwrap(), raw);
    }

    #[test]
    fn a_known_kind_that_cannot_be_read_is_unknown() {
        let entry = read(json!({"kind": "recall", "id": "nobody"}));
        assert!(matches!(entry, Entry::Unknown(_)));
        assert_eq!((entry.kind(), entry.id()), ("recall", None));
        for value in [
            json!(null),
            json!(7),
            json!([]),
            json!({}),
            json!({"kind": 7}),
        ] {
            assert!(matches!(read(value), Entry::Unknown(_)));
        }
    }

    #[test]
    fn unknown_fields_and_flags_are_no_obstacle() {
        let entry = read(json!({
            "kind": "state", "id": "ntf_00000000000000000000000000000001",
            "at": "2026-11-28T09:00:00Z", "flag": "pinned", "value": true, "version": 3, "why": "?"
        }));
        let Entry::State(change) = entry else {
            panic!("not a state: {entry:?}");
        };
        assert_eq!(change.flag.as_str(), "pinned");
    }
}
