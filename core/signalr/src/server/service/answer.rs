//! The HTTP answers, with the official server's statuses and texts.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::upgrade::NotWebSocket;
use crate::server::ticket::Refusal;

/// Every answer's body is known when its head is.
pub(super) type Body = Full<Bytes>;

pub(super) fn json(body: Bytes) -> Response<Body> {
    with_type(StatusCode::OK, body, "application/json")
}

pub(super) fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    with_type(status, Bytes::from_static(text.as_bytes()), "text/plain")
}

pub(super) fn method_not_allowed(allow: &'static str) -> Response<Body> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "");
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

pub(super) fn unauthorized() -> Response<Body> {
    let mut response = text(StatusCode::UNAUTHORIZED, "");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The hub takes nobody new, because it is ending or because too many are on their way in.
pub(super) fn unavailable() -> Response<Body> {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "");
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

pub(super) fn refused(refusal: Refusal) -> Response<Body> {
    match refusal {
        Refusal::Unknown => text(StatusCode::NOT_FOUND, "No Connection with that ID"),
        Refusal::InUse => text(StatusCode::CONFLICT, "The connection is already active."),
        Refusal::OtherCaller => text(StatusCode::FORBIDDEN, ""),
    }
}

pub(super) fn not_web_socket(request: NotWebSocket) -> Response<Body> {
    match request {
        NotWebSocket::ServerSentEvents => {
            let why = "ServerSentEvents transport not supported by this end point type";
            text(StatusCode::NOT_FOUND, why)
        }
        NotWebSocket::LongPolling => {
            let why = "LongPolling transport not supported by this end point type";
            text(StatusCode::NOT_FOUND, why)
        }
        NotWebSocket::Version => {
            let mut response = text(StatusCode::UPGRADE_REQUIRED, "");
            let version = HeaderValue::from_static("13");
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_VERSION, version);
            response
        }
        NotWebSocket::Malformed => text(
            StatusCode::BAD_REQUEST,
            "The WebSocket handshake is incomplete.",
        ),
    }
}

pub(super) fn switching_protocols(accept: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn with_type(status: StatusCode, body: Bytes, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
