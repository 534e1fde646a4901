//! Whether a payload fits its push type.
//!
//! <https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification>

use serde_json::{Map, Value};

use super::{push_type::PushType, reason::Reason};
use crate::device::Kind;

/// Reads a payload for a push type and a kind of token.
pub(super) fn read(body: &[u8], push_type: PushType, kind: Kind) -> Result<Value, Reason> {
    if body.is_empty() {
        return Err(Reason::PayloadEmpty);
    }
    if body.len() > push_type.largest() {
        return Err(Reason::PayloadTooLarge);
    }
    let payload: Value = serde_json::from_slice(body).map_err(|_| Reason::PayloadEmpty)?;
    let fields = payload.as_object().ok_or(Reason::PayloadEmpty)?;
    let aps = fields.get("aps").and_then(Value::as_object);
    let fits = match push_type {
        PushType::Alert => aps.is_some_and(is_alert),
        PushType::Background => aps.is_some_and(is_background),
        PushType::LiveActivity => aps.is_some_and(|aps| is_live(aps, kind)),
        PushType::Mdm => fields.get("mdm").is_some_and(Value::is_string),
        PushType::Widgets | PushType::Controls => {
            aps.is_some_and(|aps| aps.get("content-changed") == Some(&Value::Bool(true)))
        }
        PushType::Location
        | PushType::Voip
        | PushType::Complication
        | PushType::FileProvider
        | PushType::PushToTalk => true,
    };
    if fits {
        Ok(payload)
    } else {
        Err(Reason::InvalidPushType)
    }
}

/// Shows, sounds or sets the badge.
fn is_alert(aps: &Map<String, Value>) -> bool {
    ["alert", "sound", "badge"]
        .iter()
        .any(|name| aps.contains_key(*name))
}

/// Only wakes the app.
fn is_background(aps: &Map<String, Value>) -> bool {
    aps.get("content-available") == Some(&Value::from(1)) && !is_alert(aps)
}

/// Starts, updates or ends a Live Activity. What starts one also alerts and names the activity's type.
fn is_live(aps: &Map<String, Value>, kind: Kind) -> bool {
    let is_timed = aps.get("timestamp").is_some_and(Value::is_u64);
    let has = |names: &[&str]| names.iter().all(|name| aps.contains_key(*name));
    let event = aps.get("event").and_then(Value::as_str);
    is_timed
        && match (event, kind) {
            (Some("start"), Kind::ApnsLiveStart) => {
                has(&["attributes-type", "attributes", "content-state", "alert"])
            }
            (Some("update"), Kind::ApnsLiveUpdate) => has(&["content-state"]),
            (Some("end"), Kind::ApnsLiveUpdate) => true,
            (_, _) => false,
        }
}
