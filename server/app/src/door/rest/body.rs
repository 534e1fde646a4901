//! Request bodies, read whole.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;
use vestnik_model::ProblemCode;

use crate::{door::json, refusal::Refusal};

const JSON: &str = "application/json";

/// A request body of a type.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        check_headers(request.headers(), JSON)?;
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| unread(&error))?;
        json::parse(&bytes).map(Self).map_err(Refusal::from)
    }
}

/// The bytes of an e-mail message (RFC 5322).
#[derive(Debug)]
pub(crate) struct MessageBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for MessageBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        check_headers(request.headers(), "message/rfc822")?;
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|error| unread(&error))
    }
}

/// The kinds of a body that is a part of a file: those of the draft of resumable uploads and of tus, and the
/// file's own.
const UPLOADS: [&str; 5] = [
    "application/partial-upload",
    "application/offset+octet-stream",
    "application/octet-stream",
    "text/csv",
    "application/x-ndjson",
];

/// Checks that a body is a part of a file, and not coded.
pub(crate) fn check_upload(headers: &HeaderMap) -> Result<(), Refusal> {
    let own = UPLOADS.iter().find(|kind| is_of(headers, kind));
    check_headers(headers, own.unwrap_or(&UPLOADS[0]))
}

/// Checks that a body is of a kind, and not coded.
fn check_headers(headers: &HeaderMap, kind: &str) -> Result<(), Refusal> {
    let refuse = |detail: &str| Err(Refusal::new(ProblemCode::RequestMediaType, detail));
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refuse("send the body without a Content-Encoding: none is understood");
    }
    if !is_of(headers, kind) {
        return refuse(&format!("send Content-Type: {kind}"));
    }
    Ok(())
}

fn is_of(headers: &HeaderMap, kind: &str) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(kind))
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

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn detail(headers: &[(header::HeaderName, &'static str)]) -> Option<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let refusal = check_headers(&headers.collect(), JSON).err()?;
        let problem = refusal.into_problem();
        assert_eq!(problem.status, 415);
        Some(problem.detail)
    }

    #[test]
    fn a_coded_body_is_refused_by_its_coding() {
        let json = (header::CONTENT_TYPE, "application/json; charset=utf-8");
        assert_eq!(detail(std::slice::from_ref(&json)), None);
        assert_eq!(
            detail(&[json.clone(), (header::CONTENT_ENCODING, "identity")]),
            None
        );
        let coded = detail(&[json, (header::CONTENT_ENCODING, "gzip")]).unwrap();
        assert!(coded.contains("Content-Encoding"), "{coded}");
        assert!(detail(&[]).unwrap().contains("Content-Type"));
    }
}
