//! `/v1/users/{user}/email`: where a user gets e-mail.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{
    Problem, Scope, UserId,
    contact::{EmailRequest, EmailView},
};

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Sets the e-mail address of a user. An address that a mail server called dead within the last day
/// stays dead when it is set again; deleted and set, it is tried at once.
#[utoipa::path(
    put, path = "/v1/users/{user}/email", tag = "users", params(("user" = String, Path)),
    request_body = EmailRequest,
    responses(
        (status = 204, description = "Stored"),
        (status = 422, description = "It is no address that letters can be sent to", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(user): Segments<String>,
    JsonBody(request): JsonBody<EmailRequest>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    submission.begin(BY_GET);
    let now = state.clock.now();
    operation::put_email(&*state.store, sender.app(), user, request, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the e-mail address of a user.
#[utoipa::path(
    get, path = "/v1/users/{user}/email", tag = "users", params(("user" = String, Path)),
    responses(
        (status = 200, description = "The address", body = EmailView),
        (status = 404, description = "The user has none, or is not known", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(user): Segments<String>,
) -> Result<Json<EmailView>, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    let view = operation::email(&*state.store, sender.app(), user).await?;
    Ok(Json(view))
}

/// Deletes the e-mail address of a user. A user who has none is answered like one who has.
#[utoipa::path(
    delete, path = "/v1/users/{user}/email", tag = "users", params(("user" = String, Path)),
    responses((status = 204, description = "The user gets no e-mail any more"))
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(user): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    submission.begin(BY_GET);
    operation::delete_email(&*state.store, sender.app(), user).await?;
    Ok(StatusCode::NO_CONTENT)
}
