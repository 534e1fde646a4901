//! The errors of Huawei: a code of eight digits, whatever the status.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{fault::Asked, reply::Reply, shape::Misshapen};

/// Why a send is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such path, or another method.
    NoSuchService,
    /// The token proves nothing: why.
    Authentication(&'static str),
    /// The access token of version 1 has expired.
    AccessTokenExpired,
    /// The signed token of version 3 has expired.
    SignedTokenExpired,
    /// The signed token is valid for more than a day.
    SignedTokenTooLong,
    /// A parameter of the request is wrong.
    Parameter(String),
    /// The structure of the message is wrong.
    Structure(String),
    /// The time to live is over before it begins.
    ExpireTime,
    /// The collapse key is none.
    CollapseKey,
    /// The body without its tokens is too large.
    TooLong,
    /// There are no tokens, or too many.
    TokenCount,
    /// The app may not send urgent data messages.
    HighPriority,
    /// No token can be sent to, as version 1 says it.
    AllIllegal,
    /// No token can be sent to, as version 3 says it: tokens by Huawei's word.
    AllIllegalFor(Value),
}

impl From<Misshapen> for Refusal {
    fn from(wrong: Misshapen) -> Self {
        Self::Structure(wrong.what)
    }
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        let bad = StatusCode::BAD_REQUEST;
        let denied = StatusCode::UNAUTHORIZED;
        match self {
            Self::NoSuchService => Reply::empty(StatusCode::NOT_FOUND)
                .because("no_such_service")
                .noting("the path must be /v1/{app}/messages:send or /v3/{project}/messages:send"),
            Self::Authentication(why) => {
                answer(denied, "80200001", "Authentication Error.").noting(*why)
            }
            Self::AccessTokenExpired => answer(denied, "80200003", "Oauth token expired"),
            Self::SignedTokenExpired => answer(denied, "80200005", "Jwt token expired."),
            Self::SignedTokenTooLong => {
                answer(bad, "80300036", "JWT expire period over threshold.")
            }
            Self::Parameter(what) => answer(bad, "80100001", what),
            Self::Structure(what) => answer(bad, "80100003", &format!("Illegal payload, {what}")),
            Self::ExpireTime => answer(bad, "80100004", "Illegal expire time."),
            Self::CollapseKey => answer(bad, "80100013", "Invalid collapse_key"),
            Self::TooLong => answer(bad, "80300008", "Push message size is too long."),
            Self::TokenCount => answer(bad, "80300010", "token count should within 1 and 1000."),
            Self::HighPriority => answer(bad, "80300011", "No permission to send urgent messages"),
            Self::AllIllegal => answer(bad, "80300007", "All the tokens are invalid"),
            Self::AllIllegalFor(tokens) => {
                let failure = tokens.as_object().map_or(0, |words| words.len());
                let message = json!({"failure": failure, "illegalTokens": tokens});
                answer(bad, "80300007", &message.to_string())
            }
        }
    }
}

/// An answer of Huawei's shape.
pub(super) fn answer(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = json!({"code": code, "msg": message, "requestId": "157440955549500001002006"});
    Reply::json(status, &body).because(code).noting(message)
}

/// The answer that a rule asks for: its reason is the code, its field Huawei's word for what is wrong with
/// the token in version 3. Without a reason it is the usual code of the status; what Huawei answers with a
/// status alone has no code.
pub(crate) fn fault(status: StatusCode, asked: &Asked<'_>) -> Reply {
    let code = asked.reason.or(match status.as_u16() {
        400 => Some("80100001"),
        401 => Some("80200001"),
        500 => Some("81000001"),
        _ => None,
    });
    let reply = match (code, asked.field) {
        (Some(code), Some(word)) => {
            let message = json!({"failure": 1, "illegalTokens": {word: ["x"]}});
            answer(status, code, &message.to_string())
        }
        (Some(code), None) => answer(status, code, "a rule"),
        (None, _) => Reply::empty(status),
    };
    reply.retry_after(asked.retry_after)
}
