//! Answers of `RuStore`.

use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use vestnik_model::Reason;

use crate::{
    answer::Answer,
    outcome::{Connection, Outcome, Remedy, Said, Scope, Verdict},
};

/// How long the service is left alone after a refusal that does not say so.
const WAIT: Duration = Duration::from_secs(60);

/// An error in the form of Google's; everything in it may be absent.
#[derive(Deserialize)]
struct Failed {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    status: String,
}

/// What an answer of `RuStore` means. Its word counts first, then the status: nothing but the word that the
/// token is not found kills it.
#[must_use]
pub fn outcome(answer: &Answer<'_>, now: Timestamp) -> Outcome {
    if answer.status.is_success() {
        return Outcome {
            // It gives pushes no ids.
            verdict: Verdict::Accepted { id: None },
            said: Said::new(answer.status, None),
        };
    }
    let failed: Option<Failed> = answer.json();
    let word = failed.map(|failed| failed.error.status);
    let verdict = word.as_deref().and_then(|word| by_word(word, answer, now));
    Outcome {
        verdict: verdict.unwrap_or_else(|| by_status(answer, now)),
        said: Said::new(answer.status, word.as_deref()),
    }
}

/// The words that `RuStore` documents, and that of FCM, which it says to stand in for, for an app that was
/// removed: that one is not documented, so it proves nothing.
fn by_word(word: &str, answer: &Answer<'_>, now: Timestamp) -> Option<Verdict> {
    let after = answer.retry_after(now);
    Some(match word {
        "INVALID_ARGUMENT" => Verdict::Rejected {
            reason: Reason::ProviderRejected,
        },
        "INTERNAL" => Verdict::retry(Reason::ProviderInternal, after),
        "TOO_MANY_REQUESTS" => throttled(answer, now),
        "PERMISSION_DENIED" => refused(Reason::ConfigProviderAuth),
        "NOT_FOUND" => Verdict::dead(Reason::TokenDead),
        "UNREGISTERED" => Verdict::Suspect {
            reason: Reason::ProviderRejected,
        },
        _ => return None,
    })
}

fn by_status(answer: &Answer<'_>, now: Timestamp) -> Verdict {
    match answer.status {
        StatusCode::BAD_REQUEST => Verdict::Rejected {
            reason: Reason::ProviderRejected,
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused(Reason::ConfigProviderAuth),
        // Without its word it is the project, or the path.
        StatusCode::NOT_FOUND => refused(Reason::ConfigSenderNotAllowed),
        StatusCode::GONE => Verdict::Suspect {
            reason: Reason::ProviderRejected,
        },
        StatusCode::PAYLOAD_TOO_LARGE => Verdict::Rejected {
            reason: Reason::ProviderPayloadTooLarge,
        },
        StatusCode::TOO_MANY_REQUESTS => throttled(answer, now),
        status => {
            let unknown = Verdict::Rejected {
                reason: Reason::Unknown,
            };
            Verdict::passing(status, answer.retry_after(now)).unwrap_or(unknown)
        }
    }
}

fn throttled(answer: &Answer<'_>, now: Timestamp) -> Verdict {
    Verdict::Throttled {
        scope: Scope::Unsaid,
        after: Some(answer.retry_after(now).unwrap_or(WAIT)),
        over: Connection::Any,
    }
}

/// The token of a project does not change: only the operator can help.
const fn refused(reason: Reason) -> Verdict {
    Verdict::Refused {
        reason,
        scope: Scope::Sender,
        remedy: Remedy::Operator,
    }
}
