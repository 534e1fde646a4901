//! Conditions on the values of an answer or of a request that came in.

use serde_json::Value;

use crate::{fault::Invalid, node::Node, pointer::Pointer};

/// The most conditions of a rule, and the most values of one.
const MAX_CONDITIONS: usize = 8;
const MAX_VALUES: usize = 64;

/// A condition: what a pointer finds passes the test. If it finds several values, one is enough.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    at: Pointer,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// It is one of these.
    Is(Vec<Value>),
    /// It is a text with one of these in it, whatever the case.
    Contains(Vec<String>),
    /// It is a whole number between these, or such a number as a text.
    Between(i64, i64),
    /// It is there, and not `null`; or it is not.
    Exists(bool),
}

impl Condition {
    /// Reads a list of conditions, all of which must hold.
    pub(crate) fn read_all(node: &Node<'_>) -> Result<Vec<Self>, Invalid> {
        let conditions = node.one_or_more(MAX_CONDITIONS)?;
        conditions.iter().map(Self::read).collect()
    }

    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["at", "is", "contains", "between", "exists"])?;
        let at = fields.need("at")?.pointer()?;
        let tests = [
            fields.map("is", is)?,
            fields.map("contains", contains)?,
            fields.map("between", between)?,
            fields.map("exists", |node| node.boolean().map(Test::Exists))?,
        ];
        let mut tests = tests.into_iter().flatten();
        match (tests.next(), tests.next()) {
            (Some(test), None) => Ok(Self { at, test }),
            _ => Err(node.rule("must have one of is, contains, between and exists")),
        }
    }

    pub(crate) fn holds(&self, root: &Value) -> bool {
        let found = self.at.all(root);
        match &self.test {
            Test::Exists(wanted) => found.iter().any(|value| !value.is_null()) == *wanted,
            Test::Is(values) => found.iter().any(|value| values.contains(value)),
            Test::Contains(texts) => {
                let lower: Vec<_> = found
                    .iter()
                    .filter_map(|value| value.as_str())
                    .map(str::to_lowercase)
                    .collect();
                texts
                    .iter()
                    .any(|text| lower.iter().any(|found| found.contains(text)))
            }
            Test::Between(least, greatest) => {
                let numbers = found.iter().filter_map(|value| whole(value));
                let mut numbers = numbers;
                numbers.any(|number| (*least..=*greatest).contains(&number))
            }
        }
    }
}

fn is(node: &Node<'_>) -> Result<Test, Invalid> {
    let values = node.one_or_more(MAX_VALUES)?;
    let values = values.iter().map(|node| match node.value {
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(node.value.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(node.rule("must be a text, a number, true or false"))
        }
    });
    values.collect::<Result<_, _>>().map(Test::Is)
}

fn contains(node: &Node<'_>) -> Result<Test, Invalid> {
    let texts = node.one_or_more(MAX_VALUES)?;
    let texts = texts
        .iter()
        .map(|node| node.text(200).map(str::to_lowercase));
    texts.collect::<Result<_, _>>().map(Test::Contains)
}

fn between(node: &Node<'_>) -> Result<Test, Invalid> {
    let bounds = node.list(2)?;
    let bounds: Vec<_> = bounds
        .iter()
        .filter_map(|node| node.value.as_i64())
        .collect();
    match bounds.as_slice() {
        [least, greatest] if least <= greatest => Ok(Test::Between(*least, *greatest)),
        _ => Err(node.rule("must be two whole numbers, the smaller first")),
    }
}

/// A whole number, or a text that is one: half of all gateways write their codes as texts.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A short text, or a number as a text.
pub(crate) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
