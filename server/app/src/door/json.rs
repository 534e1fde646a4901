//! JSON from outside, read so that every fault is named by a JSON pointer (RFC 6901).

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use vestnik_model::{FieldProblem, Problem, ProblemCode, problem::FieldCode};

/// Reads a value, or says where it is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| problem(&error))?;
    reader
        .end()
        .map_err(|_| malformed("there is more after the JSON value"))?;
    Ok(value)
}

/// Reads a value that is taken apart already, or says where it is wrong.
pub(crate) fn parse_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| problem(&error))
}

fn problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.is_syntax() || inner.is_eof() || inner.is_io() {
        return malformed(&format!(
            "not JSON at line {} column {}",
            inner.line(),
            inner.column()
        ));
    }
    let message = inner.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    let (field, code, detail) = fault(message);
    let mut pointer = pointer(error.path());
    if let Some(field) = field.filter(|field| !pointer.ends_with(&format!("/{field}"))) {
        pointer.push('/');
        pointer.push_str(&escaped(field));
    }
    Problem::invalid(vec![FieldProblem::new(pointer, code, detail)])
}

pub(crate) fn malformed(detail: &str) -> Problem {
    Problem::new(ProblemCode::RequestMalformed, detail)
}

/// What serde says, without the value that it repeats.
fn fault(message: &str) -> (Option<&str>, FieldCode, String) {
    let quoted = || message.split('`').nth(1);
    if message.starts_with("missing field") {
        return (quoted(), FieldCode::Missing, "must be there".to_owned());
    }
    if message.starts_with("unknown field") {
        return (
            quoted(),
            FieldCode::Unknown,
            "is not a field here".to_owned(),
        );
    }
    if message.starts_with("duplicate field") {
        let detail = "must be there only once".to_owned();
        return (quoted(), FieldCode::NotAllowed, detail);
    }
    let expected = message
        .rsplit_once("expected ")
        .map(|(_, expected)| format!("must be {}", in_json(expected)));
    let detail = expected.unwrap_or_else(|| message.to_owned());
    (None, FieldCode::Malformed, detail)
}

/// serde's names of types, in the words of JSON.
fn in_json(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with("tuple") => "a list",
        _ => expected,
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// RFC 6901, section 3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use vestnik_model::PublishRequest;

    use super::*;

    #[track_caller]
    fn check(body: &str, expected: (&str, FieldCode, &str)) {
        let problem = parse::<PublishRequest>(body.as_bytes()).unwrap_err();
        let error = &problem.errors[0];
        assert_eq!(
            (
                error.pointer.as_str(),
                error.code.known(),
                error.detail.as_str()
            ),
            (expected.0, Some(expected.1), expected.2)
        );
    }

    #[test]
    fn each_fault_has_its_place() {
        check("{}", ("/to", FieldCode::Missing, "must be there"));
        check(
            r#"{"to":{},"notification":{"title":"t"},"tll":1}"#,
            ("/tll", FieldCode::Unknown, "is not a field here"),
        );
        check(
            r#"{"to":{"users":[""]}}"#,
            ("/to/users/0", FieldCode::Malformed, "must not be empty"),
        );
        check(
            r#"{"to":{"users":["a"]},"to":{}}"#,
            ("/to", FieldCode::NotAllowed, "must be there only once"),
        );
        check("7", ("", FieldCode::Malformed, "must be an object"));
        for ttl in ["-1", "\"3600\"", "3600.0"] {
            check(
                &format!(r#"{{"to":{{}},"ttl_seconds":{ttl}}}"#),
                (
                    "/ttl_seconds",
                    FieldCode::Malformed,
                    "must be a whole number, 0 or more",
                ),
            );
        }
        check(
            r#"{"to":{"users":"u"}}"#,
            ("/to/users", FieldCode::Malformed, "must be a list"),
        );
        check(
            r#"{"to":{},"notification":{"title":"t","priority":"secret"}}"#,
            (
                "/notification/priority",
                FieldCode::Malformed,
                "must be one of `low`, `normal`, `high`, `critical`",
            ),
        );
        check(
            r#"{"to":{},"notification":{}}"#,
            ("/notification/title", FieldCode::Missing, "must be there"),
        );
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "{} {}", "\u{feff}{}", "nul"] {
            let problem = parse::<Value>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code, ProblemCode::RequestMalformed, "{body}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let body = "[".repeat(100_000);
        assert!(parse::<Value>(body.as_bytes()).is_err());
    }
}
