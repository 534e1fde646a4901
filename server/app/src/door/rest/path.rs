//! What stands in a path.

use axum::{
    extract::{FromRequestParts, Path, path::ErrorKind, rejection::PathRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use vestnik_model::ProblemCode;

use crate::refusal::Refusal;

/// The placeholders of a path, as texts. A path that is no UTF-8 once it is decoded is a malformed
/// request.
#[derive(Debug)]
pub(crate) struct Segments<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(PathRejection::FailedToDeserializePathParams(failure)) => {
                let what = if let ErrorKind::InvalidUtf8InPathParam { key } = failure.kind() {
                    format!("`{key}` in the path")
                } else {
                    "the path".to_owned()
                };
                let detail = format!("{what} is not UTF-8 when its percent codes are decoded");
                Err(Refusal::new(ProblemCode::RequestMalformed, &detail))
            }
            Err(_) => Err(Refusal::internal()),
        }
    }
}

/// An id in a path. One that cannot be is one that is not.
pub(crate) fn id<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(what))
}

/// The id and the verb of `…/{id}:verb`, as custom methods are written (Google AIP-136).
pub(crate) fn verb(text: &str) -> Result<(&str, &str), Refusal> {
    text.rsplit_once(':').ok_or_else(|| {
        Refusal::new(
            ProblemCode::MethodNotAllowed,
            "the resource has other methods than this",
        )
    })
}

/// What is answered to a verb that a resource does not have.
pub(crate) fn unknown_verb() -> Refusal {
    Refusal::not_found("action of the resource")
}
