//! How many bytes a value takes on the wire: in JSON and in MessagePack, the hub's two encodings.

use serde::Serialize;
use serde_json::{Number, Value};

/// The bytes of a value in the larger of its two encodings.
///
/// # Errors
/// What the value's own serialisation fails with.
pub fn of<T: Serialize>(value: &T) -> Result<usize, serde_json::Error> {
    let value = serde_json::to_value(value)?;
    Ok(json(&value).max(message_pack(&value)))
}

/// The bytes of a value as compact JSON.
#[must_use]
pub fn json(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Nothing fails in a tree of JSON values or in the counter.
    let _written = serde_json::to_writer(&mut counter, value);
    counter.0
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The bytes of a value in MessagePack, each part in its shortest form, objects as maps by name
/// (<https://github.com/msgpack/msgpack/blob/master/spec.md>).
#[must_use]
pub fn message_pack(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number_bytes(number),
        Value::String(text) => text_bytes(text),
        Value::Array(elements) => {
            collection_header(elements.len()) + elements.iter().map(message_pack).sum::<usize>()
        }
        Value::Object(fields) => {
            let fields_bytes = fields
                .iter()
                .map(|(name, field)| text_bytes(name) + message_pack(field));
            collection_header(fields.len()) + fields_bytes.sum::<usize>()
        }
    }
}

fn number_bytes(number: &Number) -> usize {
    if let Some(natural) = number.as_u64() {
        return match natural {
            0..=0x7f => 1,
            0x80..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0xffff_ffff => 5,
            _ => 9,
        };
    }
    match number.as_i64() {
        Some(-32..) => 1,
        Some(-0x80..) => 2,
        Some(-0x8000..) => 3,
        Some(-0x8000_0000..) => 5,
        Some(_) | None => 9,
    }
}

const fn text_bytes(text: &str) -> usize {
    let header = match text.len() {
        0..=31 => 1,
        32..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    };
    header + text.len()
}

const fn collection_header(len: usize) -> usize {
    match len {
        0..=15 => 1,
        16..=0xffff => 3,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (any::<i64>(), 0..63_u32).prop_map(|(n, shift)| Value::from(n >> shift)),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,40}".prop_map(Value::from),
            (0..300_usize).prop_map(|n| Value::from("я\n".repeat(n))),
        ];
        leaf.prop_recursive(4, 64, 20, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
                prop::collection::btree_map(".{0,34}", inner, 0..20)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_sizes_are_those_of_the_codecs(value in value()) {
            prop_assert_eq!(json(&value), serde_json::to_vec(&value).unwrap().len());
            prop_assert_eq!(message_pack(&value), rmp_serde::to_vec_named(&value).unwrap().len());
        }
    }

    #[test]
    fn long_texts_and_lists_have_longer_headers() {
        for length in [31, 32, 255, 256, 65_535, 65_536] {
            let text = Value::from("x".repeat(length));
            let list = Value::from(vec![0; length]);
            for value in [text, list] {
                let packed = rmp_serde::to_vec_named(&value).unwrap();
                assert_eq!(message_pack(&value), packed.len(), "{length}");
            }
        }
    }
}
