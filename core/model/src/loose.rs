//! Reads any value of any codec as JSON, for what this version keeps without knowing it.
//!
//! `serde_json::Value` refuses what JSON has no form for, as MessagePack's binary and extension values
//! and keys that are no text. One such value of a later version must not make its whole page
//! unreadable, so it is read as the nearest JSON.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// How deep a value may be nested; what lies deeper is read as null. Readers of JSON commonly stop at
/// 128 levels, and a value is carried inside others.
const MAX_DEPTH: usize = 96;

/// Any value, as JSON: bytes as a list of numbers, keys as text, numbers that JSON lacks as null.
#[derive(Debug, Default)]
pub(crate) struct Loose(pub(crate) Value);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Nested { depth: 0 }.deserialize(deserializer).map(Self)
    }
}

#[derive(Clone, Copy)]
struct Nested {
    depth: usize,
}

impl Nested {
    fn inner(self) -> Self {
        Self {
            depth: self.depth + 1,
        }
    }

    fn kept(self, value: Value) -> Value {
        if self.depth < MAX_DEPTH {
            value
        } else {
            Value::Null
        }
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        self.deserialize(inner)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        self.inner().deserialize(inner)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (value, _) = data.variant_seed(self)?;
        Ok(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(self.inner())? {
            elements.push(element);
        }
        Ok(self.kept(Value::Array(elements)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key_seed(self.inner())? {
            fields.insert(key_text(key), map.next_value_seed(self.inner())?);
        }
        Ok(self.kept(Value::Object(fields)))
    }
}

fn key_text(key: Value) -> String {
    match key {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            key.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(bytes: &[u8]) -> Value {
        rmp_serde::from_slice::<Loose>(bytes).unwrap().0
    }

    #[test]
    fn what_json_lacks_is_read_as_the_nearest() {
        // {"b": bin [1, 2], 7: NaN}
        let bytes = [
            0x82, 0xa1, b'b', 0xc4, 2, 1, 2, 7, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(read(&bytes), json!({"b": [1, 2], "7": null}));
        // A timestamp (extension -1) is there in some form, and what follows it is read.
        let list = read(&[0x92, 0xd6, 0xff, 0, 0, 0, 9, 5]);
        assert_eq!(list[1], 5);
    }

    #[test]
    fn what_is_nested_too_deep_is_cut() {
        let bytes: Vec<u8> = std::iter::repeat_n(0x91, 500).chain([0xc0]).collect();
        let text = read(&bytes).to_string();
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }

    proptest! {
        #[test]
        fn json_is_read_as_it_is(number: i64, text: String, flag: bool) {
            let value = json!({"a": [number, {text.clone(): flag}], "b": null, "c": text});
            let loose: Loose = serde_json::from_str(&value.to_string()).unwrap();
            prop_assert_eq!(&loose.0, &value);
            let packed = rmp_serde::to_vec_named(&value).unwrap();
            prop_assert_eq!(read(&packed), value);
        }
    }
}
