//! Time-outs: before a request was given to the store nothing was changed, after it nobody knows yet.
//!
//! A handler that changes something says [`Submission::begin`] right before it calls its operation.
//! The operation's effects are the store's, so a request that is cut off here goes on there.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use vestnik_model::ProblemCode;

use crate::refusal::Refusal;

/// How to find out whether something was done: by asking.
pub(crate) const BY_GET: &str =
    "find out by a GET, or repeat the request: doing it twice is the same";
/// How to find out whether a message was noted.
pub(crate) const BY_REPEAT: &str = "repeat the request: doing it twice is the same";
/// How to find out whether a notification was accepted.
pub(crate) const BY_KEY: &str = "with an Idempotency-Key, repeat the request with the same key: it is done once; without one, look it up by a GET";
/// How to find out whether a message was accepted.
pub(crate) const BY_MESSAGE_KEY: &str = "repeat the message with the same key: it is sent once";
/// How to find out whether something was made.
pub(crate) const BY_LIST: &str = "find out by a GET of the list before repeating it";

/// Whether a request was given to the store, and how its sender finds out what became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Submission(Arc<OnceLock<&'static str>>);

impl Submission {
    /// From here on the request may be done.
    pub(crate) fn begin(&self, how_to_find_out: &'static str) {
        // The first word stands: a request is submitted once.
        let _ = self.0.set(how_to_find_out);
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Submission {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Bounds the time of a request.
pub(crate) async fn in_time(limit: Duration, mut request: Request, next: Next) -> Response {
    let submission = Submission::default();
    request.extensions_mut().insert(submission.clone());
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| late(&submission).into_response())
}

fn late(submission: &Submission) -> Refusal {
    match submission.0.get() {
        Some(how_to_find_out) => Refusal::outcome_unknown(how_to_find_out),
        None => Refusal::new(
            ProblemCode::RequestTimeout,
            "the request took too long; nothing was changed",
        ),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware, routing::post};
    use tower::ServiceExt as _;

    use super::*;

    async fn status_of(handler: axum::routing::MethodRouter) -> u16 {
        let limit = Duration::from_secs(30);
        let router =
            Router::new()
                .route("/", handler)
                .layer(middleware::from_fn(move |request, next| {
                    in_time(limit, request, next)
                }));
        let request = Request::post("/").body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_was_submitted_has_an_unknown_outcome() {
        let submitted = post(|submission: Submission| async move {
            submission.begin(BY_KEY);
            std::future::pending::<()>().await;
        });
        assert_eq!(status_of(submitted).await, 504);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_was_not_submitted_changed_nothing() {
        let waiting = post(|_: Submission| std::future::pending::<()>());
        assert_eq!(status_of(waiting).await, 408);
    }
}
