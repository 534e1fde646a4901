//! Request bodies, read whole, and ids in paths.

use axum::{
    body::Bytes,
    extract::{FromRequest, Path, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;
use vestnik_model::ProblemCode;

use crate::{door::json, refusal::Refusal};

/// A request body of a type.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            let detail = "send Content-Type: application/json";
            return Err(Refusal::new(ProblemCode::RequestMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| unread(&error))?;
        json::parse(&bytes).map(Self).map_err(Refusal::from)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

fn unread(error: &BytesRejection) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::new(
            ProblemCode::RequestTooLarge,
            "the body is larger than allowed",
        );
    }
    Refusal::new(
        ProblemCode::RequestMalformed,
        "the body did not arrive whole",
    )
}

/// An id in a path. One that cannot be is one that is not.
pub(crate) fn path_id<T: std::str::FromStr>(
    Path(text): Path<String>,
    what: &str,
) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(what))
}
