//! What is encrypted: JSON for the service worker, or a declarative push.

use serde::Serialize;
use vestnik_model::url::HttpsUrl;

use crate::{
    build_error::BuildError,
    parcel::Parcel,
    push::{Content, Push},
};

/// The number that marks a declarative push, after RFC 8030
/// (<https://www.w3.org/TR/push-api/#declarative-push-message>).
const DECLARATIVE: u16 = 8030;

/// The form of what is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// For the page's service worker, which draws.
    Worker,
    /// A declarative push, which browsers that know the form show by themselves; others hand it to the
    /// service worker, which finds the same object in it.
    Declarative {
        /// What a tap opens if the push has no link of its own; such a push must open something.
        navigate: HttpsUrl,
    },
}

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    declarative: Option<Declarative<'a>>,
    vestnik: Parcel<'a>,
}

#[derive(Serialize)]
struct Declarative<'a> {
    web_push: u16,
    notification: Notification<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_badge: Option<u32>,
    /// Lets a service worker put the opened content in the place of the generic text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mutable: bool,
}

#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'a str,
    navigate: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
}

pub(crate) fn json(push: &Push, form: &Form) -> Result<Vec<u8>, BuildError> {
    // A browser shows every declarative push: what withdraws is for the service worker.
    let form = match push.content {
        Content::Withdrawal { .. } => &Form::Worker,
        Content::Sealed { .. } | Content::Plain(_) | Content::Hint { .. } => form,
    };
    let payload = match form {
        Form::Worker => Payload {
            declarative: None,
            vestnik: Parcel::whole(push),
        },
        Form::Declarative { navigate } => Payload {
            declarative: Some(declarative(push, navigate)?),
            vestnik: Parcel::beside_alert(push),
        },
    };
    Ok(serde_json::to_vec(&payload)?)
}

fn declarative<'a>(push: &'a Push, navigate: &'a HttpsUrl) -> Result<Declarative<'a>, BuildError> {
    let alert = push.content.alert().ok_or(BuildError::NoAlert)?;
    let (link, badge, mutable) = match &push.content {
        Content::Plain(plain) => (plain.link.as_ref(), plain.badge, false),
        Content::Sealed { .. } | Content::Withdrawal { .. } | Content::Hint { .. } => {
            (None, None, true)
        }
    };
    Ok(Declarative {
        web_push: DECLARATIVE,
        notification: Notification {
            title: &alert.title,
            body: &alert.body,
            navigate: link.unwrap_or(navigate).as_str(),
            tag: push.collapse.as_ref().map(|key| key.as_str()),
        },
        app_badge: badge,
        mutable,
    })
}
