//! The body of a request to FCM.
//!
//! On Android the push is data only, so that the app draws it and can report what it drew. It has no
//! `collapse_key`: FCM keeps four keys for a device that is offline and drops the messages of any other,
//! while it keeps a hundred messages without a key. The app knows a repetition by its identifiers. On Apple's
//! systems FCM passes the push to APNs: the alert is there, and `mutable-content` wakes the extension.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    address::FcmAddress,
    apns::{self, Payload},
    build_error::BuildError,
    parcel::{self, MEMBER},
    push::{Push, Urgency},
    web_push,
};

/// The longest time to live that FCM takes: four weeks. A longer one is cut to it.
pub const MAX_TTL_SECONDS: u64 = 28 * 24 * 60 * 60;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    validate_only: bool,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fid: Option<&'a str>,
    data: BTreeMap<&'static str, String>,
    android: Android,
    apns: Apns<'a>,
    webpush: WebPush<'a>,
}

#[derive(Serialize)]
struct Android {
    priority: &'static str,
    ttl: String,
}

#[derive(Serialize)]
struct Apns<'a> {
    headers: BTreeMap<&'static str, String>,
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct WebPush<'a> {
    headers: BTreeMap<&'static str, &'a str>,
}

/// What FCM counts against its limit, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// The data: names and values.
    pub(super) data: usize,
    /// What FCM will send to APNs: the payload with the data in it.
    pub(super) apns: usize,
}

impl Sizes {
    /// What has to fit.
    pub(super) fn largest(self) -> usize {
        self.data.max(self.apns)
    }
}

impl<'a> Body<'a> {
    pub(super) fn new(
        push: &'a Push,
        address: &'a FcmAddress,
        validate_only: bool,
        now: Timestamp,
    ) -> Result<Self, BuildError> {
        let ttl = push.seconds_left(now, MAX_TTL_SECONDS)?;
        let (token, fid) = match address {
            FcmAddress::Token(text) => (Some(text.as_str()), None),
            FcmAddress::Installation(text) => (None, Some(text.as_str())),
        };
        let collapse = push.collapse.as_ref().map(|key| key.as_str());
        let mut headers = BTreeMap::from([("Urgency", web_push::urgency(push.urgency))]);
        headers.extend(collapse.map(|topic| ("Topic", topic)));
        Ok(Self {
            validate_only,
            message: Message {
                token,
                fid,
                data: BTreeMap::from([(MEMBER, parcel::text(push)?)]),
                android: Android {
                    priority: priority(push),
                    ttl: format!("{ttl}s"),
                },
                apns: Apns {
                    headers: apns::headers(push, now)?.into_iter().collect(),
                    payload: Payload::alone(push),
                },
                webpush: WebPush { headers },
            },
        })
    }

    pub(super) fn sizes(&self) -> Result<Sizes, serde_json::Error> {
        let message = &self.message;
        let data = message.data.iter();
        let payload = serde_json::to_vec(&message.apns.payload)?.len();
        Ok(Sizes {
            data: data.map(|(name, text)| name.len() + text.len()).sum(),
            // The two objects become one: the braces between them become a comma.
            apns: payload + serde_json::to_vec(&message.data)?.len() - 1,
        })
    }
}

/// Google lowers the priority of apps whose urgent pushes show nothing, so only those that do are.
fn priority(push: &Push) -> &'static str {
    if push.content.alert().is_some() && push.urgency >= Urgency::Normal {
        "HIGH"
    } else {
        "NORMAL"
    }
}
