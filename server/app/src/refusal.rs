//! Why a request is not done, as a problem document. Each door turns it into its own kind of error.
//!
//! A failure of the store is logged here, once, and its detail is not part of the answer.

use vestnik_model::{Problem, ProblemCode};
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

    /// What the client is answered.
    pub(crate) fn into_problem(self) -> Problem {
        self.0
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(ProblemCode::AuthForbidden, detail)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::new(ProblemCode::StorageFull, "the disk is full"),
            StoreError::Busy | StoreError::Closed => {
                Self(Problem::new(ProblemCode::Unavailable, "try again soon").retry_after(1))
            }
            StoreError::Corrupt(detail) | StoreError::Failed(detail) => {
                tracing::error!(%detail, "the store failed");
                Self::internal()
            }
        }
    }
}
