//! `/v1/settings`: what holds for every user of the App.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{Problem, Scope, attributes::AppSettings};

use super::{
    body::JsonBody,
    submission::{BY_GET, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Sets the settings of the App, whole.
#[utoipa::path(
    put, path = "/v1/settings", tag = "settings", request_body = AppSettings,
    responses(
        (status = 204, description = "Stored"),
        (status = 422, description = "There is no such time zone, or a price is wrong", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(request): JsonBody<AppSettings>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_GET);
    let now = state.clock.now();
    operation::put_settings(&*state.store, sender.app(), request, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the settings of the App.
#[utoipa::path(
    get, path = "/v1/settings", tag = "settings",
    responses((status = 200, description = "The settings", body = AppSettings))
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
) -> Result<Json<AppSettings>, Refusal> {
    sender.require(Scope::Admin)?;
    let settings = operation::settings(&*state.store, sender.app()).await?;
    Ok(Json(settings))
}
