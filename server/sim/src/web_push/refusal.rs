//! The errors of Web Push. RFC 8030 and RFC 8292 give the statuses; the bodies have Mozilla's shape.

use http::{StatusCode, header};
use serde_json::json;

use crate::reply::Reply;

/// Why a push is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    Method,
    Gone,
    NoTtl,
    BadTtl,
    BadUrgency,
    BadTopic,
    Encoding,
    TooLarge,
    /// The subscription is restricted, or a token is needed, and there is none.
    NoVapid,
    /// The token cannot be read, has expired or is for another origin: in words.
    BadVapid(&'static str),
    /// The key is not the one that the subscription is restricted to.
    OtherKey,
}

impl Refusal {
    pub(super) fn reply(self) -> Reply {
        // The status, the number in Mozilla's registry, the word for it.
        let (code, number, word, what) = match self {
            Self::NotFound => (404, 102, "invalid_subscription", "no such subscription"),
            Self::Method => (405, 405, "method_not_allowed", "only POST sends a push"),
            Self::Gone => (410, 106, "gone", "the subscription has ended"),
            Self::NoTtl => (400, 111, "missing_ttl", "TTL is required (RFC 8030, 5.2)"),
            Self::BadTtl => (400, 112, "invalid_ttl", "TTL must be digits only"),
            Self::BadUrgency => (
                400,
                112,
                "invalid_urgency",
                "Urgency must be very-low, low, normal or high",
            ),
            Self::BadTopic => (
                400,
                113,
                "invalid_topic",
                "Topic must be 1 to 32 characters of the base64url alphabet",
            ),
            Self::Encoding => (
                400,
                110,
                "invalid_encoding",
                "a body needs Content-Encoding: aes128gcm (RFC 8291)",
            ),
            Self::TooLarge => (
                413,
                104,
                "payload_too_large",
                "the body has more than 4096 bytes",
            ),
            Self::NoVapid => (
                401,
                109,
                "missing_vapid",
                "Authorization: vapid is required",
            ),
            Self::BadVapid(what) => (403, 109, "invalid_vapid", what),
            Self::OtherKey => (
                403,
                109,
                "other_key",
                "the subscription is restricted to another application server key",
            ),
        };
        let code = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
        let reply = error(code, number, what).because(word).noting(what);
        if self == Self::NoVapid {
            return reply.with(header::WWW_AUTHENTICATE, "vapid");
        }
        reply
    }
}

/// The answer that a rule asks for.
pub(crate) fn fault(code: StatusCode, reason: Option<&str>, retry_after: Option<u64>) -> Reply {
    let word = reason
        .or_else(|| code.canonical_reason())
        .unwrap_or("Error");
    let number = match code.as_u16() {
        404 => 102,
        410 => 106,
        429 => 202,
        500..=599 => 201,
        _ => 110,
    };
    error(code, number, word)
        .because(word)
        .retry_after(retry_after)
}

fn error(code: StatusCode, number: u16, what: &str) -> Reply {
    let body = json!({
        "code": code.as_u16(), "errno": number, "error": code.canonical_reason().unwrap_or_default(),
        "message": what,
        "more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
    });
    Reply::json(code, &body)
}
