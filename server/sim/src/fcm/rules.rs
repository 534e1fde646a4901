//! What FCM demands of a message beyond its fields and their types.

use serde_json::Value;

use super::refusal::Refusal;
use crate::shape::{field, seconds};

/// The most bytes of data and notification.
pub(super) const LARGEST: usize = 4_096;
/// The same for a message to a topic.
const LARGEST_FOR_TOPIC: usize = 2_048;
/// The longest time to live, in seconds: four weeks. It is the default too.
pub(super) const LONGEST_TTL: f64 = 2_419_200.0;
/// The ways to address a message, of which one must be used.
const TARGETS: [&str; 4] = ["token", "fid", "topic", "condition"];
/// Keys of `data` that FCM keeps for itself.
const RESERVED: [&str; 4] = ["from", "notification", "message_type", "collapse_key"];
const RESERVED_BEGINNINGS: [&str; 2] = ["google.", "gcm."];

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A registration token or a Firebase installation id.
    Device { field: &'static str, value: String },
    /// A topic or a condition of topics.
    Topics,
}

/// Checks the rules and gives the target.
pub(super) fn check(message: &Value) -> Result<Target, Refusal> {
    let target = target(message)?;
    for (path, data) in datas(message) {
        reserved(data, path)?;
    }
    if let Some(ttl) = field_of_android(message, "ttl")
        .and_then(Value::as_str)
        .and_then(seconds)
        && !(0.0..=LONGEST_TTL).contains(&ttl)
    {
        let what = format!("Invalid value of ttl: must be from 0s to {LONGEST_TTL}s");
        return Err(invalid("message.android.ttl", what));
    }
    let largest = match target {
        Target::Device { .. } => LARGEST,
        Target::Topics => LARGEST_FOR_TOPIC,
    };
    if size(message) > largest {
        return Err(Refusal::TooBig);
    }
    Ok(target)
}

/// How many bytes count against the limit: the keys and values of data, and the texts of notifications.
pub(super) fn size(message: &Value) -> usize {
    let data = field_of_android(message, "data").or_else(|| field(message, "data"));
    let notification = [
        field(message, "notification"),
        field_of_android(message, "notification"),
    ];
    let parts = data.into_iter().chain(notification.into_iter().flatten());
    parts
        .filter_map(Value::as_object)
        .flatten()
        .map(entry)
        .sum()
}

/// A field of the part for Android.
pub(super) fn field_of_android<'a>(message: &'a Value, name: &str) -> Option<&'a Value> {
    field(field(message, "android")?, name)
}

fn entry((key, value): (&String, &Value)) -> usize {
    key.len()
        + value
            .as_str()
            .map_or_else(|| value.to_string().len(), str::len)
}

fn target(message: &Value) -> Result<Target, Refusal> {
    let mut found = TARGETS
        .into_iter()
        .filter_map(|name| Some((name, field(message, name)?.as_str()?)));
    let Some((name, value)) = found.next() else {
        let what = "Recipient of the message is not set.".to_owned();
        return Err(invalid("message", what));
    };
    if let Some((second, _)) = found.next() {
        let what = format!(
            "Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set '{second}'"
        );
        let field = "message".to_owned();
        return Err(Refusal::Shape { field, what });
    }
    match name {
        "token" | "fid" => Ok(Target::Device {
            field: name,
            value: value.to_owned(),
        }),
        _ => Ok(Target::Topics),
    }
}

fn datas(message: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let own = field(message, "data").map(|data| ("message.data", data));
    let android = field_of_android(message, "data").map(|data| ("message.android.data", data));
    own.into_iter().chain(android)
}

fn reserved(data: &Value, path: &str) -> Result<(), Refusal> {
    let mut keys = data.as_object().into_iter().flatten().map(|(key, _)| key);
    let is_reserved = |key: &&String| {
        RESERVED.contains(&key.as_str())
            || RESERVED_BEGINNINGS
                .iter()
                .any(|begin| key.starts_with(begin))
    };
    match keys.find(is_reserved) {
        Some(key) => Err(invalid(path, format!("Invalid data payload key: {key}"))),
        None => Ok(()),
    }
}

fn invalid(field: &str, what: String) -> Refusal {
    Refusal::Invalid {
        field: field.to_owned(),
        what,
    }
}
