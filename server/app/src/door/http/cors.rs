//! Cross-origin requests.
//!
//! Tokens in a header say who calls, never cookies or client certificates. A page of any origin may
//! therefore call with any header (tracing libraries add `traceparent`, `baggage`, `request-id`,
//! `sentry-trace` and more): without a token it gets no further than a program outside the browser
//! would. Official browser clients of SignalR set `withCredentials`, with which a browser accepts
//! neither `*` nor a missing `Access-Control-Allow-Credentials`, so that origin and headers are
//! echoed. No cookie has a meaning here; a proxy that authenticates by cookies must not pass these
//! headers on. The operator's resources (`/metrics` and the like) are not open to other origins.

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::door::{
    rate::{RATE_LIMIT, RATE_LIMIT_POLICY},
    rest::audiences::{UPLOAD_COMPLETE, UPLOAD_LIMIT, UPLOAD_OFFSET},
};

/// How long a browser may keep the answer to a preflight.
const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(600);

/// The layer for everything but the operator's resources.
pub(super) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|_: &HeaderValue, _| true))
        .allow_credentials(true)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods(AllowMethods::list([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ]))
        .expose_headers([
            header::LOCATION,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("idempotency-replayed"),
            UPLOAD_OFFSET,
            UPLOAD_COMPLETE,
            UPLOAD_LIMIT,
            RATE_LIMIT,
            RATE_LIMIT_POLICY,
        ])
        .max_age(MAX_AGE)
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::Request, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_page_with_a_tracing_library_may_call() {
        let router = Router::new().route("/", get(|| async {})).layer(layer());
        let asked = "authorization,traceparent,tracestate,baggage,request-id,sentry-trace,x-any";
        let preflight = Request::options("/")
            .header(header::ORIGIN, "https://shop.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, asked)
            .body(Body::empty());
        let answer = router.clone().oneshot(preflight.unwrap()).await.unwrap();
        let allowed = &answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS];
        assert_eq!(allowed, asked);

        let request = Request::get("/")
            .header(header::ORIGIN, "https://shop.example")
            .body(Body::empty());
        let answer = router.oneshot(request.unwrap()).await.unwrap();
        let exposed = answer.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str();
        let exposed: Vec<&str> = exposed.unwrap().split(',').collect();
        for field in [
            "location",
            "retry-after",
            "www-authenticate",
            "idempotency-replayed",
            "ratelimit",
            "ratelimit-policy",
        ] {
            assert!(exposed.contains(&field), "{field}");
        }
    }
}
