//! Keeps pages of other origins away from the admin API: a browser on the same machine reaches it.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};

use super::answer::Refusal;
use crate::place::Place;

/// Refuses requests that a page of another origin has made.
pub(super) async fn check(State(place): State<Place>, request: Request, next: Next) -> Response {
    if is_own(request.headers(), &place.setup.host) {
        return next.run(request).await;
    }
    let what = "the admin API answers to its own address only";
    Refusal::new(StatusCode::FORBIDDEN, what).into_response()
}

/// Whether a request came from a page of the admin API's own address, or from no page.
pub(crate) fn is_own(headers: &HeaderMap, name: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let is_own = |origin: &str| origin.strip_prefix("http://") == Some(host);
    // A page whose name is made to resolve to loopback sends its own name as the host.
    (is_literal(host) || without_port(host) == name)
        && text(header::ORIGIN.as_str()).is_none_or(is_own)
        && text("sec-fetch-site") != Some("cross-site")
}

/// Whether a host is an address or `localhost`, with or without a port.
fn is_literal(host: &str) -> bool {
    let name = without_port(host);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_no_name_server_can_choose_are_literal() {
        for good in [
            "localhost",
            "localhost:9100",
            "127.0.0.1:9100",
            "[::1]:9100",
            "[::1]",
        ] {
            assert!(is_literal(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "evil.example:9100",
            "localhost.evil.example:1",
            "127.0.0.1.x",
        ] {
            assert!(!is_literal(bad), "{bad}");
        }
    }
}
