//! Whether a request asks for a WebSocket (RFC 6455, section 4.2.1), and with which key.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a `GET` of the hub is when it opens no WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotWebSocket {
    ServerSentEvents,
    LongPolling,
    /// A WebSocket of a version nobody speaks.
    Version,
    /// A WebSocket handshake that lacks something.
    Malformed,
}

/// Computes `Sec-WebSocket-Accept`, or says what the request is instead.
pub(super) fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, NotWebSocket> {
    if contains(headers, &header::ACCEPT, "text/event-stream") {
        return Err(NotWebSocket::ServerSentEvents);
    }
    if !contains(headers, &header::UPGRADE, "websocket") {
        return Err(NotWebSocket::LongPolling);
    }
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .map(HeaderValue::as_bytes)
        != Some(b"13")
    {
        return Err(NotWebSocket::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let connection = contains(headers, &header::CONNECTION, "upgrade");
    let key = key.filter(|_| connection).ok_or(NotWebSocket::Malformed)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| NotWebSocket::Malformed)
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
        assert_eq!(
            accept_key(&headers).unwrap(),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn tells_other_requests_apart() {
        for (lines, expected) in [
            (
                &[("accept", "text/event-stream")][..],
                NotWebSocket::ServerSentEvents,
            ),
            (&[("accept", "*/*")], NotWebSocket::LongPolling),
            (&[("upgrade", "websocket")], NotWebSocket::Version),
            (
                &[("upgrade", "websocket"), ("sec-websocket-version", "13")],
                NotWebSocket::Malformed,
            ),
        ] {
            assert_eq!(accept_key(&headers(lines)), Err(expected));
        }
    }
}
