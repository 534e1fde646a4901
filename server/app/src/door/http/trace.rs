//! The span of a request in the log.

use axum::extract::{MatchedPath, Request};

/// Names the route and not the path: paths hold ids of users, which may be phone numbers, and the
/// query of a hub request may hold a token.
pub(super) fn span(request: &Request) -> tracing::Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}
