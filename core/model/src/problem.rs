//! Errors as the outside sees them: RFC 9457 problems with a closed code and JSON pointers.

use serde::{Deserialize, Serialize};

/// A problem document (`application/problem+json`, RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{code}: {detail}")]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's meaning in a few words; the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What a program switches on.
    pub code: ProblemCode,
    /// What is wrong this time, for a person.
    pub detail: String,
    /// The fields at fault, when it is the request's content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// In how many seconds it is worth trying again, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem with nothing but its code and what is wrong this time.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// A request whose content is wrong, field by field.
    #[must_use]
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        let detail = errors.first().map_or_else(
            || "the request is not valid".to_owned(),
            |first| {
                let FieldProblem {
                    pointer, detail, ..
                } = first;
                format!("{pointer} {detail}").trim_start().to_owned()
            },
        );
        Self {
            errors,
            ..Self::new(ProblemCode::RequestInvalid, detail)
        }
    }

    /// The same problem, worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Where: a JSON pointer (RFC 6901) into the request's body.
    pub pointer: String,
    /// What a program switches on.
    pub code: FieldCode,
    /// What is wrong, for a person. Never repeats the value.
    pub detail: String,
}

impl FieldProblem {
    /// A problem at a place.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: FieldCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// It must be there and is not.
    Missing,
    /// There is no such field.
    Unknown,
    /// It is of another JSON type, or not in the form it must have.
    Malformed,
    /// It is longer or larger than allowed.
    TooLong,
    /// It is outside the allowed range.
    OutOfRange,
    /// Its value is not allowed here.
    NotAllowed,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)+) => {
        /// Every problem the server answers with. The list only grows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// Its meaning in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or not text.
    RequestMalformed = "request.malformed", 400, "The request cannot be read";
    /// A field is wrong; `errors` says which.
    RequestInvalid = "request.invalid", 422, "The request is not valid";
    /// The body is larger than the server reads.
    RequestTooLarge = "request.too_large", 413, "The request is too large";
    /// The body is not declared as JSON.
    RequestMediaType = "request.media_type", 415, "The body must be application/json";
    /// The request took too long to arrive or to answer.
    RequestTimeout = "request.timeout", 408, "The request took too long";
    /// The same idempotency key came with another body.
    IdempotencyMismatch = "idempotency.mismatch", 422, "The idempotency key was used for another request";
    /// The first request with this idempotency key is still running.
    IdempotencyRunning = "idempotency.running", 409, "The first request with this key is still running";
    /// No credentials were given.
    AuthMissing = "auth.missing", 401, "Credentials are missing";
    /// The credentials are not valid.
    AuthInvalid = "auth.invalid", 401, "Credentials are not valid";
    /// The credentials were valid once.
    AuthExpired = "auth.expired", 401, "Credentials have expired";
    /// A refresh token came a second time: every token of its family is revoked.
    AuthReused = "auth.reused", 401, "The refresh token was used before";
    /// The credentials do not reach this.
    AuthForbidden = "auth.forbidden", 403, "Credentials do not allow this";
    /// There is no such thing, or it is not yours to see.
    NotFound = "not_found", 404, "Not found";
    /// The resource has no such method.
    MethodNotAllowed = "method_not_allowed", 405, "The method is not allowed";
    /// What is there does not allow it.
    Conflict = "conflict", 409, "It conflicts with what is there";
    /// There is no such topic, or users may not subscribe to it themselves.
    TopicUnavailable = "topic.unavailable", 403, "The topic is not open to subscribers";
    /// The server is draining or cannot write; try again.
    Unavailable = "unavailable", 503, "The server cannot take this now";
    /// The disk is full.
    StorageFull = "storage.full", 507, "The server has no room to store this";
    /// A bug of ours; the log has the cause.
    Internal = "internal", 500, "The server failed";
}

impl std::fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_which_field() {
        let problem = Problem::invalid(vec![FieldProblem::new(
            "/notification/title",
            FieldCode::Missing,
            "must be there",
        )]);
        insta::assert_json_snapshot!(problem);
    }

    #[test]
    fn every_code_reads_back() {
        for code in ProblemCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ProblemCode>(&json).unwrap(), *code);
        }
    }
}
