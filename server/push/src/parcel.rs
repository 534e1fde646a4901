//! What the app on the device reads in a push, whichever service brought it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;
use vestnik_model::{AttemptId, NotificationId};

use crate::push::{Content, Plain, Push};

/// The version of this shape.
const VERSION: u8 = 1;

/// The one name under which every service carries the parcel. FCM keeps names such as `notification`
/// for itself.
pub(crate) const MEMBER: &str = "vestnik";

/// What the app on the device reads in a push: the member [`MEMBER`] of what it gets. Absent fields are
/// left out.
#[derive(Serialize)]
pub(crate) struct Parcel<'a> {
    v: u8,
    id: AttemptId,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<NotificationId>,
    /// What is to be taken off the screen. A device of a version that does not know this member finds a
    /// parcel that names no notification, and draws nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdraws: Option<NotificationId>,
    /// The sealed content, in base64url without padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a BTreeMap<String, Value>>,
}

/// The parcel as one text, for a service that carries names and texts only and leaves it to the app to show
/// something. The text of a sealed push is generic and only for platforms that show it by themselves.
pub(crate) fn text(push: &Push) -> Result<String, serde_json::Error> {
    let parcel = match push.content {
        Content::Sealed { .. } | Content::Withdrawal { .. } | Content::Hint { .. } => {
            Parcel::beside_alert(push)
        }
        Content::Plain(_) => Parcel::whole(push),
    };
    serde_json::to_string(&parcel)
}

impl<'a> Parcel<'a> {
    /// All that the app needs to draw the push by itself.
    pub(crate) fn whole(push: &'a Push) -> Self {
        let alert = push.content.alert();
        Self {
            title: alert.map(|alert| alert.title.as_str()),
            body: alert
                .map(|alert| alert.body.as_str())
                .filter(|body| !body.is_empty()),
            badge: plain(push).and_then(|plain| plain.badge),
            ..Self::beside_alert(push)
        }
    }

    /// What the app needs where the platform has the text and the badge already.
    pub(crate) fn beside_alert(push: &'a Push) -> Self {
        let plain = plain(push);
        let is_withdrawal = matches!(push.content, Content::Withdrawal { .. });
        Self {
            v: VERSION,
            id: push.attempt,
            notification: (!is_withdrawal).then_some(push.notification),
            withdraws: is_withdrawal.then_some(push.notification),
            envelope: envelope(push).map(|bytes| URL_SAFE_NO_PAD.encode(bytes)),
            title: None,
            body: None,
            link: plain.and_then(|plain| Some(plain.link.as_ref()?.as_str())),
            badge: None,
            data: plain
                .map(|plain| &plain.data)
                .filter(|data| !data.is_empty()),
        }
    }
}

fn plain(push: &Push) -> Option<&Plain> {
    match &push.content {
        Content::Plain(plain) => Some(plain),
        Content::Sealed { .. } | Content::Withdrawal { .. } | Content::Hint { .. } => None,
    }
}

fn envelope(push: &Push) -> Option<&[u8]> {
    match &push.content {
        Content::Sealed { envelope, .. } | Content::Withdrawal { envelope } => Some(envelope),
        Content::Plain(_) | Content::Hint { .. } => None,
    }
}
