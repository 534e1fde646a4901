//! `/v1/push-addresses:import`: push addresses that an App had collected before.

use axum::{Json, extract::State};
use vestnik_model::{ImportAnswer, ImportRequest, Problem, Scope};

use super::{
    body::JsonBody,
    submission::{BY_REPEAT, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Imports push addresses of devices that have not spoken to this server yet, at most 200 at once. They are
/// unproven until a device reports them: what is pushed to one is a hint with a generic text, because there
/// is no key to seal anything for. An address that a device has reported stays that device's, and one that
/// its service called dead stays dead. If anything is wrong, nothing is imported.
#[utoipa::path(
    post, path = "/v1/push-addresses:import", tag = "users", request_body = ImportRequest,
    responses(
        (status = 200, description = "What became of each address, in the order asked", body = ImportAnswer),
        (status = 403, description = "The key lacks the scope 'audience'", body = Problem),
        (status = 413, description = "The body is too large", body = Problem),
        (status = 422, description = "Some are no addresses; `errors` says which", body = Problem),
    )
)]
pub(crate) async fn import(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(request): JsonBody<ImportRequest>,
) -> Result<Json<ImportAnswer>, Refusal> {
    sender.require(Scope::Audience)?;
    submission.begin(BY_REPEAT);
    let now = state.clock.now();
    let answer = operation::import_addresses(&*state.store, sender.app(), request, now).await?;
    Ok(Json(answer))
}
