//! The headers of a notification.

use http::HeaderMap;
use jiff::Timestamp;

use super::{
    push_type::PushType,
    reason::{APNS_ID, Reason},
};
use crate::hex;

/// The longest collapse id, in bytes.
const LONGEST_COLLAPSE: usize = 64;
/// The headers of APNs: each may be there once.
const ONCE: [&str; 7] = [
    "authorization",
    "apns-id",
    "apns-expiration",
    "apns-priority",
    "apns-topic",
    "apns-collapse-id",
    "apns-push-type",
];

/// The headers, read.
#[derive(Debug)]
pub(super) struct Headers<'a> {
    pub(super) push_type: PushType,
    pub(super) topic: &'a str,
    pub(super) priority: &'a str,
    pub(super) expiration: Expiration,
    pub(super) collapse: Option<&'a str>,
}

/// `apns-expiration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiration {
    /// The header is absent: stored as long as the service sees fit.
    Own,
    /// Zero: delivered at once or not at all.
    Once,
    At(Timestamp),
}

/// The name of a notification: the sender's, or one of random bytes.
pub(super) fn name(headers: &HeaderMap, random: &[u8; 32]) -> Result<String, Reason> {
    match headers.get(APNS_ID).map(|name| name.to_str()) {
        None => Ok(hex::uuid(random)),
        Some(Ok(name)) if hex::is_uuid(name) => Ok(name.to_owned()),
        Some(_) => Err(Reason::BadMessageId),
    }
}

pub(super) fn read(headers: &HeaderMap) -> Result<Headers<'_>, Reason> {
    if ONCE
        .iter()
        .any(|name| headers.get_all(*name).iter().count() > 1)
    {
        return Err(Reason::DuplicateHeaders);
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let push_type = text("apns-push-type").and_then(PushType::parse);
    let push_type = push_type.ok_or(Reason::InvalidPushType)?;
    let topic = text("apns-topic").filter(|topic| !topic.is_empty());
    Ok(Headers {
        push_type,
        topic: topic.ok_or(Reason::MissingTopic)?,
        priority: priority(text("apns-priority"), push_type)?,
        expiration: expiration(text("apns-expiration"))?,
        collapse: collapse(text("apns-collapse-id"))?,
    })
}

/// 10 at once, 5 with care for the battery, 1 without ever waking the device. A background push must
/// not have 10.
fn priority(given: Option<&str>, push_type: PushType) -> Result<&str, Reason> {
    let priority = given.unwrap_or("10");
    let fits = match priority {
        "5" | "1" => true,
        "10" => push_type != PushType::Background,
        _ => false,
    };
    if fits {
        Ok(priority)
    } else {
        Err(Reason::BadPriority)
    }
}

fn expiration(given: Option<&str>) -> Result<Expiration, Reason> {
    let Some(given) = given else {
        return Ok(Expiration::Own);
    };
    match given.parse::<i64>() {
        Ok(0) => Ok(Expiration::Once),
        Ok(seconds) if seconds > 0 => Timestamp::from_second(seconds)
            .map(Expiration::At)
            .map_err(|_| Reason::BadExpirationDate),
        Ok(_) | Err(_) => Err(Reason::BadExpirationDate),
    }
}

fn collapse(given: Option<&str>) -> Result<Option<&str>, Reason> {
    match given {
        Some(id) if id.is_empty() || id.len() > LONGEST_COLLAPSE => Err(Reason::BadCollapseId),
        given => Ok(given),
    }
}
