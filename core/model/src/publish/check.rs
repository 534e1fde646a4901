//! The checks of a publish request: each problem with its pointer, all of them at once.

use jiff::SignedDuration;
use serde_json::Value;

use super::data::{Data, DataFault, MAX_DATA_BYTES, MAX_DATA_DEPTH};
use crate::{
    problem::{FieldCode, FieldProblem},
    text::TextError,
    wire_size,
};

/// The longest a notification may wait for its devices: 28 days, FCM's ceiling.
pub const MAX_TTL_SECONDS: u32 = 28 * 24 * 60 * 60;
/// The time to live of a notification whose sender says nothing: 7 days.
pub const DEFAULT_TTL_SECONDS: u32 = 7 * 24 * 60 * 60;
/// The most characters a sender's own reference may have.
pub const MAX_REFERENCE_CHARS: usize = 64;

pub(super) type Wrong = (FieldCode, String);

#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<FieldProblem>);

impl Problems {
    pub(super) fn check<T>(&mut self, pointer: &str, result: Result<T, Wrong>) -> Option<T> {
        result
            .map_err(|(code, detail)| self.0.push(FieldProblem::new(pointer, code, detail)))
            .ok()
    }

    pub(super) fn check_data(&mut self, pointer: &str, data: &Data) {
        let faults = data.faults().iter().map(|fault| match fault {
            DataFault::Number(place) => FieldProblem::new(
                format!("{pointer}{place}"),
                FieldCode::OutOfRange,
                "must be a number that a double holds exactly; write it as a text",
            ),
            DataFault::Depth => FieldProblem::new(
                pointer,
                FieldCode::TooLong,
                format!("must be nested at most {MAX_DATA_DEPTH} levels deep"),
            ),
        });
        self.0.extend(faults);
        let bytes = wire_size::json(&Value::Object(data.object().clone()));
        if bytes > MAX_DATA_BYTES {
            let detail = format!("must be at most {MAX_DATA_BYTES} bytes of JSON, is {bytes}");
            self.0
                .push(FieldProblem::new(pointer, FieldCode::TooLong, detail));
        }
    }

    pub(super) fn take_all<T>(&mut self, result: Result<T, Vec<FieldProblem>>) -> Option<T> {
        result
            .map_err(|mut problems| self.0.append(&mut problems))
            .ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn malformed(error: TextError) -> Wrong {
    let code = match error {
        TextError::Empty => FieldCode::Missing,
        TextError::TooLong { .. } => FieldCode::TooLong,
        TextError::Control | TextError::Scheme(_) => FieldCode::Malformed,
        TextError::Credentials => FieldCode::NotAllowed,
    };
    (code, error.to_string())
}

pub(super) fn parse_ttl(seconds: Option<u32>) -> Result<SignedDuration, Wrong> {
    let seconds = seconds.unwrap_or(DEFAULT_TTL_SECONDS);
    if (1..=MAX_TTL_SECONDS).contains(&seconds) {
        Ok(SignedDuration::from_secs(i64::from(seconds)))
    } else {
        Err((
            FieldCode::OutOfRange,
            format!("must be 1 to {MAX_TTL_SECONDS}"),
        ))
    }
}

pub(super) fn check_reference(text: Option<&str>) -> Result<(), Wrong> {
    check_plain(text, MAX_REFERENCE_CHARS)
}

/// Checks an idempotency key wherever it came from: 1 to 255 printable characters.
///
/// # Errors
/// What is wrong with it, in code and words.
pub fn check_idempotency_key(key: Option<&str>) -> Result<(), (FieldCode, String)> {
    check_plain(key, 255)
}

pub(super) fn check_plain(text: Option<&str>, max: usize) -> Result<(), Wrong> {
    let Some(text) = text else { return Ok(()) };
    if text.is_empty() {
        return Err((FieldCode::Missing, "must not be empty".to_owned()));
    }
    if text.chars().count() > max {
        return Err((
            FieldCode::TooLong,
            format!("must have at most {max} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err((
            FieldCode::Malformed,
            "must not contain control characters".to_owned(),
        ));
    }
    Ok(())
}
