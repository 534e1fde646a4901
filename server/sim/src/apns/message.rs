//! Makes the message that is stored and delivered of what was sent.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::request::{Expiration, Headers};
use crate::{
    message::{Content, Message},
    service::Service,
};

/// How long APNs stores what has no expiration. Apple says "up to 30 days".
const OWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What was sent.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) id: String,
    pub(super) headers: &'a Headers<'a>,
    pub(super) payload: Value,
    pub(super) bytes: usize,
}

pub(super) fn accepted(sent: Sent<'_>, now: Timestamp) -> Message {
    let Sent {
        id,
        headers,
        payload,
        bytes,
    } = sent;
    Message {
        id,
        service: Service::Apns,
        accepted_at: now,
        expires_at: match headers.expiration {
            Expiration::Own => Some(now.saturating_add(OWN).unwrap_or(Timestamp::MAX)),
            Expiration::Once => None,
            Expiration::At(end) => Some(end),
        },
        urgency: headers.priority.to_owned(),
        collapse: headers.collapse.map(str::to_owned),
        bytes,
        content: Content::Apns {
            push_type: headers.push_type.as_str().to_owned(),
            payload,
        },
    }
}
