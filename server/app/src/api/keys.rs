//! `/v1/keys`: API keys.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use vestnik_model::{
    FieldProblem, KeyCreated, KeyRequest, KeyView, Problem, Scope, problem::FieldCode, view::List,
};
use vestnik_store::ApiKeyRecord;

use super::body::JsonBody;
use crate::{
    app::App,
    auth::{Sender, secret},
    error::ApiError,
};

/// The most characters a key's name may have.
const MAX_NAME: usize = 64;

/// Makes a key. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", request_body = KeyRequest,
    responses(
        (status = 201, description = "The key", body = KeyCreated),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn create(
    State(app): State<App>,
    sender: Sender,
    JsonBody(request): JsonBody<KeyRequest>,
) -> Result<(StatusCode, Json<KeyCreated>), ApiError> {
    sender.require(Scope::Admin)?;
    check(&request)?;
    let KeyRequest { name, mut scopes } = request;
    scopes.sort_unstable();
    scopes.dedup();
    let (id, key) = secret::new_key(app.clock.random(), app.clock.random());
    let record = ApiKeyRecord {
        app: sender.app(),
        id: id.clone(),
        name: name.clone(),
        scopes: scopes.clone(),
        secret_hash: secret::hash(&key),
    };
    app.store.create_key(record, app.clock.now()).await?;
    tracing::info!(%id, by = %sender.0.id, "key made");
    Ok((
        StatusCode::CREATED,
        Json(KeyCreated {
            id,
            key,
            name,
            scopes,
        }),
    ))
}

fn check(request: &KeyRequest) -> Result<(), Problem> {
    let mut problems = Vec::new();
    let length = request.name.chars().count();
    if length == 0 || length > MAX_NAME || request.name.chars().any(char::is_control) {
        let detail = format!("must be 1 to {MAX_NAME} printable characters");
        problems.push(FieldProblem::new("/name", FieldCode::Malformed, detail));
    }
    if request.scopes.is_empty() {
        let detail = "must name at least one scope";
        problems.push(FieldProblem::new("/scopes", FieldCode::Missing, detail));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(problems))
    }
}

/// Lists the keys, without their secrets.
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys",
    responses((status = 200, description = "All keys", body = List<KeyView>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    sender: Sender,
) -> Result<Json<List<KeyView>>, ApiError> {
    sender.require(Scope::Admin)?;
    let data = app.store.keys(sender.app()).await?;
    Ok(Json(List {
        data,
        next_cursor: None,
    }))
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
    State(app): State<App>,
    sender: Sender,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Admin)?;
    if app.store.revoke_key(sender.app(), id.clone()).await? {
        tracing::info!(%id, by = %sender.0.id, "key revoked");
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("key"))
    }
}
