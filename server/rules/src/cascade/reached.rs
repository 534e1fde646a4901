//! Whether a step was over because its goal had been reached.

use vestnik_model::{DeliveryStatus, publish::Goal};

use super::View;

/// Whether a device proved the goal of the present step before the notification expired, so that it is over by that. Of
/// what its sender stopped nobody knows whether another step would have begun.
pub(super) fn was_reached(view: &View<'_>) -> bool {
    let state = view.state;
    let proven_at = [state.delivered_at, state.read_at]
        .into_iter()
        .flatten()
        .min();
    let is_in_time = proven_at.is_some_and(|at| at < view.expires_at) && !state.late;
    let step = view.steps.get(view.course.step);
    let is_proven = step.is_some_and(|step| is_proven_by_device(step.goal, state.status));
    is_in_time && is_proven && !view.is_stopped
}

/// Whether evidence of a device reaches a goal.
fn is_proven_by_device(goal: Goal, status: DeliveryStatus) -> bool {
    let needed = match goal {
        Goal::Handed | Goal::Delivered => DeliveryStatus::Delivered,
        Goal::Read => DeliveryStatus::Read,
    };
    status.rank() >= needed.rank()
}
