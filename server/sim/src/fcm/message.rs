//! Makes the message that is stored and delivered of what was sent.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::rules::{LONGEST_TTL, field_of_android, size};
use crate::{
    message::{Content, Message},
    service::Service,
    shape::{field, seconds},
};

/// The collapse key of notification messages that name none: such messages always collapse.
const OF_NOTIFICATIONS: &str = "(notifications of the app)";

pub(super) fn accepted(sent: &Value, id: String, now: Timestamp) -> Message {
    let word = field_of_android(sent, "priority").and_then(Value::as_str);
    Message {
        id,
        service: Service::Fcm,
        accepted_at: now,
        expires_at: expires_at(sent, now),
        urgency: word.unwrap_or("NORMAL").to_ascii_uppercase(),
        collapse: collapse(sent),
        bytes: size(sent),
        content: Content::Fcm {
            message: without_target(sent),
        },
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the time to live has been checked to be at most four weeks"
)]
fn expires_at(sent: &Value, now: Timestamp) -> Option<Timestamp> {
    let ttl = field_of_android(sent, "ttl").and_then(Value::as_str);
    let millis = (ttl.and_then(seconds).unwrap_or(LONGEST_TTL) * 1_000.0) as i64;
    let end = now.saturating_add(SignedDuration::from_millis(millis));
    (millis > 0).then(|| end.unwrap_or(Timestamp::MAX))
}

fn collapse(sent: &Value) -> Option<String> {
    let given = field_of_android(sent, "collapse_key").and_then(Value::as_str);
    let is_notification = [
        field(sent, "notification"),
        field_of_android(sent, "notification"),
    ]
    .iter()
    .any(Option::is_some);
    given
        .map(str::to_owned)
        .or_else(|| is_notification.then(|| OF_NOTIFICATIONS.to_owned()))
}

fn without_target(sent: &Value) -> Value {
    let mut message = sent.clone();
    if let Some(fields) = message.as_object_mut() {
        for target in ["token", "fid", "topic", "condition"] {
            fields.remove(target);
        }
    }
    message
}
