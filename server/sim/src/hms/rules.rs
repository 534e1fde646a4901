//! What Huawei demands of a message beyond its fields and their types.

use serde_json::Value;

use super::{refusal::Refusal, schema};
use crate::shape::{self, field};

/// The most bytes of a body without its tokens.
const LARGEST: usize = 4_096;
/// The most tokens of a request.
const MOST_TOKENS: usize = 1_000;
/// The longest time to live, in seconds: 15 days.
const LONGEST_TTL: i64 = 1_296_000;
/// That of a message without one: a day.
pub(super) const USUAL_TTL: i64 = 86_400;
/// The longest tag, in bytes.
const LONGEST_TAG: usize = 64;

/// What a message says beside its content, in the words of both versions.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) tokens: Vec<&'a str>,
    pub(super) ttl: i64,
    pub(super) collapse: Option<i64>,
    pub(super) urgency: String,
    pub(super) is_test: bool,
    /// What receipts name it by.
    pub(super) tag: Option<&'a str>,
    /// What the app gets.
    pub(super) content: &'a Value,
    /// How many bytes count against the limit.
    pub(super) bytes: usize,
}

/// Reads a body of version 1.
pub(super) fn version_1(body: &Value, size: usize) -> Result<Sent<'_>, Refusal> {
    shape::check(schema::VERSION_1, body, "")?;
    let missing = || Refusal::Structure("message is missing".to_owned());
    let message = field(body, "message").ok_or_else(missing)?;
    let tokens = tokens(field(message, "token"))?;
    let android = field(message, "android").unwrap_or(&Value::Null);
    let shows = field(message, "notification").or_else(|| field(android, "notification"));
    if shows.is_none()
        && field(message, "data")
            .or_else(|| field(android, "data"))
            .is_none()
    {
        return Err(Refusal::Structure("there is no data".to_owned()));
    }
    let urgency = text(android, "urgency").unwrap_or("NORMAL");
    if urgency == "HIGH" {
        return Err(Refusal::HighPriority);
    }
    let ttl = text(android, "ttl").map_or(Ok(USUAL_TTL), |ttl| {
        let digits = ttl.strip_suffix(['s', 'S']).unwrap_or(ttl);
        let what = || Refusal::Parameter("Invalid ttl".to_owned());
        digits.parse::<i64>().map_err(|_| what())
    })?;
    let sent = Sent {
        bytes: bytes(size, &tokens)?,
        tokens,
        ttl: lifetime(ttl)?,
        collapse: collapse(field(android, "collapse_key"))?,
        urgency: urgency.to_owned(),
        is_test: field(body, "validate_only").and_then(Value::as_bool) == Some(true),
        tag: tag(text(android, "bi_tag"))?,
        content: message,
    };
    Ok(sent)
}

/// Reads a body of version 3, for the scene that the header names.
pub(super) fn version_3<'a>(
    body: &'a Value,
    size: usize,
    push_type: &str,
) -> Result<Sent<'a>, Refusal> {
    shape::check(schema::VERSION_3, body, "")?;
    let missing = |what: &str| Refusal::Structure(format!("{what} is missing"));
    let payload = field(body, "payload").ok_or_else(|| missing("payload"))?;
    let target = field(body, "target").unwrap_or(&Value::Null);
    let tokens = tokens(field(target, "token"))?;
    match push_type {
        "0" => alert(payload)?,
        "6" => {
            shape::check(schema::BACKGROUND, payload, "payload")?;
            text(payload, "extraData").ok_or_else(|| missing("extraData"))?;
        }
        _ => {
            let tokens: Vec<_> = tokens.iter().copied().map(Value::from).collect();
            let word = serde_json::json!({ "noPushTypeRight": tokens });
            return Err(Refusal::AllIllegalFor(word));
        }
    }
    let options = field(body, "pushOptions").unwrap_or(&Value::Null);
    let ttl = field(options, "ttl").and_then(Value::as_i64);
    Ok(Sent {
        bytes: bytes(size, &tokens)?,
        tokens,
        ttl: lifetime(ttl.unwrap_or(USUAL_TTL))?,
        collapse: collapse(field(options, "collapseKey"))?,
        urgency: push_type.to_owned(),
        is_test: field(options, "testMessage").and_then(Value::as_bool) == Some(true),
        tag: tag(text(options, "biTag"))?,
        content: payload,
    })
}

fn alert(payload: &Value) -> Result<(), Refusal> {
    shape::check(schema::ALERT, payload, "payload")?;
    let missing = |what: &str| Refusal::Structure(format!("{what} is missing"));
    let notification = field(payload, "notification").ok_or_else(|| missing("notification"))?;
    for name in ["category", "title", "body"] {
        let value = text(notification, name).filter(|value| !value.is_empty());
        value.ok_or_else(|| missing(name))?;
    }
    let click = field(notification, "clickAction").ok_or_else(|| missing("clickAction"))?;
    let action = field(click, "actionType").and_then(Value::as_i64);
    action.ok_or_else(|| missing("actionType"))?;
    let id = field(notification, "notifyId").map(Value::as_i64);
    match id {
        None => Ok(()),
        Some(Some(id)) if (0..=i64::from(i32::MAX)).contains(&id) => Ok(()),
        Some(_) => Err(Refusal::Structure("notifyId is out of range".to_owned())),
    }
}

fn tokens(value: Option<&Value>) -> Result<Vec<&str>, Refusal> {
    let tokens = value.and_then(Value::as_array);
    let tokens: Vec<_> = tokens
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if (1..=MOST_TOKENS).contains(&tokens.len()) {
        Ok(tokens)
    } else {
        Err(Refusal::TokenCount)
    }
}

fn bytes(size: usize, tokens: &[&str]) -> Result<usize, Refusal> {
    let bytes = size.saturating_sub(tokens.iter().map(|token| token.len()).sum());
    if bytes > LARGEST {
        return Err(Refusal::TooLong);
    }
    Ok(bytes)
}

fn lifetime(ttl: i64) -> Result<i64, Refusal> {
    match ttl {
        ..=0 => Err(Refusal::ExpireTime),
        1..=LONGEST_TTL => Ok(ttl),
        _ => Err(Refusal::Parameter("Invalid ttl".to_owned())),
    }
}

/// -1 keeps every message.
fn collapse(value: Option<&Value>) -> Result<Option<i64>, Refusal> {
    match value.map(Value::as_i64) {
        None | Some(Some(-1)) => Ok(None),
        Some(Some(key)) if (0..=100).contains(&key) => Ok(Some(key)),
        Some(_) => Err(Refusal::CollapseKey),
    }
}

fn tag(tag: Option<&str>) -> Result<Option<&str>, Refusal> {
    if tag.is_some_and(|tag| tag.len() > LONGEST_TAG) {
        return Err(Refusal::Parameter("Invalid bi_tag".to_owned()));
    }
    Ok(tag)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    field(value, name)?.as_str()
}
