//! Exit codes, each with one meaning.

use std::{io, process::ExitCode};

use vestnik_model::{Open, Problem, ProblemCode};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments do not make sense together. Exit code 2, as for clap's own refusals.
    Usage(String),
    /// The server refused the request. Exit code 3.
    Rejected(Problem),
    /// The credentials are missing, wrong or do not reach this. Exit code 4.
    Unauthorized(Problem),
    /// The server cannot be reached or is not able to answer now: try again. Exit code 5.
    Unreachable(String),
    /// It was done, and did not lead where it should: a notification that was lost, a demo that
    /// did not hold. Exit code 6.
    Outcome(String),
    /// A mail server that runs the command is to keep the message and try again later. Exit code 75, as
    /// `sysexits` has it (`EX_TEMPFAIL`).
    Later(String),
    /// Anything else. Exit code 1.
    Other(anyhow::Error),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::Rejected(_) => 3,
            Self::Unauthorized(_) => 4,
            Self::Unreachable(_) => 5,
            Self::Outcome(_) => 6,
            Self::Later(_) => 75,
        })
    }

    /// What a program switches on.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Other(_) => "failed",
            Self::Usage(_) => "usage",
            Self::Rejected(problem) | Self::Unauthorized(problem) => problem.code.as_str(),
            Self::Unreachable(_) => "unreachable",
            Self::Outcome(_) => "outcome",
            Self::Later(_) => "later",
        }
    }

    /// What a person reads.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Usage(text)
            | Self::Unreachable(text)
            | Self::Outcome(text)
            | Self::Later(text) => text.clone(),
            Self::Rejected(problem) | Self::Unauthorized(problem) => problem.to_string(),
            Self::Other(error) => format!("{error:#}"),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        // Codes of a later server keep their class and say whether it is worth trying again.
        let Some(code) = problem.code.known() else {
            return if problem.is_about_credentials() {
                Self::Unauthorized(problem)
            } else if problem.retry_after.is_some() {
                Self::Unreachable(problem.to_string())
            } else {
                Self::Rejected(problem)
            };
        };
        match code {
            ProblemCode::AuthMissing
            | ProblemCode::AuthInvalid
            | ProblemCode::AuthExpired
            | ProblemCode::AuthReused
            | ProblemCode::AuthRevoked
            | ProblemCode::AuthSecretMismatch
            | ProblemCode::AuthForbidden => Self::Unauthorized(problem),
            ProblemCode::Unavailable
            | ProblemCode::ProviderUnreachable
            | ProblemCode::StorageFull
            | ProblemCode::RequestTimeout
            | ProblemCode::RequestRateLimited
            | ProblemCode::OutcomeUnknown => Self::Unreachable(problem.to_string()),
            ProblemCode::RequestMalformed
            | ProblemCode::RequestInvalid
            | ProblemCode::RequestTooLarge
            | ProblemCode::RequestMediaType
            | ProblemCode::IdempotencyMismatch
            | ProblemCode::IdempotencyRunning
            | ProblemCode::NotFound
            | ProblemCode::MethodNotAllowed
            | ProblemCode::Conflict
            | ProblemCode::NotificationNotEditable
            | ProblemCode::NotificationExpired
            | ProblemCode::NotificationCancelled
            | ProblemCode::NotificationNothingLost
            | ProblemCode::EventsGap
            | ProblemCode::TopicUnknown
            | ProblemCode::TopicUnavailable
            | ProblemCode::AudienceUnknown
            | ProblemCode::AudienceNotReady
            | ProblemCode::AudienceFailed
            | ProblemCode::AudienceInUse
            | ProblemCode::AudienceFull
            | ProblemCode::AudienceOffset
            | ProblemCode::ProviderRefused
            | ProblemCode::Internal => Self::Rejected(problem),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<vestnik_core::Error> for Failure {
    fn from(error: vestnik_core::Error) -> Self {
        if let vestnik_core::Error::Refused(code) = error {
            refused(code)
        } else if error.is_retryable() {
            Self::Unreachable(error.to_string())
        } else {
            Self::Other(error.into())
        }
    }
}

impl From<vestnik_core::LoginError> for Failure {
    fn from(error: vestnik_core::LoginError) -> Self {
        if let vestnik_core::LoginError::Refused(code) = error {
            refused(code)
        } else {
            Self::Other(error.into())
        }
    }
}

impl From<vestnik_core::SenderError> for Failure {
    fn from(error: vestnik_core::SenderError) -> Self {
        if let vestnik_core::SenderError::Rejected(problem) = error {
            problem.into()
        } else if matches!(error, vestnik_core::SenderError::Unauthorized) {
            refused(ProblemCode::AuthInvalid.into())
        } else {
            Self::Unreachable(error.to_string())
        }
    }
}

/// A refusal of which only the code is known.
fn refused(code: Open<ProblemCode>) -> Failure {
    let detail = match code.known() {
        Some(known) => known.title(),
        None => "the server refuses",
    };
    let problem = Problem::new(ProblemCode::AuthInvalid, detail);
    Failure::from(Problem { code, ..problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: &str, retry_after: Option<u32>) -> Failure {
        let document = serde_json::json!({
            "status": 400, "code": code, "detail": "no", "retry_after": retry_after
        });
        let problem: Problem = serde_json::from_value(document).unwrap();
        Failure::from(problem)
    }

    #[test]
    fn problems_have_the_exit_code_of_what_helps() {
        for (code, retry_after, expected) in [
            ("auth.revoked", None, 4),
            ("auth.of_a_later_server", None, 4),
            ("request.rate_limited", Some(3), 5),
            ("busy.of_a_later_server", Some(3), 5),
            ("topic.unknown", None, 3),
            ("wish.of_a_later_server", None, 3),
        ] {
            let failure = problem(code, retry_after);
            assert_eq!(failure.exit_code(), ExitCode::from(expected), "{code}");
        }
    }
}
