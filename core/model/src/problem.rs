//! Errors as the outside sees them: RFC 9457 problems with a closed code and JSON pointers.

use serde::{Deserialize, Serialize};

use crate::open::{Open, Word, words};

/// A problem document (`application/problem+json`, RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{code}: {detail}")]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/` and the code.
    #[serde(rename = "type", default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: Box<str>,
    /// The code's meaning in a few words; the same for every occurrence.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub title: Box<str>,
    /// The HTTP status.
    pub status: u16,
    /// What a program switches on. A client may read the code of a later server.
    #[cfg_attr(feature = "openapi", schema(value_type = ProblemCode))]
    pub code: Open<ProblemCode>,
    /// What is wrong this time, for a person.
    pub detail: String,
    /// The fields at fault, when it is the request's content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// In how many seconds it is worth trying again, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem with nothing but its code and what is wrong this time.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{code}").into(),
            title: code.title().into(),
            status: code.status(),
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// A request whose content is wrong, field by field.
    #[must_use]
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        let detail = errors.first().map_or_else(
            || "the request is not valid".to_owned(),
            |first| {
                let FieldProblem {
                    pointer, detail, ..
                } = first;
                format!("{pointer} {detail}").trim_start().to_owned()
            },
        );
        Self {
            errors,
            ..Self::new(ProblemCode::RequestInvalid, detail)
        }
    }

    /// A publish request that names a topic which does not exist, as an entry of `/to/topics`.
    #[must_use]
    pub fn unknown_topic(index: usize) -> Self {
        let pointer = format!("/to/topics/{index}");
        let error = FieldProblem::new(pointer, FieldCode::NotAllowed, "is not a topic of this App");
        Self {
            errors: vec![error],
            ..Self::new(
                ProblemCode::TopicUnknown,
                "a topic of the audience does not exist",
            )
        }
    }

    /// A publish request that names an uploaded audience which cannot be sent to, as an entry of
    /// `/to/audiences`.
    #[must_use]
    pub fn unusable_audience(index: usize, is_known: bool) -> Self {
        let (code, what, detail) = if is_known {
            let what = "is not ready: its file is not complete, or cannot be used";
            (ProblemCode::AudienceNotReady, what, "is not ready")
        } else {
            let what = "is not an uploaded audience of this App";
            (ProblemCode::AudienceUnknown, what, "does not exist")
        };
        let pointer = format!("/to/audiences/{index}");
        let error = FieldProblem::new(pointer, FieldCode::NotAllowed, what);
        Self {
            errors: vec![error],
            ..Self::new(code, format!("an uploaded audience {detail}"))
        }
    }

    /// Whether the credentials are at fault: the code's class is `auth`. Nothing else ends a session.
    #[must_use]
    pub fn is_about_credentials(&self) -> bool {
        self.code.as_str().starts_with("auth.")
    }

    /// The same problem, worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Where: a JSON pointer (RFC 6901) into the request's body.
    pub pointer: String,
    /// What a program switches on. A client may read the code of a later server.
    #[cfg_attr(feature = "openapi", schema(value_type = FieldCode))]
    pub code: Open<FieldCode>,
    /// What is wrong, for a person. Never repeats the value.
    pub detail: String,
}

impl FieldProblem {
    /// A problem at a place.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: FieldCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldCode {
    /// It must be there and is not.
    Missing,
    /// There is no such field.
    Unknown,
    /// It is of another JSON type, or not in the form it must have.
    Malformed,
    /// It is longer or larger than allowed.
    TooLong,
    /// It is outside the allowed range.
    OutOfRange,
    /// Its value is not allowed here.
    NotAllowed,
}

words!(FieldCode {
    Missing = "missing",
    Unknown = "unknown",
    Malformed = "malformed",
    TooLong = "too_long",
    OutOfRange = "out_of_range",
    NotAllowed = "not_allowed",
});

/// The hub's spelling of a pointer into a REST body: `/ttl_seconds` becomes `/ttlSeconds`. Names below
/// a `data` field are the sender's own and stay as they are.
#[must_use]
pub fn hub_pointer(pointer: &str) -> String {
    let mut is_own = true;
    let segments = pointer.split('/').map(|segment| {
        let spelled = if is_own {
            camel_case(segment)
        } else {
            segment.to_owned()
        };
        is_own &= segment != "data";
        spelled
    });
    segments.collect::<Vec<_>>().join("/")
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut spelled, word| {
        let mut characters = word.chars();
        spelled.extend(
            characters
                .next()
                .map(|initial| initial.to_ascii_uppercase()),
        );
        spelled.push_str(characters.as_str());
        spelled
    })
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)+) => {
        /// Every problem the server answers with. The list only grows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The code with this text, if this version knows it.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::from_word(code)
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// Its meaning in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }

        impl Word for ProblemCode {
            const WORDS: &'static [Self] = Self::ALL;

            fn as_str(&self) -> &str {
                Self::as_str(*self)
            }
        }
    };
}

codes! {
    /// The body is not JSON, or not text.
    RequestMalformed = "request.malformed", 400, "The request cannot be read";
    /// A field is wrong; `errors` says which.
    RequestInvalid = "request.invalid", 422, "The request is not valid";
    /// The body is larger than the server reads.
    RequestTooLarge = "request.too_large", 413, "The request is too large";
    /// The body is not declared as JSON, or has a content coding.
    RequestMediaType = "request.media_type", 415, "The body must be application/json without a content coding";
    /// The request took too long to arrive or to answer.
    RequestTimeout = "request.timeout", 408, "The request took too long";
    /// Too many requests came from this principal; `retry_after` says when the next is taken.
    RequestRateLimited = "request.rate_limited", 429, "There were too many requests";
    /// The request was submitted to the store, and the answer did not come in time: it may have been
    /// done or not. `detail` says how to find out; repeating with the same idempotency key is safe.
    OutcomeUnknown = "outcome.unknown", 504, "Whether the request was done is not known";
    /// The same idempotency key came with another body.
    IdempotencyMismatch = "idempotency.mismatch", 422, "The idempotency key was used for another request";
    /// The first request with this idempotency key is still running.
    IdempotencyRunning = "idempotency.running", 409, "The first request with this key is still running";
    /// No credentials were given.
    AuthMissing = "auth.missing", 401, "Credentials are missing";
    /// The credentials are not valid.
    AuthInvalid = "auth.invalid", 401, "Credentials are not valid";
    /// The credentials were valid once.
    AuthExpired = "auth.expired", 401, "Credentials have expired";
    /// A refresh token came a second time: every token of its family is revoked.
    AuthReused = "auth.reused", 401, "The refresh token was used before";
    /// The key, the session or the installation was revoked.
    AuthRevoked = "auth.revoked", 401, "Credentials were revoked";
    /// The installation exists and has another secret.
    AuthSecretMismatch = "auth.secret_mismatch", 401, "The installation has another secret";
    /// The credentials do not reach this.
    AuthForbidden = "auth.forbidden", 403, "Credentials do not allow this";
    /// There is no such thing, or it is not yours to see.
    NotFound = "not_found", 404, "Not found";
    /// The resource has no such method.
    MethodNotAllowed = "method_not_allowed", 405, "The method is not allowed";
    /// What is there does not allow it.
    Conflict = "conflict", 409, "It conflicts with what is there";
    /// The notification is not scheduled any more: it was sent, or it ended.
    NotificationNotEditable = "notification.not_editable", 409, "The notification cannot be changed any more";
    /// It has expired: nothing of it is tried anew.
    NotificationExpired = "notification.expired", 409, "The notification has expired";
    /// Its sender cancelled or recalled it: nothing of it is tried anew.
    NotificationCancelled = "notification.cancelled", 409, "The notification was cancelled";
    /// Nothing of it was lost, or nothing has changed since: nothing is tried anew.
    NotificationNothingLost = "notification.nothing_lost", 409, "Nothing of the notification can be tried anew";
    /// Events behind the cursor are kept no longer; `errors` says from where on the reader can go on.
    EventsGap = "events.gap", 410, "Events behind the cursor are kept no longer";
    /// The audience names a topic that does not exist; `errors` says which.
    TopicUnknown = "topic.unknown", 422, "The topic does not exist";
    /// The audience names an uploaded audience that does not exist; `errors` says which.
    AudienceUnknown = "audience.unknown", 422, "The uploaded audience does not exist";
    /// The audience names an uploaded audience whose file is not complete; `errors` says which.
    AudienceNotReady = "audience.not_ready", 422, "The uploaded audience is not ready";
    /// The file of the uploaded audience cannot be used, whole; `detail` says why.
    AudienceFailed = "audience.failed", 422, "The file of the uploaded audience cannot be used";
    /// A notification is still being sent to the uploaded audience.
    AudienceInUse = "audience.in_use", 409, "The uploaded audience is in use";
    /// The uploaded audiences of the App have as many lines as they may have; nothing more was stored.
    AudienceFull = "audience.full", 409, "The App has no room for more lines";
    /// The file of the uploaded audience goes on at another offset, or is complete.
    AudienceOffset = "audience.offset", 409, "The file goes on at another offset";
    /// There is no such topic, or users may not subscribe to it themselves.
    TopicUnavailable = "topic.unavailable", 403, "The topic is not open to subscribers";
    /// A service does not take credentials; those that it took before stay.
    ProviderRefused = "provider.refused", 422, "The service does not take the credentials";
    /// A service could not be asked about credentials; those that it took before stay.
    ProviderUnreachable = "provider.unreachable", 503, "The service cannot be asked about the credentials";
    /// The server is draining or cannot write; try again.
    Unavailable = "unavailable", 503, "The server cannot take this now";
    /// The disk is full.
    StorageFull = "storage.full", 507, "The server has no room to store this";
    /// A bug of ours; the log has the cause.
    Internal = "internal", 500, "The server failed";
}

impl std::fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_which_field() {
        let problem = Problem::invalid(vec![FieldProblem::new(
            "/notification/title",
            FieldCode::Missing,
            "must be there",
        )]);
        insta::assert_json_snapshot!(problem);
    }

    #[test]
    fn every_code_reads_back() {
        for code in ProblemCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ProblemCode>(&json).unwrap(), *code);
        }
    }

    #[test]
    fn a_later_servers_problem_is_read() {
        let problem: Problem = serde_json::from_str(
            r#"{"status": 401, "code": "auth.device_banned", "detail": "…", "hint": 1,
                "errors": [{"pointer": "/x", "code": "too_shiny", "detail": "…"}]}"#,
        )
        .unwrap();
        assert_eq!(problem.code.as_str(), "auth.device_banned");
        assert!(problem.is_about_credentials());
        assert_eq!(problem.errors[0].code.as_str(), "too_shiny");
    }

    #[test]
    fn an_unknown_topic_is_pointed_at() {
        let problem = Problem::unknown_topic(2);
        assert_eq!(
            (problem.status, problem.errors[0].pointer.as_str()),
            (422, "/to/topics/2")
        );
    }

    #[test]
    fn pointers_have_the_hubs_spelling() {
        for (rest, hub) in [
            ("", ""),
            ("/to", "/to"),
            ("/time_zone", "/timeZone"),
            ("/to/exclude_users/3", "/to/excludeUsers/3"),
            ("/notification/traffic_type", "/notification/trafficType"),
            (
                "/notification/data/my_key/a_b",
                "/notification/data/my_key/a_b",
            ),
        ] {
            assert_eq!(hub_pointer(rest), hub);
        }
    }
}
