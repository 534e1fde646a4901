//! The buttons of a notification.
//!
//! A sender gives a notification up to [`MAX_ACTIONS`] buttons, each with an id of its own choice, unique
//! within the notification. A device reports that one was pressed by the fact `actioned` with this id, and
//! a text that a person typed by the fact `reply`.

use serde::{Deserialize, Serialize};

use crate::{
    notification::ClickKind,
    open::{Open, readable, words},
    url::is_of_web,
};

/// The most buttons of one notification.
pub const MAX_ACTIONS: usize = 4;
/// The most characters of the id of a button: a fact's word.
pub const MAX_ACTION_ID_CHARS: usize = crate::fact::MAX_FACT_WORD_CHARS;
/// The most characters of what a button says, and of the words in the field for a text.
pub const MAX_ACTION_TITLE_CHARS: usize = 48;

/// A button of a notification, as a device reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Action {
    /// What a device reports it by.
    pub id: String,
    /// What it does. A device shows only a kind that it knows.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = ActionKind))]
    pub kind: Open<ActionKind>,
    /// What it says.
    pub title: String,
    /// Of a `link`: the address. The server checked it; a device checks it again by [`Action::link`].
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub url: Option<String>,
    /// Of a `reply`: what stands in the empty field for the text.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub placeholder: Option<String>,
}

/// A button of a notification, as a sender writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ActionRequest {
    /// What a device reports it by, 1 to 64 characters, unique within the notification.
    pub id: String,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: ActionKind,
    /// What it says, 1 to 48 characters.
    pub title: String,
    /// Of a `link`: an `https` or `http` address, or a deep link of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a `reply`: what stands in the empty field for the text, up to 48 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionKind {
    /// Opens an address.
    Link,
    /// Asks for a text, which is sent to the sender.
    Reply,
    /// Tells the sender that it was pressed.
    Callback,
}

words!(ActionKind {
    Link = "link",
    Reply = "reply",
    Callback = "callback",
});

impl Action {
    /// Who opens the address of a link, and the address, if it fits.
    #[must_use]
    pub fn link(&self) -> Option<(ClickKind, &str)> {
        if self.kind != ActionKind::Link {
            return None;
        }
        let url = self.url.as_deref()?;
        let kind = opened_by(url);
        kind.parse(url).ok()?;
        Some((kind, url))
    }
}

/// The system's browser opens addresses of the web, the app those of its own scheme.
pub(crate) fn opened_by(url: &str) -> ClickKind {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    if scheme.is_some_and(is_of_web) {
        ClickKind::Link
    } else {
        ClickKind::App
    }
}

impl From<ActionRequest> for Action {
    fn from(request: ActionRequest) -> Self {
        let ActionRequest {
            id,
            kind,
            title,
            url,
            placeholder,
        } = request;
        Self {
            id,
            kind: kind.into(),
            title,
            url,
            placeholder,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn action(value: serde_json::Value) -> Action {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_link_is_opened_by_whom_its_address_fits() {
        let link = |url: &str| action(json!({"id": "a", "type": "link", "title": "t", "url": url}));
        let web = link("https://shop.example/pay");
        assert_eq!(
            web.link(),
            Some((ClickKind::Link, "https://shop.example/pay"))
        );
        let own = link("shop://orders/1");
        assert_eq!(own.link(), Some((ClickKind::App, "shop://orders/1")));
        assert_eq!(link("javascript:alert(1)").link(), None);
        assert_eq!(link("https://bank.example@evil.example/").link(), None);
        let loud = link("HTTPS://shop.example");
        assert_eq!(loud.link().map(|(kind, _)| kind), Some(ClickKind::Link));
        let other =
            action(json!({"id": "a", "type": "callback", "title": "t", "url": "https://a"}));
        assert_eq!(other.link(), None);
    }

    #[test]
    fn a_kind_of_another_version_is_kept() {
        let newer = action(json!({"id": "a", "type": "sign", "title": "t", "url": 7, "pad": true}));
        assert_eq!((newer.kind.as_str(), newer.url), ("sign", None));
    }
}
