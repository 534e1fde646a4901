//! Webhooks: an address of an App's backend that is sent the App's [events](crate::event).

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    event::{EventId, EventKind},
    id::WebhookId,
    open::{Open, words},
};

/// The most hours for which a former key signs beside the present one.
pub const MAX_OVERLAP_HOURS: u32 = 7 * 24;
/// For how many hours it does so if nothing else is asked for.
pub const DEFAULT_OVERLAP_HOURS: u32 = 24;

/// How a webhook's requests are signed (Standard Webhooks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SignatureKind {
    /// HMAC-SHA256, `v1`: the receiver verifies with the same key.
    #[default]
    Hmac,
    /// Ed25519, `v1a`: the receiver verifies with the public key.
    Ed25519,
}

words!(SignatureKind {
    Hmac = "hmac",
    Ed25519 = "ed25519",
});

/// Asks for a webhook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where events are sent, an absolute `https` address.
    pub url: String,
    /// The kinds of events that are sent; every kind if absent. `webhook.gap` is always sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventKind>>,
    /// How requests are signed.
    #[serde(default)]
    pub signature: SignatureKind,
}

/// The address stays out of logs: it may have a password in it.
impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("events", &self.events)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

/// Changes a webhook. What is absent stays.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    /// Another address. What failed at the former one is tried again at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Other kinds of events; `null` for every kind.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "given"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<EventKind>>))]
    pub events: Option<Option<Vec<EventKind>>>,
}

impl fmt::Debug for WebhookPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookPatch")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// A member that is there, `null` included.
fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Asks for events to be sent again, or to be left out: the webhook goes on behind another place. One of
/// the two is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookReplay {
    /// Go on behind this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub after: Option<EventId>,
    /// Go on with the first event that happened then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub since: Option<Timestamp>,
}

/// Asks for a new signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookRotation {
    /// For how many hours the present key signs beside the new one: 0 to 168, 24 if absent.
    #[serde(default = "default_overlap")]
    pub overlap_hours: u32,
}

const fn default_overlap() -> u32 {
    DEFAULT_OVERLAP_HOURS
}

impl Default for WebhookRotation {
    fn default() -> Self {
        Self {
            overlap_hours: DEFAULT_OVERLAP_HOURS,
        }
    }
}

/// A webhook with what its receiver verifies by, which is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookKey {
    /// The webhook.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: WebhookId,
    /// The shared key `whsec_…`, or the public key `whpk_…`.
    pub verifier: String,
    /// Until when the former key signs too; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub former_until: Option<Timestamp>,
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookKey")
            .field("id", &self.id)
            .field("former_until", &self.former_until)
            .finish_non_exhaustive()
    }
}

/// Whether events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookStatus {
    /// They are sent.
    Enabled,
    /// They are not; those that are kept are sent when the webhook is enabled again.
    Disabled,
}

words!(WebhookStatus {
    Enabled = "enabled",
    Disabled = "disabled",
});

/// Why a webhook is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookDisabledReason {
    /// The App's administrator disabled it.
    Operator,
    /// The receiver answered 410.
    Gone,
    /// An event could not be sent for three days.
    Failing,
}

words!(WebhookDisabledReason {
    Operator = "operator",
    Gone = "gone",
    Failing = "failing",
});

/// Why a request got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookTrouble {
    /// The server must not connect to this address.
    AddressForbidden,
    /// The host is not known, or does not take connections.
    Unreachable,
    /// There is no TLS with the host, or its certificate is not trusted.
    Tls,
    /// The connection ended without an answer. The receiver may have the event.
    Lost,
    /// No answer came in time. The receiver may have the event.
    Timeout,
    /// The server had no room for the request.
    Busy,
}

words!(WebhookTrouble {
    AddressForbidden = "address.forbidden",
    Unreachable = "unreachable",
    Tls = "tls",
    Lost = "answer.lost",
    Timeout = "answer.timeout",
    Busy = "busy",
});

/// What a request came to: a status, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookAnswer {
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// The status of the receiver's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<WebhookTrouble>))]
    pub trouble: Option<Open<WebhookTrouble>>,
}

/// A webhook and how it does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: WebhookId,
    /// Where events are sent.
    pub url: String,
    /// The kinds of events that are sent; every kind if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<EventKind>>))]
    pub events: Option<BTreeSet<Open<EventKind>>>,
    /// How requests are signed.
    #[cfg_attr(feature = "openapi", schema(value_type = SignatureKind))]
    pub signature: Open<SignatureKind>,
    /// Whether events are sent.
    #[cfg_attr(feature = "openapi", schema(value_type = WebhookStatus))]
    pub status: Open<WebhookStatus>,
    /// Why they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<WebhookDisabledReason>))]
    pub disabled_reason: Option<Open<WebhookDisabledReason>>,
    /// Since when they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub disabled_at: Option<Timestamp>,
    /// Behind which event it goes on: events up to this one were taken or not wanted.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub cursor: EventId,
    /// Events behind the cursor and up to this one are kept no longer and were not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub missed_up_to: Option<EventId>,
    /// What the last request came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_answer: Option<WebhookAnswer>,
    /// How often in a row the next event failed.
    #[serde(default)]
    pub failures: u32,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub failing_since: Option<Timestamp>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub next_try_at: Option<Timestamp>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
}

/// The address stays out of logs: it may have a password in it.
impl fmt::Debug for WebhookView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookView")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("disabled_reason", &self.disabled_reason)
            .field("cursor", &self.cursor)
            .field("missed_up_to", &self.missed_up_to)
            .field("last_answer", &self.last_answer)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

/// What a test of a webhook came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookCheck {
    /// Whether the receiver took the event.
    pub is_taken: bool,
    /// What it answered.
    pub answer: WebhookAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_tells_every_kind_from_no_change() {
        let read = |text: &str| serde_json::from_str::<WebhookPatch>(text).unwrap();
        assert_eq!(read("{}").events, None);
        assert_eq!(read(r#"{"events": null}"#).events, Some(None));
        let some = read(r#"{"events": ["delivery.read"]}"#).events;
        assert_eq!(some, Some(Some(vec![EventKind::DeliveryRead])));
        let unknown = serde_json::from_str::<WebhookPatch>(r#"{"event": null}"#);
        assert!(unknown.is_err());
    }

    #[test]
    fn neither_address_nor_key_is_printed() {
        let request = WebhookRequest {
            url: "https://planted.example/planted".to_owned(),
            events: None,
            signature: SignatureKind::Hmac,
        };
        let key = WebhookKey {
            id: "whk_0192f0c1000070008000000000000001".parse().unwrap(),
            verifier: "whsec_planted".to_owned(),
            former_until: None,
        };
        let patch = WebhookPatch {
            url: Some(request.url.clone()),
            events: None,
        };
        let printed = format!("{request:?} {key:?} {patch:?}");
        assert!(!printed.contains("planted"), "{printed}");
    }
}
