//! The HTTP answers, with the official server's statuses, headers and texts.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{body::HubBody, wish::Malformed};
use crate::server::{
    ticket::Refusal,
    transport::{EventBody, PollAnswer, SendFailure},
};

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Why a request gets nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejection {
    /// It names no connection.
    Nowhere,
    /// What it names is not for it.
    Refused(Refusal),
    /// Its WebSocket handshake is none.
    Malformed(Malformed),
    /// The hub has this transport not enabled.
    NotOffered(&'static str),
    /// Its connection has another transport.
    OtherTransport,
    /// It sends before its connection has a transport.
    NotConnected,
    /// It sends to a WebSocket by other means.
    SentBesideWebSocket,
    /// It ends what is no long polling.
    NotPolling,
    /// The hub takes nobody new, because it is ending or because too many are on their way in.
    Unavailable,
    /// As many negotiated connections of its principal wait as may; one of them is over after this
    /// time at the latest.
    ShareFull(Duration),
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

pub(super) fn json(body: Bytes) -> Response<HubBody> {
    json_of(StatusCode::OK, body)
}

pub(super) fn json_of(status: StatusCode, body: Bytes) -> Response<HubBody> {
    whole(status, body, "application/json")
}

pub(super) fn method_not_allowed(allow: &'static str) -> Response<HubBody> {
    let answer = text(StatusCode::METHOD_NOT_ALLOWED, "");
    with(answer, header::ALLOW, allow)
}

pub(super) fn unauthorized() -> Response<HubBody> {
    let answer = text(StatusCode::UNAUTHORIZED, "");
    with(answer, header::WWW_AUTHENTICATE, "Bearer")
}

pub(super) fn forbidden() -> Response<HubBody> {
    text(StatusCode::FORBIDDEN, "")
}

pub(super) fn rejected(rejection: Rejection) -> Response<HubBody> {
    use StatusCode as Status;

    match rejection {
        Rejection::Nowhere => text(Status::BAD_REQUEST, "Connection ID required"),
        Rejection::Refused(refusal) => refused(refusal),
        Rejection::Malformed(malformed) => not_upgraded(malformed),
        Rejection::NotOffered(transport) => {
            let why = format!("{transport} transport not supported by this end point type");
            whole(Status::NOT_FOUND, why.into(), "text/plain")
        }
        Rejection::OtherTransport => {
            let why = "Cannot change transports mid-connection";
            text(Status::BAD_REQUEST, why)
        }
        Rejection::NotConnected => text(Status::CONFLICT, "The connection has no transport yet."),
        Rejection::SentBesideWebSocket => {
            let why = "POST requests are not allowed for WebSocket connections.";
            text(Status::METHOD_NOT_ALLOWED, why)
        }
        Rejection::NotPolling => {
            let why = "Cannot terminate this connection using the DELETE endpoint.";
            text(Status::BAD_REQUEST, why)
        }
        Rejection::Unavailable => {
            let answer = text(Status::SERVICE_UNAVAILABLE, "");
            with(answer, header::RETRY_AFTER, "1")
        }
        Rejection::ShareFull(wait) => {
            let why = "Too many negotiated connections wait for their transport.";
            let mut answer = text(Status::TOO_MANY_REQUESTS, why);
            let seconds = HeaderValue::from(wait.as_secs().max(1));
            answer.headers_mut().insert(header::RETRY_AFTER, seconds);
            answer
        }
    }
}

fn refused(refusal: Refusal) -> Response<HubBody> {
    match refusal {
        Refusal::Unknown => text(StatusCode::NOT_FOUND, "No Connection with that ID"),
        Refusal::InUse => text(StatusCode::CONFLICT, "The connection is already active."),
        Refusal::OtherCaller => forbidden(),
    }
}

fn not_upgraded(malformed: Malformed) -> Response<HubBody> {
    match malformed {
        Malformed::Version => {
            let answer = text(StatusCode::UPGRADE_REQUIRED, "");
            with(answer, header::SEC_WEBSOCKET_VERSION, "13")
        }
        Malformed::Handshake => text(
            StatusCode::BAD_REQUEST,
            "The WebSocket handshake is incomplete.",
        ),
    }
}

pub(super) fn switching_protocols(accept: HeaderValue) -> Response<HubBody> {
    let mut response = Response::new(HubBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

pub(super) fn events(events: EventBody) -> Response<HubBody> {
    let mut response = Response::new(HubBody::events(events));
    insert_all(
        response.headers_mut(),
        [
            (header::CONTENT_TYPE, "text/event-stream"),
            // A proxy must not compress events: it would hold them back (RFC 9111, section 5.2.2.6).
            (header::CACHE_CONTROL, "no-cache,no-store,no-transform"),
            (header::PRAGMA, "no-cache"),
            (header::CONTENT_ENCODING, "identity"),
            // nginx buffers responses unless the response forbids it.
            (X_ACCEL_BUFFERING, "no"),
        ],
    );
    response
}

/// The first poll: the connection is there, and the client may send.
pub(super) fn polling_begins() -> Response<HubBody> {
    uncached(whole(StatusCode::OK, Bytes::new(), OCTETS))
}

pub(super) fn poll(answer: PollAnswer) -> Response<HubBody> {
    uncached(match answer {
        PollAnswer::Data(bytes) => whole(StatusCode::OK, bytes, OCTETS),
        PollAnswer::Nothing => text(StatusCode::OK, ""),
        PollAnswer::Over => text(StatusCode::NO_CONTENT, ""),
        PollAnswer::Gone => refused(Refusal::Unknown),
    })
}

pub(super) fn sent(outcome: Result<(), SendFailure>) -> Response<HubBody> {
    match outcome {
        Ok(()) => text(StatusCode::OK, ""),
        Err(SendFailure::Aborted) => text(StatusCode::BAD_REQUEST, ""),
        Err(SendFailure::Gone) => refused(Refusal::Unknown),
    }
}

pub(super) fn left() -> Response<HubBody> {
    text(StatusCode::ACCEPTED, "")
}

/// Forbids to keep the answer of a poll, also to what is older than HTTP/1.1.
pub(super) fn uncached(mut response: Response<HubBody>) -> Response<HubBody> {
    insert_all(
        response.headers_mut(),
        [
            (header::CACHE_CONTROL, "no-cache, no-store"),
            (header::PRAGMA, "no-cache"),
            (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ],
    );
    response
}

const OCTETS: &str = "application/octet-stream";

fn text(status: StatusCode, text: &'static str) -> Response<HubBody> {
    whole(status, Bytes::from_static(text.as_bytes()), "text/plain")
}

fn whole(status: StatusCode, body: Bytes, content_type: &'static str) -> Response<HubBody> {
    let mut response = Response::new(HubBody::whole(body));
    *response.status_mut() = status;
    let response = with(response, header::CONTENT_TYPE, content_type);
    with(response, header::CACHE_CONTROL, "no-store")
}

fn with(
    mut response: Response<HubBody>,
    name: HeaderName,
    value: &'static str,
) -> Response<HubBody> {
    insert_all(response.headers_mut(), [(name, value)]);
    response
}

fn insert_all<const N: usize>(headers: &mut HeaderMap, lines: [(HeaderName, &'static str); N]) {
    for (name, value) in lines {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
