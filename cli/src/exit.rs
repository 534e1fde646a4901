//! Exit codes, each with one meaning.

use std::{io, process::ExitCode};

use vestnik_model::{Problem, ProblemCode};

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
        })
    }

    /// What a program switches on.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Other(_) => "failed",
            Self::Usage(_) => "usage",
            Self::Rejected(problem) | Self::Unauthorized(problem) => problem.code.as_str(),
            Self::Unreachable(_) => "unreachable",
            Self::Outcome(_) => "outcome",
        }
    }

    /// What a person reads.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Usage(text) | Self::Unreachable(text) | Self::Outcome(text) => text.clone(),
            Self::Rejected(problem) | Self::Unauthorized(problem) => problem.to_string(),
            Self::Other(error) => format!("{error:#}"),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.code {
            ProblemCode::AuthMissing
            | ProblemCode::AuthInvalid
            | ProblemCode::AuthExpired
            | ProblemCode::AuthReused
            | ProblemCode::AuthForbidden => Self::Unauthorized(problem),
            ProblemCode::Unavailable | ProblemCode::StorageFull | ProblemCode::RequestTimeout => {
                Self::Unreachable(problem.to_string())
            }
            ProblemCode::RequestMalformed
            | ProblemCode::RequestInvalid
            | ProblemCode::RequestTooLarge
            | ProblemCode::RequestMediaType
            | ProblemCode::IdempotencyMismatch
            | ProblemCode::IdempotencyRunning
            | ProblemCode::NotFound
            | ProblemCode::MethodNotAllowed
            | ProblemCode::Conflict
            | ProblemCode::TopicUnavailable
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
        if error.is_retryable() {
            Self::Unreachable(error.to_string())
        } else {
            Self::Other(error.into())
        }
    }
}
