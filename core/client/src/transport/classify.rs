//! What an HTTP answer is: an answer of the interface, a problem document, or something foreign.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::{
    StatusCode, Url,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER},
};
use serde::Deserialize;
use vestnik_model::{Open, ProblemCode};

use crate::machine::{CallFailure, ForeignBody};

/// An answer as it came.
#[derive(Debug)]
pub(super) struct HttpAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What makes a problem document one: its media type and its code. The other members may be absent, or
/// anything.
#[derive(Deserialize)]
struct ProblemDocument {
    code: Open<ProblemCode>,
    #[serde(default)]
    retry_after: serde_json::Value,
}

impl HttpAnswer {
    /// The answer as an answer of the interface, whose body is read by the caller.
    pub(super) fn into_body(self, asked: &Url) -> Result<Vec<u8>, CallFailure> {
        if self.status.is_success() && !self.is_html() {
            return Ok(self.body);
        }
        Err(self.failure(asked))
    }

    /// The answer without content: 204, as the interface answers where there is nothing to say.
    pub(super) fn into_nothing(self, asked: &Url) -> Result<(), CallFailure> {
        if self.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        Err(self.failure(asked))
    }

    /// Something answered in the server's place.
    pub(super) fn foreign(&self, asked: &Url) -> CallFailure {
        CallFailure::Foreign {
            status: self.status.as_u16(),
            body: self.foreign_body(asked),
            retry_after: self.retry_after(),
        }
    }

    fn failure(&self, asked: &Url) -> CallFailure {
        match self.problem() {
            Some(document) => CallFailure::Problem {
                code: document.code,
                status: self.status.as_u16(),
                retry_after: self
                    .retry_after()
                    .or_else(|| document.retry_after.as_u64().map(Duration::from_secs)),
            },
            None => self.foreign(asked),
        }
    }

    /// The problem document that the answer is, if it is one (RFC 9457, section 3). Gateways answer with
    /// JSON of their own, which may have a code, too.
    fn problem(&self) -> Option<ProblemDocument> {
        let kind = self.text(&CONTENT_TYPE)?.split(';').next()?.trim();
        let is_problem = kind.eq_ignore_ascii_case("application/problem+json");
        let is_failure = self.status.is_client_error() || self.status.is_server_error();
        if !(is_problem && is_failure) {
            return None;
        }
        serde_json::from_slice(&self.body).ok()
    }

    fn foreign_body(&self, asked: &Url) -> ForeignBody {
        if self.status.is_redirection() {
            let target = self.text(&LOCATION).and_then(|text| asked.join(text).ok());
            let leaves_host = target.is_some_and(|target| target.host() != asked.host());
            return ForeignBody::Redirect { leaves_host };
        }
        if self.is_html() {
            return ForeignBody::Html;
        }
        ForeignBody::Other
    }

    fn is_html(&self) -> bool {
        let kind = self.text(&CONTENT_TYPE).unwrap_or_default();
        let begins = self.body.trim_ascii_start().first();
        kind.to_ascii_lowercase().contains("html") || begins == Some(&b'<')
    }

    /// The pause that is asked for, in seconds or as a date (RFC 9110, section 10.2.3). A date is
    /// compared with the answer's own, so that no clock of this device counts.
    fn retry_after(&self) -> Option<Duration> {
        let text = self.text(&RETRY_AFTER)?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = rfc2822::parse(text).ok()?;
        let sent = rfc2822::parse(self.text(&DATE)?).ok()?;
        Some(Duration::try_from(until.duration_since(&sent)).unwrap_or_default())
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const PROBLEM: (HeaderName, &str) = (CONTENT_TYPE, "application/problem+json");

    fn asked() -> Url {
        "https://push.example/p/v1/token".parse().unwrap()
    }

    fn answer(status: u16, headers: &[(HeaderName, &'static str)], body: &str) -> HttpAnswer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        HttpAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn failure(answer: HttpAnswer) -> CallFailure {
        answer.into_body(&asked()).unwrap_err()
    }

    #[test]
    fn a_problem_document_is_known_by_its_code() {
        let body = r#"{"code": "auth.invalid", "type": "/problems/auth.invalid"}"#;
        let refused = failure(answer(401, &[PROBLEM], body));
        assert!(refused.ends_session());
        assert_eq!(refused.retry_after(), None);
        let kind = "Application/Problem+JSON; charset=utf-8";
        assert!(failure(answer(403, &[(CONTENT_TYPE, kind)], body)).ends_session());
    }

    #[test]
    fn what_is_odd_beside_the_code_does_not_matter() {
        for (pause, expected) in [
            ("3", Some(3)),
            ("\"soon\"", None),
            ("-1", None),
            ("{}", None),
        ] {
            let body =
                format!(r#"{{"code": "unavailable", "retry_after": {pause}, "status": []}}"#);
            let failure = failure(answer(503, &[PROBLEM], &body));
            assert!(
                matches!(failure, CallFailure::Problem { .. }),
                "{failure:?}"
            );
            assert_eq!(failure.retry_after().map(|pause| pause.as_secs()), expected);
        }
    }

    #[test]
    fn json_of_a_gateway_ends_no_session() {
        let body = r#"{"code": "auth.invalid", "message": "no"}"#;
        for kind in ["application/json", "text/plain", "application/problem+xml"] {
            let failure = failure(answer(401, &[(CONTENT_TYPE, kind)], body));
            assert!(!failure.ends_session(), "{failure:?}");
            assert!(failure.is_about_token());
        }
        assert!(!failure(answer(401, &[], body)).ends_session());
        assert!(!failure(answer(302, &[PROBLEM], body)).ends_session());
    }

    #[test]
    fn a_page_is_no_answer_whatever_its_status() {
        let page = "\n<!doctype html><title>Sign in to the network</title>";
        for status in [200, 401, 403, 511] {
            let failure = failure(answer(status, &[], page));
            assert!(
                matches!(failure, CallFailure::Foreign { status: found, body: ForeignBody::Html, .. }
                    if found == status),
                "{failure:?}"
            );
            assert!(!failure.ends_session());
        }
        let accepted = answer(200, &[(CONTENT_TYPE, "text/html")], "");
        assert!(accepted.into_nothing(&asked()).is_err());
    }

    #[test]
    fn a_redirection_says_whether_it_leaves_the_host() {
        let to = |location| failure(answer(302, &[(LOCATION, location)], ""));
        let redirect = |leaves_host| CallFailure::Foreign {
            status: 302,
            body: ForeignBody::Redirect { leaves_host },
            retry_after: None,
        };
        assert_eq!(to("http://portal.example/"), redirect(true));
        assert_eq!(to("/elsewhere"), redirect(false));
        assert_eq!(failure(answer(302, &[], "")), redirect(false));
    }

    #[test]
    fn a_pause_is_passed_on_as_it_stands_there() {
        let with = |value| answer(503, &[(RETRY_AFTER, value)], "").foreign(&asked());
        let seconds = |value| with(value).retry_after().map(|pause| pause.as_secs());
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds("18446744073709551615"), Some(u64::MAX));
        assert_eq!(seconds("-3"), None);
        assert_eq!(seconds("soon"), None);
        let date = answer(
            503,
            &[
                (DATE, "Sun, 29 Nov 2026 06:00:00 GMT"),
                (RETRY_AFTER, "Sun, 29 Nov 2026 06:02:00 GMT"),
            ],
            "",
        );
        let pause = date.foreign(&asked()).retry_after();
        assert_eq!(pause, Some(Duration::from_mins(2)));
    }
}
