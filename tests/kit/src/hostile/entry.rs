//! Entries of a log, as tests write them down.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use vestnik_model::DeliveryId;

use crate::name;

/// How long a notification is worth showing.
const LIFE: Duration = Duration::from_hours(1);

/// A notification, accepted at this time and worth showing for an hour from then.
#[must_use]
pub fn notification(number: u128, accepted_at: Timestamp) -> Value {
    let id = name::notification(number);
    let expires_at = accepted_at.saturating_add(LIFE).unwrap_or(Timestamp::MAX);
    json!({
        "kind": "notification", "id": id, "at": accepted_at,
        "deliveryId": DeliveryId::from_uuid(Uuid::from_u128(number)),
        "notification": {
            "id": id, "title": format!("Order {number}"),
            "acceptedAt": accepted_at, "expiresAt": expires_at,
        },
    })
}

/// A notification with so many bytes of data beside its text.
#[must_use]
pub fn large(number: u128, accepted_at: Timestamp, bytes: usize) -> Value {
    let mut entry = notification(number, accepted_at);
    entry["notification"]["data"] = json!({"filler": "x".repeat(bytes)});
    entry
}

/// A recall of a notification.
#[must_use]
pub fn recall(number: u128, at: Timestamp) -> Value {
    json!({"kind": "recall", "id": name::notification(number), "at": at})
}

/// An entry of a kind that no version has, with parts that no version reads.
#[must_use]
pub fn unknown(number: u128) -> Value {
    json!({
        "kind": "hologram", "id": name::notification(number), "at": [7, {"deep": null}],
        "beam": {"colour": "infrared", "watts": 1e300},
    })
}
