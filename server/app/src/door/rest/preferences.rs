//! What users do not want: `/v1/users/{user}/preferences` for their App's backend, `/v1/preferences` for
//! themselves.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{Problem, Scope, UserId, preference::Preferences};
use vestnik_store::recipients::Whose;

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, Submission},
};
use crate::{
    door::auth::{Device, Sender},
    operation,
    refusal::Refusal,
    state::ServerState,
};

/// Sets what a user does not want, whole.
#[utoipa::path(
    put, path = "/v1/users/{user}/preferences", tag = "users", params(("user" = String, Path)),
    request_body = Preferences,
    responses(
        (status = 204, description = "Stored"),
        (status = 403, description = "The key lacks the scope 'audience'", body = Problem),
        (status = 422, description = "A name is none, or there are too many", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(user): Segments<String>,
    JsonBody(request): JsonBody<Preferences>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    let whose = Whose::User(sender.app(), user);
    submission.begin(BY_GET);
    operation::put_preferences(&*state.store, whose, request, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what a user does not want. An unknown user is answered like one who wants everything.
#[utoipa::path(
    get, path = "/v1/users/{user}/preferences", tag = "users", params(("user" = String, Path)),
    responses((status = 200, description = "What was said", body = Preferences))
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(user): Segments<String>,
) -> Result<Json<Preferences>, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    let preferences = operation::preferences(&*state.store, sender.app(), user).await?;
    Ok(Json(preferences))
}

/// Sets what the user of an installation does not want, whole, on all of their devices.
#[utoipa::path(
    put, path = "/v1/preferences", tag = "installations", request_body = Preferences,
    responses(
        (status = 204, description = "Stored"),
        (status = 401, description = "The session has ended", body = Problem),
        (status = 422, description = "A name is none, or there are too many", body = Problem),
    )
)]
pub(crate) async fn put_own(
    State(state): State<ServerState>,
    Device(session): Device,
    submission: Submission,
    JsonBody(request): JsonBody<Preferences>,
) -> Result<StatusCode, Refusal> {
    submission.begin(BY_GET);
    let whose = Whose::Session(session);
    operation::put_preferences(&*state.store, whose, request, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what the user of an installation does not want.
#[utoipa::path(
    get, path = "/v1/preferences", tag = "installations",
    responses(
        (status = 200, description = "What was said", body = Preferences),
        (status = 401, description = "The session has ended", body = Problem),
    )
)]
pub(crate) async fn get_own(
    State(state): State<ServerState>,
    Device(session): Device,
) -> Result<Json<Preferences>, Refusal> {
    let preferences = operation::preferences(&*state.store, session.app, session.user).await?;
    Ok(Json(preferences))
}
