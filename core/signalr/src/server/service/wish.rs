//! By which transport a `GET` of the hub wants to come.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a `GET` of the hub wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A WebSocket, and with which `Sec-WebSocket-Accept` it is answered.
    WebSocket(Result<HeaderValue, Malformed>),
    Events,
    Poll,
}

/// What is wrong with a WebSocket handshake (RFC 6455, section 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It is of a version nobody speaks.
    Version,
    /// It lacks something.
    Handshake,
}

impl Wish {
    /// Reads it as the official server does: what is neither of the others is a poll.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if contains(headers, &header::ACCEPT, "text/event-stream") {
            Self::Events
        } else if contains(headers, &header::UPGRADE, "websocket") {
            Self::WebSocket(accept_key(headers))
        } else {
            Self::Poll
        }
    }
}

fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Malformed> {
    let version = headers.get(header::SEC_WEBSOCKET_VERSION);
    if version.map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(Malformed::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let connection = contains(headers, &header::CONNECTION, "upgrade");
    let key = key.filter(|_| connection).ok_or(Malformed::Handshake)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| Malformed::Handshake)
}

/// Says whether a comma-separated header names a token, in any case.
fn contains(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(|item| item.split(';').next().unwrap_or_default().trim())
        .any(|item| item.eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = lines.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn takes_the_handshake_of_the_rfc() {
        let headers = headers(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);
        let accept = HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(Wish::of(&headers), Wish::WebSocket(Ok(accept)));
    }

    #[test]
    fn tells_requests_apart() {
        for (lines, expected) in [
            (&[("accept", "text/event-stream")][..], Wish::Events),
            (
                &[("accept", "text/html, Text/Event-Stream;q=1")],
                Wish::Events,
            ),
            (&[("accept", "*/*")], Wish::Poll),
            (
                &[("upgrade", "websocket")],
                Wish::WebSocket(Err(Malformed::Version)),
            ),
            (
                &[("upgrade", "websocket"), ("sec-websocket-version", "13")],
                Wish::WebSocket(Err(Malformed::Handshake)),
            ),
        ] {
            assert_eq!(Wish::of(&headers(lines)), expected);
        }
    }
}
