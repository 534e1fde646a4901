//! The body of a request to APNs
//! (<https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification>).

use serde::Serialize;

use crate::{
    parcel::Parcel,
    push::{Content, Push, Urgency},
};

#[derive(Serialize)]
pub(crate) struct Payload<'a> {
    aps: Aps<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vestnik: Option<Parcel<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Aps<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interruption_level: Option<&'static str>,
    /// Wakes the notification service extension, which needs an alert too.
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable_content: Option<u8>,
    /// Wakes the app; with nothing to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_available: Option<u8>,
}

#[derive(Serialize)]
struct Alert<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'a str,
}

impl<'a> Payload<'a> {
    /// What APNs is sent.
    pub(crate) fn whole(push: &'a Push) -> Self {
        Self {
            vestnik: Some(Parcel::beside_alert(push)),
            ..Self::alone(push)
        }
    }

    /// What the system reads, for a service that adds what the app reads.
    pub(crate) fn alone(push: &'a Push) -> Self {
        let alert = push.content.alert();
        let is_shown = alert.is_some();
        let is_quiet = push.urgency <= Urgency::Low;
        let badge = match &push.content {
            Content::Plain(plain) => plain.badge,
            Content::Sealed { .. } | Content::Withdrawal { .. } | Content::Hint { .. } => None,
        };
        let aps = Aps {
            alert: alert.map(|alert| Alert {
                title: &alert.title,
                body: &alert.body,
            }),
            badge,
            sound: (is_shown && !is_quiet).then_some("default"),
            interruption_level: (is_shown && is_quiet).then_some("passive"),
            mutable_content: is_shown.then_some(1),
            content_available: (!is_shown).then_some(1),
        };
        Self { aps, vestnik: None }
    }
}
