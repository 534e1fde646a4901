//! Forms and queries that come in.

use serde_json::{Map, Value};

/// The most fields.
const MAX_FIELDS: usize = 256;

/// Reads `application/x-www-form-urlencoded` as an object of texts; of two fields with one name the first counts.
pub(crate) fn read(text: &str) -> Value {
    let mut fields = Map::new();
    for pair in text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .take(MAX_FIELDS)
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields
            .entry(decoded(name))
            .or_insert_with(|| Value::String(decoded(value)));
    }
    Value::Object(fields)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                if let Some(byte) = after.get(..2).and_then(hexadecimal) {
                    bytes.push(byte);
                    rest = after.get(2..).unwrap_or_default();
                } else {
                    bytes.push(b'%');
                }
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
    let digits: Option<Vec<_>> = digits.collect();
    let value = digits?
        .into_iter()
        .fold(0, |value, digit| value * 16 + digit);
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_an_object_of_texts() {
        for (text, wanted) in [
            ("a=1&b=x+y%26", json!({"a": "1", "b": "x y&"})),
            ("a=1&a=2", json!({"a": "1"})),
            ("a&=b&&", json!({"a": "", "": "b"})),
            ("a=%", json!({"a": "%"})),
            ("a=%4", json!({"a": "%4"})),
            ("a=%+4", json!({"a": "% 4"})),
            ("a=%D1%8F%FF", json!({"a": "я\u{fffd}"})),
            ("hub.mode=subscribe", json!({"hub.mode": "subscribe"})),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(name in "[a-z]{1,5}", value in any::<String>()) {
            let text = crate::escape::fields(&[(name.clone(), value.clone())]);
            prop_assert_eq!(&read(&text)[&name], &Value::String(value));
        }

        #[test]
        fn no_form_panics(text in any::<String>()) {
            read(&text);
        }
    }
}
