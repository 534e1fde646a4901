//! The wait that an answer asks for.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};
use jiff::{
    Timestamp,
    fmt::{rfc2822, strtime},
    tz::TimeZone,
};

/// The longest wait that an answer may ask for; more is cut to it.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that `Retry-After` asks for, at most [`MAX_RETRY_AFTER`]: a number of seconds, or a date in one
/// of the three forms that a recipient must understand (RFC 9110, 10.2.3 and 5.6.7).
///
/// A date counts from the answer's own `Date`, so that a clock that is wrong here makes no wait longer or
/// shorter; without one it counts from `now`.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = text(headers, header::RETRY_AFTER)?;
    let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number can have ask for a long wait too.
        text.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let sent_at = self::text(headers, header::DATE).and_then(http_date);
        let wait = http_date(text)?.duration_since(sent_at.unwrap_or(now));
        Duration::try_from(wait).unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
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

    fn wait_from(text: &[u8], date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(text).unwrap();
        headers.insert(header::RETRY_AFTER, value);
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        retry_after(&headers, "1994-11-06T08:48:37Z".parse().unwrap())
    }

    fn wait(text: &[u8]) -> Option<Duration> {
        wait_from(text, None)
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
    fn a_date_counts_from_the_peer_s_own_clock() {
        let until = b"Mon, 06 Nov 2034 08:00:30 GMT";
        let date = Some("Mon, 06 Nov 2034 08:00:00 GMT");
        assert_eq!(wait_from(until, date), Some(Duration::from_secs(30)));
        assert_eq!(
            wait_from(b"Sun, 06 Nov 1994 08:49:37 GMT", Some("soon")),
            Some(Duration::from_secs(60))
        );
        assert_eq!(wait_from(b"5", date), Some(Duration::from_secs(5)));
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
