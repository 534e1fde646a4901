//! Why a request is not done, as a problem document. Each door turns it into its own kind of error.
//!
//! A failure of the store is logged here, once, and its detail is not part of the answer.

use std::error::Error;

use vestnik_model::{Open, Problem, ProblemCode};
use vestnik_store::StoreError;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Refusal(Problem);

impl Refusal {
    pub(crate) fn new(code: ProblemCode, detail: &str) -> Self {
        Self(Problem::new(code, detail))
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, &format!("there is no such {what}"))
    }

    /// The fault is the server's; the cause was logged.
    pub(crate) fn internal() -> Self {
        Self::new(ProblemCode::Internal, "the cause is in the server's log")
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(ProblemCode::AuthForbidden, detail)
    }

    /// The session that the caller's token names is not the installation's present one.
    pub(crate) fn session_ended() -> Self {
        Self::new(
            ProblemCode::AuthRevoked,
            "the session has ended: the installation logged out, or somebody logged in on it",
        )
    }

    /// The request was given to the store and the answer did not come in time.
    pub(crate) fn outcome_unknown(how_to_find_out: &str) -> Self {
        let detail = format!(
            "the request was submitted and the answer did not come in time; {how_to_find_out}"
        );
        Self::new(ProblemCode::OutcomeUnknown, &detail)
    }

    /// Whether the same may be done a little later.
    pub(crate) fn is_transient(&self) -> bool {
        self.0.code == Open::Known(ProblemCode::Unavailable)
    }

    /// What the client is answered.
    pub(crate) fn into_problem(self) -> Problem {
        self.0
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full => Self::new(ProblemCode::StorageFull, "the disk is full"),
            StoreError::Busy | StoreError::Closed | StoreError::TooSlow => {
                Self(Problem::new(ProblemCode::Unavailable, "try again soon").retry_after(1))
            }
            StoreError::Corrupt(cause) | StoreError::Failed(cause) => {
                let cause: &(dyn Error + Send + Sync) = &**cause;
                tracing::error!(%error, cause = %chain(cause), "the store failed");
                Self::internal()
            }
        }
    }
}

/// An error and its sources, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
