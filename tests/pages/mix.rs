//! Notifications of every allowed size and of characters that take more bytes on the wire than in memory.

use jiff::Timestamp;
use rand::{RngExt as _, rngs::StdRng};
use serde_json::{Map, Value, json};
use vestnik_model::{
    NotificationId, PublishRequest, UserId, limits,
    publish::{ContentRequest, Data, Publication},
};
use vestnik_testkit::backend::to_user;

/// The most characters of a title and of a body, and the most bytes of data: those of the publish API.
const TITLE_CHARS: usize = 256;
const BODY_CHARS: usize = 4_000;
const DATA_BYTES: usize = 2_048;

/// Characters by what they cost: one byte, an escape of two, an escape of six in a careless encoder, two,
/// three and four bytes, a pair of surrogates, and what ends a line in JavaScript and a SignalR record.
const CHARACTERS: [&[char]; 6] = [
    &['a', 'Z', '7', ' '],
    &['"', '\\', '/'],
    &['\n', '\t', '\u{7f}'],
    &['ж', 'ß', 'é'],
    &['漢', '€', '\u{2028}', '\u{2029}'],
    &['👋', '𝒳', '🏳'],
];

/// A request that the server accepts, as large or as small as the dice want.
pub(crate) fn draw(rng: &mut StdRng, user: &UserId) -> PublishRequest {
    loop {
        let request = candidate(rng, user);
        // Larger than an entry may be, or made of nothing that can be seen: the API refuses it, and it is
        // no part of the property.
        if Publication::parse(request.clone()).is_ok() {
            return request;
        }
    }
}

fn candidate(rng: &mut StdRng, user: &UserId) -> PublishRequest {
    let (title, body) = match rng.random_range(0..4) {
        0 => (rng.random_range(1..20), 0),
        1 => (TITLE_CHARS, BODY_CHARS),
        _ => (
            rng.random_range(1..=TITLE_CHARS),
            rng.random_range(0..=BODY_CHARS),
        ),
    };
    let title = text(rng, title, false);
    let notification = ContentRequest {
        body: text(rng, body, true),
        data: rng.random_bool(0.6).then(|| data(rng)),
        image: rng.random_bool(0.2).then(|| url(rng)),
        ..to_user(user, &format!("t{title}")).notification
    };
    PublishRequest {
        notification,
        ..to_user(user, "")
    }
}

/// A text of one kind of characters, or of all.
fn text(rng: &mut StdRng, chars: usize, may_break_lines: bool) -> String {
    let only = rng
        .random_bool(0.7)
        .then(|| rng.random_range(0..CHARACTERS.len()));
    let all = (0..chars).map(|_| {
        let kind = only.unwrap_or_else(|| rng.random_range(0..CHARACTERS.len()));
        let set = CHARACTERS[kind];
        set[rng.random_range(0..set.len())]
    });
    let wanted =
        |c: &char| may_break_lines || !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    all.filter(wanted).collect()
}

fn url(rng: &mut StdRng) -> String {
    let path: String = (0..rng.random_range(1..1_900)).map(|_| 'p').collect();
    format!("https://example.com/{path}")
}

/// Data up to its bound: many small members, one long text, or deep nesting.
fn data(rng: &mut StdRng) -> Data {
    let mut object = Map::new();
    match rng.random_range(0..3) {
        0 => {
            while size(&object) < DATA_BYTES - 64 {
                let number = rng.random_range(-1_000_000_000_i64..1_000_000_000);
                object.insert(
                    format!("k{}", object.len()),
                    json!([number, 0.5, null, true]),
                );
            }
        }
        1 => {
            let chars = rng.random_range(0..DATA_BYTES / 8);
            let text = text(rng, chars, true);
            object.insert("text".to_owned(), json!(text));
        }
        _ => {
            let nested =
                (0..rng.random_range(1..30)).fold(json!({}), |inner, _| json!({ "in": inner }));
            object.insert("deep".to_owned(), nested);
        }
    }
    let text = Value::Object(object).to_string();
    serde_json::from_str(&text).expect("an object is data")
}

fn size(object: &Map<String, Value>) -> usize {
    serde_json::to_vec(object).map_or(limits::PUBLISH_BYTES, |json| json.len())
}

/// What a device has to read of an accepted request, without its times.
pub(crate) fn expected(request: PublishRequest, id: NotificationId) -> anyhow::Result<Value> {
    let publication = Publication::parse(request)?;
    let notification = publication.accept(id, Timestamp::UNIX_EPOCH);
    Ok(comparable(serde_json::to_value(notification)?))
}

/// A notification without its times, and with every number as a double: a client may read 1 and 1.0
/// alike.
pub(crate) fn comparable(mut notification: Value) -> Value {
    if let Some(members) = notification.as_object_mut() {
        members.remove("acceptedAt");
        members.remove("expiresAt");
    }
    as_doubles(notification)
}

fn as_doubles(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(as_doubles).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, as_doubles(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}
