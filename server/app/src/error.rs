//! Errors on their way out: every one a problem document, what is ours logged once, here.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use vestnik_model::{Problem, ProblemCode};
use vestnik_signalr::server::HubError;
use vestnik_store::StoreError;

/// A request that cannot be done.
#[derive(Debug)]
pub(crate) struct ApiError(Problem);

impl ApiError {
    pub(crate) fn new(code: ProblemCode, detail: &str) -> Self {
        Self(Problem::new(code, detail))
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, &format!("there is no such {what}"))
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(ProblemCode::AuthForbidden, detail)
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::new(ProblemCode::StorageFull, "the disk is full"),
            StoreError::Busy | StoreError::Closed => {
                Self(Problem::new(ProblemCode::Unavailable, "try again soon").retry_after(1))
            }
            StoreError::Corrupt(detail) | StoreError::Failed(detail) => {
                tracing::error!(%detail, "the store failed");
                Self::new(ProblemCode::Internal, "the cause is in the server's log")
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = problem.retry_after;
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// On the hub an error is a text that begins with the problem's code.
impl From<ApiError> for HubError {
    fn from(ApiError(problem): ApiError) -> Self {
        Self::new(problem.to_string())
    }
}
