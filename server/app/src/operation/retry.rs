//! Trying anew what was lost of a notification.

use jiff::Timestamp;
use vestnik_model::{AppId, NotificationId, ProblemCode, publish::RetryAccepted};
use vestnik_rules::retry::Obstacle;
use vestnik_store::{
    Store,
    publishing::{Retry, RetryOutcome},
};

use crate::refusal::Refusal;

/// Tries anew what was lost, as far as something has changed since.
pub(crate) async fn retry(
    store: &dyn Store,
    app: AppId,
    id: NotificationId,
    now: Timestamp,
) -> Result<RetryAccepted, Refusal> {
    match store.retry(Retry { app, id, now }).await? {
        RetryOutcome::Begun {
            retried,
            is_complete,
        } => Ok(RetryAccepted {
            retried,
            is_complete,
        }),
        RetryOutcome::Refused(obstacle) => Err(refused(obstacle)),
        RetryOutcome::Unknown => Err(Refusal::not_found("notification")),
    }
}

fn refused(obstacle: Obstacle) -> Refusal {
    let (code, detail) = match obstacle {
        Obstacle::Expired => (
            ProblemCode::NotificationExpired,
            "what has expired is not tried anew; publish it again",
        ),
        Obstacle::Cancelled => (
            ProblemCode::NotificationCancelled,
            "what was cancelled or recalled is not tried anew; publish it again",
        ),
        Obstacle::NothingLost => (
            ProblemCode::NotificationNothingLost,
            "nothing was lost that another try could change",
        ),
    };
    Refusal::new(code, detail)
}
