//! `/v1/identity-keys`: the keys by which an App's backend vouches for its users.

use axum::{extract::State, http::StatusCode};
use vestnik_model::{IdentityKeyRequest, Problem, Scope};

use super::{
    body::JsonBody,
    path::Segments,
    submission::{BY_GET, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Sets an identity key, whole.
#[utoipa::path(
    put, path = "/v1/identity-keys/{kid}", tag = "keys", params(("kid" = String, Path)),
    request_body = IdentityKeyRequest,
    responses(
        (status = 204, description = "Stored"),
        (status = 422, description = "The key cannot be used", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(kid): Segments<String>,
    JsonBody(request): JsonBody<IdentityKeyRequest>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_GET);
    operation::put_identity_key(&*state.store, &sender.0, kid, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes an identity key: what it signed holds no longer.
#[utoipa::path(
    delete, path = "/v1/identity-keys/{kid}", tag = "keys", params(("kid" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is no such key", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(kid): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_GET);
    operation::delete_identity_key(&*state.store, &sender.0, kid).await?;
    Ok(StatusCode::NO_CONTENT)
}
