//! The notification as a device gets, stores and shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    id::{CategoryName, NotificationId},
    text::{Body, HttpsUrl, TextError, Title, check_url},
};

/// What a sender published and a person sees. Content is text, never HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// The same on every path by which it may come; what it is shown once by.
    pub id: NotificationId,
    /// The line by which a person recognises it.
    pub title: Title,
    /// What it says.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
    /// A picture that the device fetches, with caps on size and type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<HttpsUrl>,
    /// The kind of content a user can switch off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryName>,
    /// Why it was sent, in the terms of the law.
    #[serde(default)]
    pub traffic_type: TrafficType,
    /// How urgently it asks for attention.
    #[serde(default)]
    pub priority: Priority,
    /// What a tap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<Click>,
    /// The sender's own data, handed to the app untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
    /// When the server accepted it.
    pub accepted_at: Timestamp,
    /// From when on a device that has not seen it drops it.
    pub expires_at: Timestamp,
}

/// How urgently a notification asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
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

/// Why a notification was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
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

/// What a tap on a notification opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Click {
    /// Who opens it.
    #[serde(rename = "type")]
    pub kind: ClickKind,
    /// The address; its scheme has been checked against the kind.
    pub url: String,
}

/// Who opens the address of a [`Click`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClickKind {
    /// The app itself, by a deep link of its own scheme.
    App,
    /// The system's browser.
    Link,
    /// A web view inside the app.
    Webview,
}

impl Click {
    /// Checks that the address fits the kind.
    ///
    /// # Errors
    /// [`TextError`] that says what is wrong with the address.
    pub fn check(&self) -> Result<(), TextError> {
        match self.kind {
            ClickKind::App => check_url(&self.url, &[], "the app's own scheme, as in 'shop://'"),
            ClickKind::Link => check_url(&self.url, &["https", "http"], "https:// or http://"),
            ClickKind::Webview => check_url(&self.url, &["https"], "https://"),
        }
    }
}
