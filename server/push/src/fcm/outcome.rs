//! Answers of FCM.

use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use vestnik_model::Reason;

use crate::{
    answer::Answer,
    outcome::{Connection, Outcome, ProviderId, Remedy, Said, Scope, Verdict},
};

/// How long FCM wants to be left alone after a 429 that does not say so.
/// <https://firebase.google.com/docs/cloud-messaging/scale-fcm>
const WAIT_AFTER_QUOTA: Duration = Duration::from_secs(60);

/// FCM's own codes: <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>.
#[derive(Debug, Clone, Copy)]
enum Code {
    Unspecified,
    InvalidArgument,
    Unregistered,
    SenderIdMismatch,
    QuotaExceeded,
    Unavailable,
    Internal,
    ThirdPartyAuthError,
}

impl Code {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "UNSPECIFIED_ERROR" => Self::Unspecified,
            "INVALID_ARGUMENT" => Self::InvalidArgument,
            "UNREGISTERED" => Self::Unregistered,
            "SENDER_ID_MISMATCH" => Self::SenderIdMismatch,
            "QUOTA_EXCEEDED" => Self::QuotaExceeded,
            "UNAVAILABLE" => Self::Unavailable,
            "INTERNAL" => Self::Internal,
            "THIRD_PARTY_AUTH_ERROR" => Self::ThirdPartyAuthError,
            _ => return None,
        })
    }
}

#[derive(Deserialize)]
struct Sent {
    name: String,
}

/// An error in the form of all Google APIs (`google.rpc.Status`); everything in it may be absent.
#[derive(Deserialize)]
struct Failed {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<Detail>,
}

/// One of several messages, told apart by their fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    /// Of `google.firebase.fcm.v1.FcmError`.
    error_code: Option<String>,
    /// Of `google.rpc.BadRequest`.
    #[serde(default)]
    field_violations: Vec<Violation>,
}

#[derive(Deserialize)]
struct Violation {
    #[serde(default)]
    field: String,
}

impl Error {
    /// FCM's own code.
    fn code(&self) -> Option<&str> {
        self.details
            .iter()
            .find_map(|detail| detail.error_code.as_deref())
    }

    fn violations(&self) -> impl Iterator<Item = &str> {
        let details = self.details.iter();
        details.flat_map(|detail| detail.field_violations.iter().map(|one| one.field.as_str()))
    }
}

/// What an answer of FCM means. Its own code counts first, then the status: nothing but a code that names
/// the address kills one.
#[must_use]
pub fn outcome(answer: &Answer<'_>, now: Timestamp) -> Outcome {
    if answer.status.is_success() {
        let sent: Option<Sent> = answer.json();
        let id = sent.and_then(|sent| ProviderId::read(&sent.name));
        return Outcome {
            verdict: Verdict::Accepted { id },
            said: Said::new(answer.status, None),
        };
    }
    let failed: Option<Failed> = answer.json();
    let error = failed.map(|failed| failed.error);
    let word = error
        .as_ref()
        .map(|error| error.code().unwrap_or(&error.status));
    let code = error.as_ref().and_then(Error::code).and_then(Code::read);
    let verdict = match (code, &error) {
        (Some(code), Some(error)) => by_code(code, error, answer, now),
        (None | Some(_), _) => by_status(error.as_ref(), answer, now),
    };
    let said = Said::new(answer.status, word);
    Outcome { verdict, said }
}

fn by_code(code: Code, error: &Error, answer: &Answer<'_>, now: Timestamp) -> Verdict {
    let after = answer.retry_after(now);
    match code {
        Code::Unspecified => by_status(Some(error), answer, now),
        Code::InvalidArgument => invalid_argument(error),
        Code::Unregistered => Verdict::dead(Reason::TokenDead),
        Code::SenderIdMismatch => Verdict::dead(Reason::TokenMismatch),
        Code::QuotaExceeded => throttled(after),
        Code::Unavailable => Verdict::retry(Reason::ProviderUnavailable, after),
        Code::Internal => Verdict::retry(Reason::ProviderInternal, after),
        // The project's key for APNs or Web Push: nothing that a new access token mends, and nothing to
        // devices of another platform.
        Code::ThirdPartyAuthError => Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
            scope: Scope::Address,
            remedy: Remedy::Operator,
        },
    }
}

/// The same code stands for a bad token and for a bad message. Only a violation of the field that has the
/// address proves which; FCM's code without any violation may mean either.
/// <https://firebase.google.com/docs/cloud-messaging/error-codes>
fn invalid_argument(error: &Error) -> Verdict {
    let mut fields = error.violations().peekable();
    if fields.peek().is_none() {
        let is_fcms_own = error.code().is_some();
        let reason = Reason::ProviderRejected;
        return if is_fcms_own {
            Verdict::Suspect { reason }
        } else {
            Verdict::Rejected { reason }
        };
    }
    if fields.any(|field| matches!(field, "message.token" | "message.fid")) {
        Verdict::dead(Reason::TokenDead)
    } else {
        Verdict::Rejected {
            reason: Reason::ProviderRejected,
        }
    }
}

fn by_status(error: Option<&Error>, answer: &Answer<'_>, now: Timestamp) -> Verdict {
    let after = answer.retry_after(now);
    match answer.status {
        StatusCode::BAD_REQUEST => error.map_or(
            Verdict::Rejected {
                reason: Reason::ProviderRejected,
            },
            invalid_argument,
        ),
        StatusCode::UNAUTHORIZED => refused(Reason::ConfigProviderAuth, Remedy::NewToken),
        StatusCode::FORBIDDEN => refused(Reason::ConfigProviderAuth, Remedy::Operator),
        // Without UNREGISTERED it is the project that does not exist.
        StatusCode::NOT_FOUND => refused(Reason::ConfigSenderNotAllowed, Remedy::Operator),
        StatusCode::PAYLOAD_TOO_LARGE => {
            let reason = Reason::ProviderPayloadTooLarge;
            Verdict::Rejected { reason }
        }
        StatusCode::TOO_MANY_REQUESTS => throttled(after),
        status => Verdict::passing(status, after).unwrap_or(Verdict::Rejected {
            reason: Reason::Unknown,
        }),
    }
}

fn throttled(after: Option<Duration>) -> Verdict {
    Verdict::Throttled {
        scope: Scope::Unsaid,
        after: Some(after.unwrap_or(WAIT_AFTER_QUOTA)),
        over: Connection::Any,
    }
}

const fn refused(reason: Reason, remedy: Remedy) -> Verdict {
    Verdict::Refused {
        reason,
        scope: Scope::Sender,
        remedy,
    }
}
