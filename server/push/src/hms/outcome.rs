//! Answers of Huawei.

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use vestnik_model::Reason;

use super::account::Interface;
use crate::{
    answer::Answer,
    outcome::{Connection, Outcome, ProviderId, Remedy, Said, Scope, Verdict},
};

/// What Huawei answers, whatever its status.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    code: Number,
    #[serde(default)]
    msg: Value,
    #[serde(default)]
    request_id: Option<String>,
}

/// A code, which is a text of digits.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Number(u64),
}

impl Number {
    fn read(&self) -> Option<u64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(number) => Some(*number),
        }
    }
}

/// What an answer of Huawei means. Its own code counts first, then the status.
#[must_use]
pub fn outcome(interface: &Interface, answer: &Answer<'_>, now: Timestamp) -> Outcome {
    let body: Option<Reply> = answer.json();
    let code = body.as_ref().and_then(|body| body.code.read());
    let word = code.map(|code| code.to_string());
    let said = Said::new(answer.status, word.as_deref());
    let verdict = match (code, &body) {
        (Some(SUCCESS), Some(body)) if answer.status.is_success() => accepted(body),
        (Some(PARTIAL), Some(body)) if answer.status.is_success() => partial(body),
        (Some(ALL_ILLEGAL), Some(body)) => illegal(interface, body),
        (Some(code), _) => by_code(code, answer, now).unwrap_or_else(|| by_status(answer, now)),
        // Huawei says in the body what became of it: it may have been taken.
        (None, _) if answer.status.is_success() => Verdict::Unproven,
        (None, _) => by_status(answer, now),
    };
    Outcome { verdict, said }
}

const SUCCESS: u64 = 80_000_000;
const PARTIAL: u64 = 80_100_000;
const ALL_ILLEGAL: u64 = 80_300_007;

fn accepted(body: &Reply) -> Verdict {
    let id = body.request_id.as_deref().and_then(ProviderId::read);
    Verdict::Accepted { id }
}

/// Some tokens passed and some did not; there was one.
fn partial(body: &Reply) -> Verdict {
    let message = details(&body.msg);
    let passed = message.get("success").and_then(Value::as_u64);
    if passed.is_some_and(|passed| passed > 0) {
        return accepted(body);
    }
    let illegal = message
        .get("illegal_tokens")
        .or_else(|| message.get("illegalTokens"));
    match illegal {
        Some(Value::Array(tokens)) if !tokens.is_empty() => Verdict::dead(Reason::TokenDead),
        Some(Value::Object(tokens)) => why_illegal(tokens.keys()),
        None
        | Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        ) => suspect(),
    }
}

/// No token passed, and there was one. Version 3 says why: only what is wrong with the token itself kills it.
fn illegal(interface: &Interface, body: &Reply) -> Verdict {
    match (interface, details(&body.msg).get("illegalTokens")) {
        (_, Some(Value::Object(tokens))) => why_illegal(tokens.keys()),
        (Interface::Application(_), _) => Verdict::dead(Reason::TokenDead),
        (Interface::Project(_), _) => suspect(),
    }
}

/// Huawei's word for what is wrong; its documents have spaces around some.
fn why_illegal<'a>(words: impl Iterator<Item = &'a String>) -> Verdict {
    let verdicts = words.map(|word| match word.trim() {
        "tokenFormatError" | "tokenPlatformNotSupport" => Verdict::dead(Reason::TokenDead),
        "noRight" => Verdict::dead(Reason::TokenMismatch),
        "countryNotSupport" => refused(Reason::ConfigSenderNotAllowed, Scope::Address),
        "disableSendHuaweiMsgBecauseOfPenalty" | "appinfoError" => {
            refused(Reason::ConfigSenderNotAllowed, Scope::Sender)
        }
        "noPushTypeRight"
        | "notSupportPlayVoice"
        | "atomicUnableSendUnsubscribedMsg"
        | "noRightToSendThisLiveNotificationEvent" => {
            refused(Reason::ConfigSenderNotAllowed, Scope::Unsaid)
        }
        "differentImgVerifyPolicy" => rejected(Reason::ProviderContentRejected),
        _ => suspect(),
    });
    verdicts.last().unwrap_or_else(suspect)
}

/// The message is JSON in a text, or a plain text.
fn details(message: &Value) -> Value {
    let text = message.as_str();
    let inner = text.and_then(|text| serde_json::from_str(text).ok());
    inner.unwrap_or_else(|| message.clone())
}

fn by_code(code: u64, answer: &Answer<'_>, now: Timestamp) -> Option<Verdict> {
    let after = answer.retry_after(now);
    Some(match code {
        // A wrong parameter, a wrong structure, a time to live of the past, a collapse key, the number of
        // tokens, and that of a test.
        80_100_001 | 80_100_003 | 80_100_004 | 80_100_013 | 80_300_010 | 80_300_030 => {
            rejected(Reason::ProviderRejected)
        }
        // Words that are not wanted, content that differs from what was reviewed, an image likewise.
        80_100_016 | 80_100_018 | 80_100_022 => rejected(Reason::ProviderContentRejected),
        // Too many tasks at a time, too many tests.
        80_100_017 | 80_300_029 => Verdict::Throttled {
            scope: Scope::Sender,
            after,
            over: Connection::Any,
        },
        // A token that is no token of this app's, or is too old, by either interface.
        80_200_001 | 80_200_003 | 80_200_005 => Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
            scope: Scope::Sender,
            remedy: Remedy::NewToken,
        },
        // A signed token of more than a day.
        80_300_036 => refused(Reason::ConfigProviderAuth, Scope::Sender),
        // The app was forbidden to send.
        80_200_006 | 80_300_037 => refused(Reason::ConfigSenderNotAllowed, Scope::Sender),
        // No permission for these tokens, or for urgent messages, or no such address of receipts.
        80_300_002 | 80_300_011 | 80_300_013 => {
            refused(Reason::ConfigSenderNotAllowed, Scope::Unsaid)
        }
        80_300_008 => rejected(Reason::ProviderPayloadTooLarge),
        // Huawei cannot ask its own token service; ours it has answered.
        80_600_003 => Verdict::retry(Reason::ProviderUnavailable, after),
        81_000_001 => Verdict::retry(Reason::ProviderInternal, after),
        _ => return None,
    })
}

fn by_status(answer: &Answer<'_>, now: Timestamp) -> Verdict {
    let after = answer.retry_after(now);
    match answer.status {
        StatusCode::BAD_REQUEST => rejected(Reason::ProviderRejected),
        StatusCode::UNAUTHORIZED => Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
            scope: Scope::Sender,
            remedy: Remedy::NewToken,
        },
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            refused(Reason::ConfigSenderNotAllowed, Scope::Sender)
        }
        StatusCode::PAYLOAD_TOO_LARGE => rejected(Reason::ProviderPayloadTooLarge),
        // Huawei's word for too many requests is 503.
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Verdict::Throttled {
            scope: Scope::Sender,
            after,
            over: Connection::Any,
        },
        status => Verdict::passing(status, after).unwrap_or(rejected(Reason::Unknown)),
    }
}

const fn suspect() -> Verdict {
    Verdict::Suspect {
        reason: Reason::ProviderRejected,
    }
}

const fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

const fn refused(reason: Reason, scope: Scope) -> Verdict {
    Verdict::Refused {
        reason,
        scope,
        remedy: Remedy::Operator,
    }
}
