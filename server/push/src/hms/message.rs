//! The bodies of requests to Huawei.
//!
//! Version 1 carries data only, so that the app draws it and can report what it drew; the data is the JSON of
//! one name, as FCM's data is. In version 3 data alone waits until the person opens the app, so a push that
//! shows something is a notification with its generic text, which gives the app the same data when it is
//! tapped, and any other one is a message for the background.

use std::collections::BTreeMap;

use serde::Serialize;

use super::account::Settings;
use crate::{
    build_error::BuildError,
    parcel::{self, MEMBER},
    push::{Alert, Push, Urgency},
};

/// What Huawei takes: the body of the request without its token.
pub const MAX_PAYLOAD_BYTES: usize = 4_096;
/// The longest time to live that Huawei takes: 15 days. A longer one is cut to it.
pub const MAX_TTL_SECONDS: u64 = 15 * 24 * 60 * 60;

/// The body of a request of version 1.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    validate_only: bool,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    data: String,
    android: Android<'a>,
    token: [&'a str; 1],
}

#[derive(Serialize)]
struct Android<'a> {
    urgency: &'static str,
    category: &'a str,
    ttl: String,
    bi_tag: String,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        push: &'a Push,
        settings: &'a Settings,
        (token, ttl): (&'a str, u64),
        validate_only: bool,
    ) -> Result<Self, BuildError> {
        let is_urgent =
            settings.urgent && push.content.alert().is_some() && push.urgency >= Urgency::Normal;
        Ok(Self {
            validate_only,
            message: Message {
                data: serde_json::to_string(&data(push)?)?,
                android: Android {
                    urgency: if is_urgent { "HIGH" } else { "NORMAL" },
                    category: settings.categories.kind(push),
                    ttl: format!("{ttl}s"),
                    bi_tag: push.attempt.to_string(),
                },
                token: [token],
            },
        })
    }
}

/// What the app reads: one name, whose value is a text, as FCM's data has it.
type Data = BTreeMap<&'static str, String>;

fn data(push: &Push) -> Result<Data, serde_json::Error> {
    Ok(BTreeMap::from([(MEMBER, parcel::text(push)?)]))
}

/// The body of a request of version 3.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scene<'a> {
    payload: Payload<'a>,
    target: Target<'a>,
    push_options: Options,
}

/// The two of Huawei's scenes that are used.
#[derive(Serialize)]
#[serde(untagged)]
enum Payload<'a> {
    Alert { notification: Box<Notification<'a>> },
    Background(Background),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    category: &'a str,
    title: &'a str,
    body: &'a str,
    click_action: ClickAction,
    /// A repetition takes the place of what is shown.
    notify_id: u32,
    /// The app draws by itself while it is open.
    foreground_show: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClickAction {
    /// 0 opens the app.
    action_type: u8,
    data: Data,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Background {
    extra_data: String,
}

#[derive(Serialize)]
struct Target<'a> {
    token: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    ttl: u64,
    bi_tag: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test_message: bool,
}

impl<'a> Scene<'a> {
    /// A scene; one of a check is a test, which is counted apart.
    pub(super) fn new(
        push: &'a Push,
        settings: &'a Settings,
        (token, ttl): (&'a str, u64),
        is_test: bool,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            payload: match push.content.alert() {
                Some(alert) => Payload::Alert {
                    notification: Box::new(Notification::new(push, alert, settings)?),
                },
                None => Payload::Background(Background {
                    extra_data: serde_json::to_string(&data(push)?)?,
                }),
            },
            target: Target { token: [token] },
            push_options: Options {
                ttl,
                bi_tag: push.attempt.to_string(),
                test_message: is_test,
            },
        })
    }

    /// Huawei's number of the scene, for the header `push-type`.
    pub(super) const fn push_type(&self) -> &'static str {
        match self.payload {
            Payload::Alert { .. } => "0",
            Payload::Background(_) => "6",
        }
    }
}

impl<'a> Notification<'a> {
    fn new(
        push: &'a Push,
        alert: &'a Alert,
        settings: &'a Settings,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            category: settings.categories.kind(push),
            title: &alert.title,
            // Huawei demands one.
            body: if alert.body.is_empty() {
                &alert.title
            } else {
                &alert.body
            },
            click_action: ClickAction {
                action_type: 0,
                data: data(push)?,
            },
            notify_id: notify_id(push),
            foreground_show: false,
        })
    }
}

/// A number of 31 bits for a notification: the random end of its id.
fn notify_id(push: &Push) -> u32 {
    let bits = push.notification.uuid().as_u128() & u128::from(u32::MAX >> 1);
    u32::try_from(bits).unwrap_or_default()
}
