//! The errors of `RuStore`, in the shape of Google's.

use http::StatusCode;
use serde_json::json;

use crate::{fault::Asked, reply::Reply, shape::Misshapen};

/// Why a send is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such path, or another method.
    NoSuchPage,
    /// The service token is missing or wrong, or is another project's.
    Denied,
    /// The message is wrong: what.
    Invalid(String),
    /// The token is unknown or dead.
    NotFound,
}

impl From<Misshapen> for Refusal {
    fn from(wrong: Misshapen) -> Self {
        Self::Invalid(wrong.what)
    }
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::NoSuchPage => Reply::empty(StatusCode::NOT_FOUND)
                .because("no_such_page")
                .noting("the path must be /v1/projects/{project}/messages:send, the method POST"),
            Self::Denied => error(
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                "Service token is wrong",
            ),
            Self::Invalid(what) => error(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", what),
            Self::NotFound => error(
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                "Requested entity was not found.",
            ),
        }
    }
}

fn error(status: StatusCode, word: &str, what: &str) -> Reply {
    let body = json!({"error": {"code": status.as_u16(), "message": what, "status": word}});
    Reply::json(status, &body).because(word).noting(what)
}

/// The answer that a rule asks for: its reason is the word; without one it is the usual word of the status.
pub(crate) fn fault(status: StatusCode, asked: &Asked<'_>) -> Reply {
    let word = asked.reason.or(match status.as_u16() {
        400 => Some("INVALID_ARGUMENT"),
        403 => Some("PERMISSION_DENIED"),
        404 => Some("NOT_FOUND"),
        429 => Some("TOO_MANY_REQUESTS"),
        500 => Some("INTERNAL"),
        _ => None,
    });
    let reply = match word {
        Some(word) => error(status, word, "a rule"),
        None => Reply::empty(status),
    };
    reply.retry_after(asked.retry_after)
}
