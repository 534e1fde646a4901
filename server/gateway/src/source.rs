//! The text of a document, as JSON or as TOML.

use serde_json::{Map, Number, Value};

use crate::fault::{Fault, Invalid};

/// Reads a document of at most `max` bytes: JSON if it begins with a brace, else TOML.
pub(crate) fn read(text: &str, max: usize) -> Result<Value, Invalid> {
    if text.len() > max {
        return Err(Invalid::new("", Fault::TooLong { max }));
    }
    if text.trim_start().starts_with('{') {
        return json(text, max);
    }
    // The library's own message may have a part of the text in it.
    let table: Result<toml::Table, _> = text.parse();
    let table = table.map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        syntax("TOML", line, column)
    })?;
    let members = table
        .into_iter()
        .map(|(name, value)| (name, of_toml(value)));
    Ok(Value::Object(members.collect()))
}

/// Reads a JSON document of at most `max` bytes.
pub(crate) fn json(text: &str, max: usize) -> Result<Value, Invalid> {
    if text.len() > max {
        return Err(Invalid::new("", Fault::TooLong { max }));
    }
    let value = serde_json::from_str(text);
    value.map_err(|error| syntax("JSON", error.line(), error.column()))
}

const fn syntax_fault(format: &'static str, line: usize, column: usize) -> Fault {
    Fault::Syntax {
        format,
        line,
        column,
    }
}

fn syntax(format: &'static str, line: usize, column: usize) -> Invalid {
    Invalid::new("", syntax_fault(format, line, column))
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    (line, before[begin..].chars().count() + 1)
}

fn of_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        toml::Value::Boolean(value) => Value::Bool(value),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(entries) => entries.into_iter().map(of_toml).collect(),
        toml::Value::Table(table) => {
            let members: Map<_, _> = table
                .into_iter()
                .map(|(name, value)| (name, of_toml(value)))
                .collect();
            Value::Object(members)
        }
    }
}
