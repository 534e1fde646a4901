//! The notification as a device gets, stores and shows it.
//!
//! Devices and servers of other versions read it, so it is read leniently: unknown words are kept,
//! optional parts that cannot be read are absent. Its id, title and times are needed; without them it
//! cannot be read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    action::{Action, MAX_ACTIONS},
    id::{CategoryName, NotificationId},
    open::{Open, readable, readable_list, readable_or_default, words},
    text::{Body, TextError, Title},
    url::{HttpsUrl, parse_app_link, parse_link},
};

/// What a sender published and a person sees. Content is text, never HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// The same on every path by which it may come; what it is shown once by.
    pub id: NotificationId,
    /// Which version of the content this is: a higher one replaces it. 0 for what was published.
    #[serde(
        default,
        deserialize_with = "readable_or_default",
        skip_serializing_if = "is_first"
    )]
    pub revision: u32,
    /// The line by which a person recognises it.
    pub title: Title,
    /// What it says.
    #[serde(
        default,
        deserialize_with = "readable_or_default",
        skip_serializing_if = "Body::is_empty"
    )]
    pub body: Body,
    /// A picture that the device fetches, with caps on size and type.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub image: Option<HttpsUrl>,
    /// The kind of content a user can switch off.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub category: Option<CategoryName>,
    /// Why it was sent, in the terms of the law.
    #[serde(default, deserialize_with = "readable_or_default")]
    pub traffic_type: Open<TrafficType>,
    /// How urgently it asks for attention.
    #[serde(default, deserialize_with = "readable_or_default")]
    pub priority: Open<Priority>,
    /// What a tap opens.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub click: Option<Click>,
    /// Its buttons, at most [`MAX_ACTIONS`].
    #[serde(
        default,
        deserialize_with = "readable_list::<MAX_ACTIONS, _, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub actions: Vec<Action>,
    /// The sender's own data, handed to the app untouched.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub data: Option<Map<String, Value>>,
    /// When the server accepted it.
    pub accepted_at: Timestamp,
    /// From when on a device that has not seen it drops it.
    pub expires_at: Timestamp,
}

/// Takes a reference because serde gives one.
const fn is_first(revision: &u32) -> bool {
    *revision == 0
}

/// How urgently a notification asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// May wait; makes no sound.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Asks for attention now.
    High,
    /// Breaks through quiet hours where the category allows.
    Critical,
}

words!(Priority {
    Low = "low",
    Normal = "normal",
    High = "high",
    Critical = "critical",
});

/// Why a notification was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TrafficType {
    /// Follows from something the user did.
    #[default]
    Transactional,
    /// About the service itself.
    Service,
    /// Useful, and not asked for.
    Informational,
    /// A code or a question about who is there.
    Authentication,
    /// Advertising.
    Advertising,
}

words!(TrafficType {
    Transactional = "transactional",
    Service = "service",
    Informational = "informational",
    Authentication = "authentication",
    Advertising = "advertising",
});

/// What a tap on a notification opens, as a device reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Click {
    /// Who opens it. A device opens only a kind that it knows.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = ClickKind))]
    pub kind: Open<ClickKind>,
    /// The address. The server checked its scheme against the kind; a device checks it again by
    /// [`Click::checked`] before it opens it.
    pub url: String,
}

/// What a tap opens, as a sender writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ClickRequest {
    /// Who opens it.
    #[serde(rename = "type")]
    pub kind: ClickKind,
    /// The address; its scheme must fit the kind.
    pub url: String,
}

/// Who opens the address of a [`Click`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClickKind {
    /// The app itself, by a deep link of its own scheme.
    App,
    /// The system's browser.
    Link,
    /// A web view inside the app.
    Webview,
}

words!(ClickKind {
    App = "app",
    Link = "link",
    Webview = "webview",
});

impl ClickKind {
    /// An address that fits the kind, with its scheme in lower case.
    ///
    /// # Errors
    /// [`TextError`] that says what is wrong with the address.
    pub fn parse(self, url: &str) -> Result<String, TextError> {
        match self {
            Self::App => parse_app_link(url),
            Self::Link => parse_link(url, &["https", "http"], "https:// or http://"),
            Self::Webview => parse_link(url, &["https"], "https://"),
        }
    }
}

impl Click {
    /// The kind and the address, if this version knows the kind and the address fits it.
    #[must_use]
    pub fn checked(&self) -> Option<(ClickKind, &str)> {
        let kind = self.kind.known()?;
        kind.parse(&self.url).ok()?;
        Some((kind, &self.url))
    }
}

impl ClickRequest {
    /// The same with its address checked, which has to fit the kind.
    ///
    /// # Errors
    /// [`TextError`] that says what is wrong with the address.
    pub fn parse(self) -> Result<Self, TextError> {
        let Self { kind, url } = self;
        Ok(Self {
            url: kind.parse(&url)?,
            kind,
        })
    }
}

impl From<ClickRequest> for Click {
    fn from(ClickRequest { kind, url }: ClickRequest) -> Self {
        Self {
            kind: kind.into(),
            url,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(extra: &Value) -> Notification {
        let mut value = json!({
            "id": "ntf_00000000000000000000000000000001", "title": "t",
            "acceptedAt": "2026-11-28T09:00:00Z", "expiresAt": "2026-11-29T09:00:00Z",
        });
        for (name, field) in extra.as_object().unwrap() {
            value[name] = field.clone();
        }
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn unknown_words_and_fields_are_no_obstacle() {
        let newer = read(&json!({
            "priority": "volcanic", "trafficType": "gossip", "sparkle": {"x": 1},
            "click": {"type": "teleport", "url": "x:y", "mode": "fast"},
        }));
        assert_eq!(newer.priority.as_str(), "volcanic");
        assert_eq!(newer.traffic_type.as_str(), "gossip");
        let click = newer.click.unwrap();
        assert_eq!(click.kind.as_str(), "teleport");
        assert_eq!(click.checked(), None);
    }

    #[test]
    fn optional_parts_that_cannot_be_read_are_absent() {
        let odd = read(&json!({
            "body": 7, "image": "http://a/b", "category": "two words", "click": {"url": 1},
            "data": [1], "actions": "many", "priority": null, "trafficType": {}, "revision": -1,
        }));
        assert_eq!(odd, read(&json!({})));
    }

    #[test]
    fn one_odd_button_does_not_stop_the_others() {
        let read = read(&json!({"actions": [
            {"id": "pay", "type": "link", "title": "Pay", "url": "https://a.example"},
            {"id": "odd"}, 7, {"id": "later", "type": "snooze", "title": "Later"},
        ]}));
        let ids: Vec<_> = read
            .actions
            .iter()
            .map(|action| action.id.as_str())
            .collect();
        assert_eq!(ids, ["pay", "later"]);
    }

    #[test]
    fn a_revision_is_written_only_when_there_is_one() {
        let second = read(&json!({"revision": 2}));
        assert_eq!(second.revision, 2);
        assert_eq!(serde_json::to_value(&second).unwrap()["revision"], 2);
        let first = serde_json::to_value(read(&json!({}))).unwrap();
        assert_eq!(first.get("revision"), None);
    }

    #[test]
    fn an_address_is_opened_only_if_it_fits_the_kind() {
        let click = |kind: ClickKind, url: &str| Click {
            kind: kind.into(),
            url: url.to_owned(),
        };
        let own = click(ClickKind::App, "shop://orders/1");
        assert_eq!(own.checked(), Some((ClickKind::App, "shop://orders/1")));
        assert_eq!(click(ClickKind::Webview, "javascript://x").checked(), None);
    }
}
