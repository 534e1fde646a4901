//! Answers of APNs.

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use vestnik_model::{Reason, open::Word as _};

use super::rejection::Rejection;
use crate::{
    answer::Answer,
    outcome::{Connection, Outcome, ProviderId, Remedy, Said, Scope, Verdict},
};

#[derive(Deserialize)]
struct Body {
    reason: Option<String>,
    /// Milliseconds since 1970: when APNs found that the token is no longer valid.
    timestamp: Option<i64>,
}

/// What an answer of APNs means. Its reason counts first, then the status.
#[must_use]
pub fn outcome(answer: &Answer<'_>, now: Timestamp) -> Outcome {
    if answer.status.is_success() {
        let id = answer.header("apns-id").and_then(ProviderId::read);
        return Outcome {
            verdict: Verdict::Accepted { id },
            said: Said::new(answer.status, None),
        };
    }
    let body: Option<Body> = answer.json();
    let word = body.as_ref().and_then(|body| body.reason.as_deref());
    let said = Said::new(answer.status, word);
    let since = body.as_ref().and_then(|body| body.timestamp);
    let since = since.and_then(|since| Timestamp::from_millisecond(since).ok());
    let verdict = match word.and_then(Rejection::from_word) {
        Some(rejection) => by_rejection(rejection, since, answer, now),
        None => by_status(since, answer, now),
    };
    Outcome { verdict, said }
}

fn by_rejection(
    rejection: Rejection,
    since: Option<Timestamp>,
    answer: &Answer<'_>,
    now: Timestamp,
) -> Verdict {
    let after = answer.retry_after(now);
    match rejection {
        // Also for a token of the other environment, which is alive there.
        Rejection::BadDeviceToken => Verdict::WrongEnvironment,
        Rejection::DeviceTokenNotForTopic => Verdict::dead(Reason::TokenMismatch),
        Rejection::ExpiredToken | Rejection::Unregistered => {
            let reason = Reason::TokenDead;
            Verdict::Dead { reason, since }
        }
        Rejection::BadCollapseId
        | Rejection::BadExpirationDate
        | Rejection::BadMessageId
        | Rejection::BadPriority
        | Rejection::DuplicateHeaders
        | Rejection::InvalidPushType
        | Rejection::MissingDeviceToken
        | Rejection::PayloadEmpty
        | Rejection::BadPath
        | Rejection::MethodNotAllowed => Verdict::Rejected {
            reason: Reason::ProviderRejected,
        },
        Rejection::BadTopic | Rejection::MissingTopic | Rejection::TopicDisallowed => {
            refused(Reason::ConfigSenderNotAllowed, Remedy::Operator)
        }
        Rejection::ExpiredProviderToken | Rejection::InvalidProviderToken => {
            refused(Reason::ConfigProviderAuth, Remedy::NewToken)
        }
        Rejection::BadCertificate
        | Rejection::BadCertificateEnvironment
        | Rejection::Forbidden
        | Rejection::MissingProviderToken => refused(Reason::ConfigProviderAuth, Remedy::Operator),
        Rejection::UnrelatedKeyIdInToken => {
            refused(Reason::ConfigProviderAuth, Remedy::NewConnection)
        }
        Rejection::BadEnvironmentKeyIdInToken | Rejection::BadEnvironmentKeyInToken => {
            refused(Reason::ConfigProviderAuth, Remedy::OtherEnvironment)
        }
        Rejection::PayloadTooLarge => Verdict::Rejected {
            reason: Reason::ProviderPayloadTooLarge,
        },
        Rejection::TooManyRequests => {
            let (scope, over) = (Scope::Address, Connection::Any);
            Verdict::Throttled { scope, after, over }
        }
        // The connection is bound to its tokens and takes no further push.
        Rejection::TooManyProviderTokenUpdates => {
            let (scope, over) = (Scope::Sender, Connection::New);
            Verdict::Throttled { scope, after, over }
        }
        Rejection::InternalServerError => Verdict::retry(Reason::ProviderInternal, after),
        Rejection::ServiceUnavailable => Verdict::retry(Reason::ProviderUnavailable, after),
        Rejection::IdleTimeout | Rejection::Shutdown => {
            let (reason, over) = (Reason::ProviderUnavailable, Connection::New);
            Verdict::Retry {
                reason,
                after,
                over,
            }
        }
    }
}

/// For an answer without a reason, or with one that is not documented.
fn by_status(since: Option<Timestamp>, answer: &Answer<'_>, now: Timestamp) -> Verdict {
    let after = answer.retry_after(now);
    match answer.status {
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            let reason = Reason::ProviderRejected;
            Verdict::Rejected { reason }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            refused(Reason::ConfigProviderAuth, Remedy::Operator)
        }
        // The status alone says that the token is no longer active.
        StatusCode::GONE => {
            let reason = Reason::TokenDead;
            Verdict::Dead { reason, since }
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            let reason = Reason::ProviderPayloadTooLarge;
            Verdict::Rejected { reason }
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let (scope, over) = (Scope::Unsaid, Connection::Any);
            Verdict::Throttled { scope, after, over }
        }
        status => Verdict::passing(status, after).unwrap_or(Verdict::Rejected {
            reason: Reason::Unknown,
        }),
    }
}

const fn refused(reason: Reason, remedy: Remedy) -> Verdict {
    // An account has one key and one topic, so that what is refused to one push is to all.
    let scope = Scope::Sender;
    Verdict::Refused {
        reason,
        scope,
        remedy,
    }
}
