//! `/v1/installations`: what a device tells of itself, and its end.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use vestnik_model::{
    AppId, InstallationId, InstallationState, Problem, Scope, view::InstallationView,
};

use super::body::{JsonBody, path_id};
use crate::{door::auth::Caller, operation, refusal::Refusal, state::ServerState};

/// Sets an installation's state, whole.
#[utoipa::path(
    put, path = "/v1/installations/{id}", tag = "installations", params(("id" = String, Path)),
    request_body = InstallationState,
    responses(
        (status = 204, description = "Stored"),
        (status = 403, description = "The token is for another installation", body = Problem),
        (status = 404, description = "The installation was logged out", body = Problem),
        (status = 422, description = "The state is not valid", body = Problem),
    )
)]
pub(crate) async fn put(
    State(server): State<ServerState>,
    caller: Caller,
    path: Path<String>,
    JsonBody(state): JsonBody<InstallationState>,
) -> Result<StatusCode, Refusal> {
    let id: InstallationId = path_id(path, "installation")?;
    let app = app_of(caller, id)?;
    operation::register(&*server.store, server.clock.now(), app, id, state).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows an installation.
#[utoipa::path(
    get, path = "/v1/installations/{id}", tag = "installations", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The installation", body = InstallationView),
        (status = 404, description = "There is no such installation", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    caller: Caller,
    path: Path<String>,
) -> Result<Json<InstallationView>, Refusal> {
    let id: InstallationId = path_id(path, "installation")?;
    let view = state.store.installation(app_of(caller, id)?, id).await?;
    view.map(Json)
        .ok_or_else(|| Refusal::not_found("installation"))
}

/// Logs an installation out: its tokens end, and it is nobody's.
#[utoipa::path(
    delete, path = "/v1/installations/{id}", tag = "installations", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Logged out"),
        (status = 404, description = "There is no such installation", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, Refusal> {
    let id: InstallationId = path_id(path, "installation")?;
    let app = app_of(caller, id)?;
    operation::logout(&*state.store, &state.devices, app, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A device reaches itself only, a backend with the scope every installation of its App.
fn app_of(caller: Caller, id: InstallationId) -> Result<AppId, Refusal> {
    match caller {
        Caller::Device(device) => device.require(id).map(|()| device.0.app),
        Caller::Sender(sender) => sender.require(Scope::Audience).map(|()| sender.app()),
    }
}
