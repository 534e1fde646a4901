//! `/v1/installations`: what a device tells of itself, and its end.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use vestnik_model::{
    AppId, InstallationId, InstallationState, Problem, Scope, view::InstallationView,
};
use vestnik_store::LogoutOutcome;

use super::body::{JsonBody, path_id};
use crate::{app::App, auth::Caller, error::ApiError};

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
    State(app): State<App>,
    caller: Caller,
    path: Path<String>,
    JsonBody(state): JsonBody<InstallationState>,
) -> Result<StatusCode, ApiError> {
    let id: InstallationId = path_id(path, "installation")?;
    let tenant = tenant_of(caller, id)?;
    state.check()?;
    if app
        .store
        .put_installation(tenant, id, state, app.clock.now())
        .await?
    {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("installation"))
    }
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
    State(app): State<App>,
    caller: Caller,
    path: Path<String>,
) -> Result<Json<InstallationView>, ApiError> {
    let id: InstallationId = path_id(path, "installation")?;
    let view = app.store.installation(tenant_of(caller, id)?, id).await?;
    view.map(Json)
        .ok_or_else(|| ApiError::not_found("installation"))
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
    State(app): State<App>,
    caller: Caller,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    let id: InstallationId = path_id(path, "installation")?;
    match app.store.logout(tenant_of(caller, id)?, id).await? {
        LogoutOutcome::Done => {
            app.devices.close(id);
            Ok(StatusCode::NO_CONTENT)
        }
        LogoutOutcome::Unknown => Err(ApiError::not_found("installation")),
    }
}

/// A device reaches itself only, a backend with the scope every installation of its App.
fn tenant_of(caller: Caller, id: InstallationId) -> Result<AppId, ApiError> {
    match caller {
        Caller::Device(device) => device.require(id).map(|()| device.0.app),
        Caller::Sender(sender) => sender.require(Scope::Audience).map(|()| sender.app()),
    }
}
