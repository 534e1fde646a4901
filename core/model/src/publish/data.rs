//! The sender's own data: a JSON object that the app gets untouched.
//!
//! Numbers are where JSON is changed on its way: most readers keep them as doubles. A number is taken
//! only if a double holds it and gives it back: no more digits than a double keeps, and no integer
//! above 2^53 in size. Larger ones belong into texts.
//!
//! Read from JSON text, each number is judged by its text, before anything rounds it. Read from values
//! that are decoded already (MessagePack, or a `serde_json::Value`), a number is judged by its value: an
//! integer beyond 2^53 and a double of that size, which is what a rounded integer looks like, are found;
//! the digits that rounding took from a fraction cannot be.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

/// The most bytes that data may take as JSON, so that the whole fits a push service's payload.
pub const MAX_DATA_BYTES: usize = 2_048;
/// How deep data may be nested. It is carried inside other values to readers that commonly stop at
/// 128 levels.
pub const MAX_DATA_DEPTH: usize = 32;
/// The most faults that are kept of one object.
const MAX_FAULTS: usize = 16;
/// The largest integer up to which a double holds every integer.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;
/// How `serde_json` is asked for the text of a value: the name behind `RawValue`. Under another name
/// its readers would give decoded values, and the test of long decimals would fail.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The sender's own data, with what is wrong about it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Data {
    object: Map<String, Value>,
    faults: Vec<DataFault>,
}

/// What is wrong with some data, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataFault {
    /// A number at this pointer, relative to the data, that a double does not give back.
    Number(String),
    /// It is nested too deep.
    Depth,
}

impl Data {
    /// The object.
    #[must_use]
    pub const fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    /// The object.
    #[must_use]
    pub fn into_object(self) -> Map<String, Value> {
        self.object
    }

    pub(crate) fn faults(&self) -> &[DataFault] {
        &self.faults
    }

    fn read(text: &str) -> Result<Self, serde_json::Error> {
        let mut faults = Faults::default();
        faults.inspect_text(text, 0)?;
        let faults = faults.found;
        let object = if faults.is_empty() {
            serde_json::from_str(text)?
        } else {
            // What has faults is refused, and may be more than can be decoded.
            Map::new()
        };
        Ok(Self { object, faults })
    }
}

/// Data that is decoded already.
impl From<Map<String, Value>> for Data {
    fn from(object: Map<String, Value>) -> Self {
        let mut faults = Faults::default();
        faults.inspect_object(&object, 0);
        Self {
            object,
            faults: faults.found,
        }
    }
}

/// Names the fields only: data is content.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.object.keys()).finish()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_VALUE, DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// A `serde_json` reader gives one field whose value is the text; any other, the object itself.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let Some(first) = map.next_key::<Cow<'de, str>>()? else {
            return Ok(Data::default());
        };
        if first == RAW_VALUE {
            let text: Cow<'de, str> = map.next_value()?;
            if !text.starts_with('{') {
                return Err(A::Error::custom("invalid type, expected an object"));
            }
            return Data::read(&text).map_err(A::Error::custom);
        }
        let mut object = Map::new();
        object.insert(first.into_owned(), map.next_value()?);
        while let Some((name, value)) = map.next_entry()? {
            object.insert(name, value);
        }
        Ok(Data::from(object))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Data, D::Error> {
        Map::deserialize(inner).map(Data::from)
    }
}

#[derive(Default)]
struct Faults {
    pointer: Vec<String>,
    found: Vec<DataFault>,
}

impl Faults {
    fn inspect_text(&mut self, text: &str, depth: usize) -> Result<(), serde_json::Error> {
        if self.is_too_deep(text.starts_with(['{', '[']), depth) {
            return Ok(());
        }
        match text.bytes().next() {
            Some(b'{') => {
                let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text)?;
                for (name, field) in fields {
                    self.pointer.push(escaped(&name));
                    self.inspect_text(field.get(), depth + 1)?;
                    self.pointer.pop();
                }
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                for (index, element) in elements.into_iter().enumerate() {
                    self.pointer.push(index.to_string());
                    self.inspect_text(element.get(), depth + 1)?;
                    self.pointer.pop();
                }
            }
            Some(b'-' | b'0'..=b'9') => self.inspect_number(text),
            _ => {}
        }
        Ok(())
    }

    fn inspect_object(&mut self, object: &Map<String, Value>, depth: usize) {
        if self.is_too_deep(true, depth) {
            return;
        }
        for (name, field) in object {
            self.pointer.push(escaped(name));
            self.inspect_value(field, depth + 1);
            self.pointer.pop();
        }
    }

    fn inspect_value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Number(number) => self.inspect_number(&number.to_string()),
            Value::Object(object) => self.inspect_object(object, depth),
            Value::Array(elements) if !self.is_too_deep(true, depth) => {
                for (index, element) in elements.iter().enumerate() {
                    self.pointer.push(index.to_string());
                    self.inspect_value(element, depth + 1);
                    self.pointer.pop();
                }
            }
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }

    fn is_too_deep(&mut self, is_collection: bool, depth: usize) -> bool {
        let is_too_deep = is_collection && depth >= MAX_DATA_DEPTH;
        if is_too_deep && !self.found.contains(&DataFault::Depth) {
            self.found.push(DataFault::Depth);
        }
        is_too_deep
    }

    fn inspect_number(&mut self, text: &str) {
        if !is_kept_by_doubles(text) && self.found.len() < MAX_FAULTS {
            let pointer = self.pointer.iter().map(|segment| format!("/{segment}"));
            self.found.push(DataFault::Number(pointer.collect()));
        }
    }
}

/// RFC 6901, section 3.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether the nearest double, written as shortly as it can be told from others, is the same number.
fn is_kept_by_doubles(text: &str) -> bool {
    let Ok(double) = text.parse::<f64>() else {
        return false;
    };
    // Of two decimals of one double, either may be the shortest: what counts is how the number is
    // written on the way to devices.
    let Some(number) = serde_json::Number::from_f64(double) else {
        return false;
    };
    double.abs() <= MAX_INTEGER && Decimal::read(text) == Decimal::read(&number.to_string())
}

/// A number's significant digits and the power of ten of the last one.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = whole.trim_start_matches('-');
        let all = format!("{unsigned}{fraction}");
        let digits = all.trim_end_matches('0');
        if digits.trim_start_matches('0').is_empty() {
            return Some(Self::zero());
        }
        let dropped = i64::try_from(all.len() - digits.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?;
        Some(Self {
            is_negative: unsigned.len() < whole.len(),
            digits: digits.trim_start_matches('0').to_owned(),
            exponent: exponent
                .checked_sub(i64::try_from(fraction.len()).ok()?)?
                .checked_add(dropped)?,
        })
    }

    const fn zero() -> Self {
        Self {
            is_negative: false,
            digits: String::new(),
            exponent: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn faults(text: &str) -> Vec<DataFault> {
        serde_json::from_str::<Data>(text).unwrap().faults
    }

    #[test]
    fn numbers_that_doubles_change_are_found_by_their_text() {
        for number in [
            "18446744073709551616",
            "18446744073709551615",
            "-9223372036854775809",
            "9007199254740993",
            "3.141592653589793238462643383279",
            "1e-400",
            "1e400",
            "1e99999999999999999999",
            "0.30000000000000000001",
        ] {
            let found = faults(&format!(r#"{{"a": {{"b/c": [0, {number}]}}}}"#));
            assert_eq!(
                found,
                [DataFault::Number("/a/b~1c/1".to_owned())],
                "{number}"
            );
        }
    }

    #[test]
    fn numbers_that_doubles_keep_are_taken() {
        for number in [
            "0",
            "-0.0",
            "0.1",
            "3.0",
            "1e-7",
            "9007199254740992",
            "-9007199254740992",
            "3.141592653589793",
            "1E2",
            "0.000",
            "100.50",
            "5e-324",
        ] {
            assert_eq!(faults(&format!(r#"{{"n": {number}}}"#)), [], "{number}");
        }
    }

    #[test]
    fn decoded_numbers_are_judged_by_their_value() {
        let decoded = |value: Value| Data::from(value.as_object().cloned().unwrap()).faults;
        for number in [
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1.844_674_407_370_955_2e19),
        ] {
            assert_eq!(
                decoded(json!({"n": number})),
                [DataFault::Number("/n".to_owned())]
            );
        }
        assert_eq!(
            decoded(json!({"n": [1, -1.5, 1e-7, 9_007_199_254_740_992_u64]})),
            []
        );
        let packed = rmp_serde::to_vec_named(&json!({"n": u64::MAX})).unwrap();
        let read: Data = rmp_serde::from_slice(&packed).unwrap();
        assert_eq!(read.faults, [DataFault::Number("/n".to_owned())]);
    }

    /// Two decimals lie as near to this double: one comes back, the other is refused.
    #[test]
    fn a_number_that_comes_back_as_another_is_refused() {
        let found = ["128722013011331.62", "128722013011331.63"]
            .map(|text| faults(&format!(r#"{{"n":{text}}}"#)).len());
        assert_eq!(found, [0, 1]);
    }

    #[test]
    fn nesting_is_bounded_in_text_and_in_values() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(faults(&nested(MAX_DATA_DEPTH - 1)), []);
        assert_eq!(faults(&nested(MAX_DATA_DEPTH)), [DataFault::Depth]);
        assert_eq!(faults(&nested(50_000)), [DataFault::Depth]);
        let value: Value = serde_json::from_str(&nested(MAX_DATA_DEPTH)).unwrap();
        let data = Data::from(value.as_object().cloned().unwrap());
        assert_eq!(data.faults, [DataFault::Depth]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["[1]", "7", "\"x\"", "true"] {
            let error = serde_json::from_str::<Data>(text).unwrap_err();
            assert!(error.to_string().contains("expected an object"), "{error}");
        }
        assert!(rmp_serde::from_slice::<Data>(&[0x91, 1]).is_err());
    }

    #[test]
    fn debug_shows_no_content() {
        let data: Data = serde_json::from_str(r#"{"order": "geheim"}"#).unwrap();
        assert_eq!(format!("{data:?}"), r#"{"order"}"#);
    }

    proptest! {
        #[test]
        fn taken_numbers_come_back_as_they_were(double: f64, small in -1e6..1e6_f64, integer: i64) {
            for text in [format!("{double:e}"), format!("{small}"), format!("{integer}")] {
                let json = format!(r#"{{"n":{text}}}"#);
                let Ok(data) = serde_json::from_str::<Data>(&json) else { continue };
                if data.faults.is_empty() {
                    let printed = data.object["n"].to_string();
                    prop_assert_eq!(Decimal::read(&printed), Decimal::read(&text));
                }
            }
        }
    }
}
