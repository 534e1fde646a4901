//! Answers of push services, read within bounds.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::{
    Timestamp,
    fmt::{rfc2822, strtime},
    tz::TimeZone,
};
use serde::de::DeserializeOwned;

/// The most bytes of a body that are parsed. Documented answers are far smaller; a longer body counts
/// as unreadable.
pub const MAX_BODY_BYTES: usize = 16 * 1_024;

/// The longest wait that a service may ask for; more is cut to it.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// An HTTP answer as it came.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, or its beginning.
    pub body: &'a [u8],
}

/// Shows the status only: headers and body may contain addresses and tokens.
impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer<'_> {
    /// The body as JSON; none if it is longer than [`MAX_BODY_BYTES`] or something else.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        if self.body.len() > MAX_BODY_BYTES {
            return None;
        }
        serde_json::from_slice(self.body).ok()
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The wait that `Retry-After` asks for, at most [`MAX_RETRY_AFTER`]: a number of seconds or a date
    /// in one of the three forms that a recipient must understand (RFC 9110, 10.2.3 and 5.6.7).
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.header(header::RETRY_AFTER.as_str())?.trim();
        let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // More digits than a number can have ask for a long wait too.
            text.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
        } else {
            let wait = http_date(text)?.duration_since(now);
            Duration::try_from(wait).unwrap_or_default()
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    if let Ok(time) = rfc2822::parse(text) {
        return Some(time.timestamp());
    }
    let obsolete = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let parsed = obsolete.iter().find_map(|form| {
        let parsed = strtime::parse(form, text).ok()?;
        parsed.to_datetime().ok()
    })?;
    let time = parsed.to_zoned(TimeZone::UTC).ok()?;
    Some(time.timestamp())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn wait(text: &[u8]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(text).unwrap();
        headers.insert(header::RETRY_AFTER, value);
        let answer = Answer {
            status: StatusCode::TOO_MANY_REQUESTS,
            headers: &headers,
            body: b"",
        };
        answer.retry_after("1994-11-06T08:48:37Z".parse().unwrap())
    }

    #[test]
    fn a_wait_is_a_number_of_seconds_or_a_date_in_three_forms() {
        let minute = Some(Duration::from_secs(60));
        for text in [
            "60",
            " 60 ",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(wait(text.as_bytes()), minute, "{text}");
        }
    }

    #[test]
    fn a_wait_is_bounded_and_never_negative() {
        assert_eq!(wait(b"0"), Some(Duration::ZERO));
        assert_eq!(wait(b"Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(
            wait(b"Mon, 06 Nov 2034 08:00:00 GMT"),
            Some(MAX_RETRY_AFTER)
        );
        assert_eq!(wait(b"86401"), Some(MAX_RETRY_AFTER));
        assert_eq!(wait(&[b'9'; 60]), Some(MAX_RETRY_AFTER));
    }

    #[test]
    fn what_is_no_wait_is_none() {
        for text in [&b""[..], b"-1", b"1.5", b"soon", b"\xff", b"2026-11-28"] {
            assert_eq!(wait(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(text in proptest::collection::vec(32_u8..=255, 0..60)) {
            prop_assume!(!text.contains(&127));
            prop_assert!(wait(&text).is_none_or(|wait| wait <= MAX_RETRY_AFTER));
        }
    }
}
