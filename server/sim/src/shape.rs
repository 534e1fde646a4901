//! Checks JSON against the definition of a message, as strictly as Google's API front end does.
//!
//! The other services are checked by the same: one that is more lenient than Google would let a fault pass.

use serde_json::{Map, Value};

/// JSON that is not what the definition says: the field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misshapen {
    pub(crate) field: String,
    pub(crate) what: String,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Text,
    Bool,
    /// An integer; proto JSON allows it as a text too.
    Integer,
    Number,
    /// Seconds with an `s`: `3.5s`.
    Duration,
    /// A time of RFC 3339.
    Time,
    /// `map<string, string>`.
    Texts,
    /// Any JSON object (`google.protobuf.Struct`).
    Struct,
    Word(&'static [&'static str]),
    List(&'static Self),
    Object(&'static [(&'static str, Self)]),
}

/// Checks a value at a path. Fields may be written in `snake_case` and in `lowerCamelCase`; `null` is
/// an absent field.
pub(crate) fn check(shape: Shape, value: &Value, path: &str) -> Result<(), Misshapen> {
    let is_right = match shape {
        Shape::Object(fields) => return object(fields, value, path),
        Shape::List(of) => return list(*of, value, path),
        Shape::Texts => return texts(value, path),
        Shape::Text => value.is_string(),
        Shape::Bool => value.is_boolean(),
        Shape::Integer => integer(value).is_some(),
        Shape::Number => value.is_number(),
        Shape::Duration => value.as_str().and_then(seconds).is_some(),
        Shape::Time => value
            .as_str()
            .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        Shape::Struct => value.is_object(),
        Shape::Word(words) => value.as_str().is_some_and(|word| is_one_of(word, words)),
    };
    if is_right {
        return Ok(());
    }
    let what = format!("Invalid value at '{path}' ({}), {value}", type_of(shape));
    Err(Misshapen {
        field: path.to_owned(),
        what,
    })
}

/// Whole milliseconds of a proto duration: at most nine digits of fraction, and an `s`.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let number = text.strip_suffix('s')?;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_duration =
        is_digits(whole) && whole.len() <= 12 && is_digits(fraction) && fraction.len() <= 9;
    is_duration.then(|| number.parse().ok()).flatten()
}

/// A field of an object under either of its two names.
pub(crate) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let object = object.as_object()?;
    object
        .get(name)
        .or_else(|| object.get(&camel(name)))
        .filter(|value| !value.is_null())
}

fn integer(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// The documents show `"priority": "high"` as well as `"HIGH"`.
fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn object(fields: &[(&str, Shape)], value: &Value, path: &str) -> Result<(), Misshapen> {
    let Some(object) = value.as_object() else {
        let what = format!("Invalid value at '{path}' (Object), {value}");
        return Err(wrong(path, what));
    };
    for (name, value) in object {
        let known = fields
            .iter()
            .find(|(known, _)| known == name || camel(known) == *name);
        let Some((known, shape)) = known else {
            let at = if path.is_empty() {
                String::new()
            } else {
                format!(" at '{path}'")
            };
            let what = format!(
                "Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."
            );
            return Err(wrong(path, what));
        };
        twice(object, known, name, path)?;
        if !value.is_null() {
            check(*shape, value, &join(path, known))?;
        }
    }
    Ok(())
}

/// A field may not be there under both of its names.
fn twice(
    object: &Map<String, Value>,
    known: &str,
    name: &str,
    path: &str,
) -> Result<(), Misshapen> {
    if name != known && object.contains_key(known) {
        let what = format!(
            "Invalid value at '{path}' (oneof), oneof field '{known}' is already set. Cannot set '{name}'"
        );
        return Err(wrong(path, what));
    }
    Ok(())
}

fn list(of: Shape, value: &Value, path: &str) -> Result<(), Misshapen> {
    // Proto JSON reads a single value as a list of one.
    let Some(list) = value.as_array() else {
        return check(of, value, path);
    };
    let mut items = list.iter().enumerate();
    items.try_for_each(|(index, item)| check(of, item, &format!("{path}[{index}]")))
}

fn texts(value: &Value, path: &str) -> Result<(), Misshapen> {
    let Some(map) = value.as_object() else {
        let what = format!("Invalid value at '{path}' (Map), {value}");
        return Err(wrong(path, what));
    };
    for (index, (_, value)) in map.iter().enumerate() {
        check(Shape::Text, value, &format!("{path}[{index}].value"))?;
    }
    Ok(())
}

fn wrong(path: &str, what: String) -> Misshapen {
    Misshapen {
        field: path.to_owned(),
        what,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut letters = part.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

fn type_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "TYPE_STRING",
        Shape::Bool => "TYPE_BOOL",
        Shape::Integer => "TYPE_INT32",
        Shape::Number => "TYPE_FLOAT",
        Shape::Duration => "type.googleapis.com/google.protobuf.Duration",
        Shape::Time => "type.googleapis.com/google.protobuf.Timestamp",
        Shape::Texts => "Map",
        Shape::Struct => "type.googleapis.com/google.protobuf.Struct",
        Shape::Word(_) => "TYPE_ENUM",
        Shape::List(_) => "List",
        Shape::Object(_) => "Object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHAPE: Shape = Shape::Object(&[
        ("validate_only", Shape::Bool),
        ("ttl", Shape::Duration),
        ("data", Shape::Texts),
        ("priority", Shape::Word(&["NORMAL", "HIGH"])),
        ("inner", Shape::Object(&[("count", Shape::Integer)])),
        ("lines", Shape::List(&Shape::Text)),
    ]);

    fn field_of(value: &Value) -> Result<(), String> {
        check(SHAPE, value, "").map_err(|wrong| format!("{}: {}", wrong.field, wrong.what))
    }

    #[test]
    fn both_spellings_and_null_are_accepted() {
        for good in [
            json!({"validateOnly": true}),
            json!({"validate_only": null, "inner": {"count": "7"}, "lines": ["a"]}),
            json!({"ttl": "3.5s", "priority": "high", "data": {"a": "1"}}),
        ] {
            assert_eq!(field_of(&good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_as_google_names_it() {
        for (bad, expected) in [
            (
                json!({"inner": {"colour": 1}}),
                "inner: Invalid JSON payload received. Unknown name \"colour\" at 'inner': Cannot find field.",
            ),
            (
                json!({"data": {"a": 12}}),
                "data[0].value: Invalid value at 'data[0].value' (TYPE_STRING), 12",
            ),
            (
                json!({"ttl": "3"}),
                "ttl: Invalid value at 'ttl' (type.googleapis.com/google.protobuf.Duration), \"3\"",
            ),
            (
                json!({"priority": "urgent"}),
                "priority: Invalid value at 'priority' (TYPE_ENUM), \"urgent\"",
            ),
        ] {
            assert_eq!(field_of(&bad), Err(expected.to_owned()), "{bad}");
        }
        assert!(field_of(&json!({"validateOnly": true, "validate_only": true})).is_err());
        assert!(field_of(&json!([])).is_err());
    }

    #[test]
    fn durations_are_read() {
        for (text, expected) in [("0s", Some(0.0)), ("3.5s", Some(3.5)), ("-1s", Some(-1.0))] {
            assert_eq!(seconds(text), expected);
        }
        for bad in [
            "",
            "s",
            "1",
            "1.s",
            ".5s",
            "1e3s",
            "1m",
            "+1s",
            "1.0000000001s",
            "NaNs",
            "infs",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
