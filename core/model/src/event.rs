//! Events: what happened in an App, for its backend to read or to be sent.
//!
//! An event has an id that is also the place behind which one reads on. Several events of one commit
//! have the same number: each delivery that changed by itself first, by its id, then what the commit
//! means for the notification.

mod kind;

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

pub use self::kind::{ChangedBy, EventKind};
use crate::{
    Channel, Counts, DeliveryId, DeliveryStatus, InstallationId, NotificationId, Outcome,
    Permission, PushAddressKind, Reason, Response, UserId, WebhookId,
    open::{Open, is_default},
    provider::ProviderState,
    publish::StepChannel,
    webhook::WebhookDisabledReason,
};

/// The id of an event: the number of its commit, and its delivery if it is about one.
///
/// Ids are in the order of events: those of a commit's deliveries come before the one without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The number of the commit.
    pub number: u64,
    /// The delivery; none for what concerns the whole notification.
    pub delivery: Option<DeliveryId>,
}

/// Why a text is no event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of an event, as evt_42")]
pub struct ParseEventIdError;

/// The highest number that anything has: a store counts in signed 64 bits, and goes on behind it.
pub const MAX_NUMBER: u64 = i64::MAX.unsigned_abs() - 1;

impl EventId {
    const PREFIX: &str = "evt_";

    /// The last event of a commit.
    #[must_use]
    pub const fn of(number: u64) -> Self {
        let delivery = None;
        Self { number, delivery }
    }

    /// An id of its own for what no commit tells, at the place behind the last event of a commit: every event
    /// of a later one lies behind it. Two that differ in their tags are two ids.
    #[must_use]
    pub const fn behind(number: u64, tag: u64) -> Self {
        // No delivery has such an id: the first half of a delivery's begins with a time.
        let own = DeliveryId::from_uuid(Uuid::from_u64_pair(0, tag));
        Self {
            number: number.saturating_add(1),
            delivery: Some(own),
        }
    }

    /// The number of the first commit that has events behind this one.
    #[must_use]
    pub const fn next_number(self) -> u64 {
        match self.delivery {
            Some(_) => self.number,
            None => self.number.saturating_add(1),
        }
    }

    fn order(self) -> (u64, bool, Option<DeliveryId>) {
        (self.number, self.delivery.is_none(), self.delivery)
    }
}

impl Ord for EventId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for EventId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.number)?;
        match self.delivery {
            Some(delivery) => write!(f, "_{}", delivery.uuid().simple()),
            None => Ok(()),
        }
    }
}

impl FromStr for EventId {
    type Err = ParseEventIdError;

    fn from_str(text: &str) -> Result<Self, ParseEventIdError> {
        let rest = text.strip_prefix(Self::PREFIX).ok_or(ParseEventIdError)?;
        let (number, delivery) = match rest.split_once('_') {
            Some((number, delivery)) => (number, Some(delivery)),
            None => (rest, None),
        };
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_number);
        let number = number.filter(|number| *number <= MAX_NUMBER);
        let delivery = delivery.map(parse_delivery).transpose()?;
        Ok(Self {
            number: number.ok_or(ParseEventIdError)?,
            delivery,
        })
    }
}

fn parse_delivery(hex: &str) -> Result<DeliveryId, ParseEventIdError> {
    let is_simple = hex.len() == 32;
    let uuid = Uuid::try_parse(hex).ok().filter(|_| is_simple);
    uuid.map(DeliveryId::from_uuid).ok_or(ParseEventIdError)
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// An event as the App's backend reads it, and the body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventView {
    /// Its id: the same each time that it is read or sent.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = EventKind))]
    pub kind: Open<EventKind>,
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// To what.
    pub data: EventData,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventData {
    /// The notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub notification_id: Option<NotificationId>,
    /// The sender's own number for the notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The process that the notification belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub delivery_id: Option<DeliveryId>,
    /// Whose delivery it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user: Option<UserId>,
    /// Why the delivery came to it, when that is a negative end, why a step gave way to the next, or why the
    /// App's credentials cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// The channel that the delivery was handed over by last, or by which a device confirmed it first, absent
    /// if it was handed over by none; or the channel of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Channel>))]
    pub channel: Option<Open<Channel>>,
    /// Positive evidence came after a negative end; absent if not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
    /// A device's evidence came after a later step of the cascade was handed over: the person got it twice;
    /// absent if not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub double_contact: bool,
    /// The route of the step that gave way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StepChannel>))]
    pub from: Option<Open<StepChannel>>,
    /// The route of the step that began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StepChannel>))]
    pub to: Option<Open<StepChannel>>,
    /// How many deliveries came to which status.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<String, u64>,
    /// How much of the notification reached its goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Outcome>))]
    pub outcome: Option<Open<Outcome>>,
    /// How many of its deliveries stood where when it was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Whether the service takes the App's credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ProviderState>))]
    pub state: Option<Open<ProviderState>>,
    /// What the service answered to them, such as `403 InvalidProviderToken`, if it said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The installation on which the person did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub installation_id: Option<InstallationId>,
    /// Whether the installation may show notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Permission>))]
    pub permission: Option<Open<Permission>>,
    /// The kind of the address that died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<PushAddressKind>))]
    pub address: Option<Open<PushAddressKind>>,
    /// Who changed the preference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ChangedBy>))]
    pub by: Option<Open<ChangedBy>>,
    /// The webhook that is sent nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub webhook_id: Option<WebhookId>,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<WebhookDisabledReason>))]
    pub disabled_reason: Option<Open<WebhookDisabledReason>>,
    /// What the person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// Behind which event a webhook missed events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub missed_after: Option<EventId>,
    /// The last event that a webhook missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub missed_up_to: Option<EventId>,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPage {
    /// The events, oldest first.
    pub data: Vec<EventView>,
    /// What to ask for the next page by, also when this one is empty.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub next_cursor: EventId,
}

/// How many deliveries came to each status, under the words of the statuses.
#[must_use]
pub fn reached(reached: impl IntoIterator<Item = (DeliveryStatus, u64)>) -> BTreeMap<String, u64> {
    let word = |(status, count): (DeliveryStatus, u64)| (status.as_str().to_owned(), count);
    reached.into_iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    #[test]
    fn ids_are_texts_in_the_order_of_events() {
        let ordered = [
            "evt_9_0192f0c1000070008000000000000002",
            "evt_9",
            "evt_10_0192f0c1000070008000000000000001",
            "evt_10_0192f0c1000070008000000000000002",
            "evt_10",
        ];
        let ids = ordered.map(id);
        assert!(ids.is_sorted());
        assert_eq!(ids.map(|id| id.to_string()), ordered);
        assert_eq!(ids.map(EventId::next_number), [9, 10, 10, 10, 11]);
    }

    #[test]
    fn what_no_commit_tells_has_an_id_behind_one() {
        let (one, other) = (EventId::behind(9, 1), EventId::behind(9, 2));
        assert_ne!(one, other);
        let ordered = [
            EventId::of(9),
            one,
            other,
            id("evt_10_0192f0c1000070008000000000000001"),
            EventId::of(10),
        ];
        assert!(ordered.is_sorted());
        assert_eq!(one.next_number(), EventId::of(9).next_number());
        assert_eq!(id(&one.to_string()), one);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "9",
            "evt_",
            "evt_+9",
            "evt_-1",
            "evt_9_",
            "evt_9_x",
            "ntf_9",
            "evt_9223372036854775807",
            "evt_9999999999999999999",
            "evt_99999999999999999999",
            "evt_9223372036854775807_0192f0c1000070008000000000000002",
            "evt_9_0192f0c1-0000-7000-8000-000000000002",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(ParseEventIdError), "{text}");
        }
    }

    #[test]
    fn a_number_and_the_one_behind_it_can_be_stored() {
        for last in [
            "evt_9223372036854775806",
            "evt_9223372036854775806_0192f0c1000070008000000000000002",
        ] {
            assert!(i64::try_from(id(last).next_number()).is_ok(), "{last}");
        }
    }

    #[test]
    fn an_event_on_the_wire() {
        let event = EventView {
            id: id("evt_9_0192f0c1000070008000000000000002"),
            kind: EventKind::DeliveryRead.into(),
            timestamp: "2026-11-28T09:00:00Z".parse().unwrap(),
            data: EventData {
                notification_id: Some("ntf_0192f0c1000070008000000000000001".parse().unwrap()),
                external_id: Some("8812".to_owned()),
                user: Some(UserId::parse("anna").unwrap()),
                channel: Some(Channel::Fcm.into()),
                late: true,
                ..EventData::default()
            },
        };
        let expected = serde_json::json!({
            "id": "evt_9_0192f0c1000070008000000000000002", "type": "delivery.read",
            "timestamp": "2026-11-28T09:00:00Z",
            "data": {
                "notification_id": "ntf_0192f0c1000070008000000000000001", "external_id": "8812",
                "user": "anna", "channel": "fcm", "late": true,
            },
        });
        assert_eq!(serde_json::to_value(&event).unwrap(), expected);
        assert_eq!(
            serde_json::from_value::<EventView>(expected).unwrap(),
            event
        );
    }
}
