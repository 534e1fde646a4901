//! Answers of Web Push services.

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use vestnik_model::Reason;

use crate::{
    answer::Answer,
    outcome::{Connection, Outcome, ProviderId, Remedy, Said, Scope, Verdict},
};

/// What services say beside the status: Apple a `reason`, Mozilla an `errno`. Neither changes a verdict.
#[derive(Deserialize)]
struct Body {
    reason: Option<String>,
    errno: Option<u32>,
}

/// What an answer of a Web Push service means: by its status, which is all that RFC 8030 has (5, 7.2,
/// 7.3, 8.4) and RFC 8292 (4.2).
#[must_use]
pub fn outcome(answer: &Answer<'_>, now: Timestamp) -> Outcome {
    let said = said(answer);
    let after = answer.retry_after(now);
    let verdict = match answer.status {
        status if status.is_success() => Verdict::Accepted {
            id: answer.header("location").and_then(ProviderId::read),
        },
        // So Apple says that the subscription was made for another key.
        _ if said.word.as_deref() == Some("VapidPkHashMismatch") => {
            refused(Scope::Address, Remedy::Operator)
        }
        // The token is expired, or clocks differ: another one may pass. Some services say the same of a
        // subscription that was made for another key.
        StatusCode::UNAUTHORIZED => refused(Scope::Unsaid, Remedy::NewToken),
        // So Apple says it.
        StatusCode::FORBIDDEN if said.word.as_deref() == Some("BadJwtToken") => {
            refused(Scope::Sender, Remedy::NewToken)
        }
        // The subscription was made for another key; others were not.
        StatusCode::FORBIDDEN => refused(Scope::Address, Remedy::Operator),
        StatusCode::NOT_FOUND | StatusCode::GONE => Verdict::dead(Reason::TokenDead),
        StatusCode::PAYLOAD_TOO_LARGE => {
            let reason = Reason::ProviderPayloadTooLarge;
            Verdict::Rejected { reason }
        }
        StatusCode::TOO_MANY_REQUESTS => Verdict::Throttled {
            scope: Scope::Unsaid,
            after,
            over: Connection::Any,
        },
        StatusCode::BAD_REQUEST => Verdict::Rejected {
            reason: Reason::ProviderRejected,
        },
        status => Verdict::passing(status, after).unwrap_or(Verdict::Rejected {
            reason: Reason::Unknown,
        }),
    };
    Outcome { verdict, said }
}

fn said(answer: &Answer<'_>) -> Said {
    if answer.status.is_success() {
        return Said::new(answer.status, None);
    }
    let body: Option<Body> = answer.json();
    let errno = body.as_ref().and_then(|body| body.errno);
    let errno = errno.map(|errno| format!("errno_{errno}"));
    let reason = body.and_then(|body| body.reason);
    Said::new(answer.status, reason.or(errno).as_deref())
}

const fn refused(scope: Scope, remedy: Remedy) -> Verdict {
    Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope,
        remedy,
    }
}
