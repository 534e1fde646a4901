//! Results of hub methods: an expected refusal is a result, a fault of the server is an error.

use vestnik_model::{
    ProblemCode,
    contract::{Answer, HubProblem},
    open::Open,
};
use vestnik_signalr::server::HubError;

use crate::refusal::Refusal;

/// A result as the hub answers it.
pub(super) fn answer<T>(result: Result<T, Refusal>) -> Result<Answer<T>, HubError> {
    match result {
        Ok(value) => Ok(Answer::Done(value)),
        Err(refusal) => refused(refusal).map(|problem| Answer::Refused { problem }),
    }
}

/// The problem of a refusal, in the hub's spelling.
///
/// # Errors
/// When the fault is the server's.
pub(super) fn refused(refusal: Refusal) -> Result<HubProblem, HubError> {
    let problem = refusal.into_problem();
    if problem.code == Open::Known(ProblemCode::Internal) {
        return Err(HubError::new(problem.to_string()));
    }
    Ok(problem.into())
}
