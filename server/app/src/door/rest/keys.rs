//! `/v1/keys`: API keys.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{KeyCreated, KeyRequest, KeyView, Problem, Scope, view::List};

use super::{
    body::JsonBody,
    page::{KeyId, PageParams},
    path::Segments,
    submission::{BY_GET, BY_LIST, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Makes a key. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", request_body = KeyRequest,
    responses(
        (status = 201, description = "The key", body = KeyCreated),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn create(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(request): JsonBody<KeyRequest>,
) -> Result<(StatusCode, Json<KeyCreated>), Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_LIST);
    let created = operation::create_key(&*state.store, &*state.clock, &sender.0, request).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Lists the keys, without their secrets.
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page", body = List<KeyView>))
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    sender: Sender,
    params: PageParams<KeyId>,
) -> Result<Json<List<KeyView>>, Refusal> {
    sender.require(Scope::Admin)?;
    Ok(Json(
        state.store.keys(sender.app(), params.of_keys()).await?,
    ))
}

/// Revokes a key at once.
#[utoipa::path(
    delete, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "There is no such key", body = Problem),
    )
)]
pub(crate) async fn revoke(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_GET);
    operation::revoke_key(&*state.store, &sender.0, id, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
