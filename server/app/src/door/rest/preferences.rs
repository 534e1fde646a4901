//! What users do not want: `/v1/users/{user}/preferences` for their App's backend, `/v1/preferences` for
//! themselves.

use axum::{Json, extract::State};
use vestnik_model::{
    Problem, Scope, UserId,
    preference::{Preferences, PreferencesPatch},
};
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

/// Changes what a user does not want. What is not named stays as it is.
#[utoipa::path(
    patch, path = "/v1/users/{user}/preferences", tag = "users", params(("user" = String, Path)),
    request_body = PreferencesPatch,
    responses(
        (status = 200, description = "What they do not want now", body = Preferences),
        (status = 403, description = "The key lacks the scope 'audience'", body = Problem),
        (status = 422, description = "A name is none, or there are too many", body = Problem),
    )
)]
pub(crate) async fn change(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(user): Segments<String>,
    JsonBody(patch): JsonBody<PreferencesPatch>,
) -> Result<Json<Preferences>, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    let whose = Whose::User(sender.app(), user);
    submission.begin(BY_GET);
    let now = state.clock.now();
    let preferences = operation::change_preferences(&*state.store, whose, patch, now).await?;
    Ok(Json(preferences))
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

/// Changes what the user of an installation does not want, on all of their devices. What is not named stays as it
/// is.
#[utoipa::path(
    patch, path = "/v1/preferences", tag = "installations", request_body = PreferencesPatch,
    responses(
        (status = 200, description = "What they do not want now", body = Preferences),
        (status = 401, description = "The session has ended", body = Problem),
        (status = 422, description = "A name is none, or there are too many", body = Problem),
    )
)]
pub(crate) async fn change_own(
    State(state): State<ServerState>,
    Device(session): Device,
    submission: Submission,
    JsonBody(patch): JsonBody<PreferencesPatch>,
) -> Result<Json<Preferences>, Refusal> {
    submission.begin(BY_GET);
    let whose = Whose::Session(session);
    let now = state.clock.now();
    let preferences = operation::change_preferences(&*state.store, whose, patch, now).await?;
    Ok(Json(preferences))
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
