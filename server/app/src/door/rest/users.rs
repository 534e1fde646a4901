//! `/v1/users`: what is known of a user, the end of their sessions, and of the user.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{
    Problem, Scope, UserId,
    attributes::{UserAttributes, UserView},
};

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, Submission},
};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Sets what is known of a user, whole: their time zone, when they want quiet, and their telephone number.
#[utoipa::path(
    put, path = "/v1/users/{user}", tag = "users", params(("user" = String, Path)),
    request_body = UserAttributes,
    responses(
        (status = 204, description = "Stored"),
        (status = 422, description = "There is no such time zone, or a time or telephone number is none", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(user): Segments<String>,
    JsonBody(request): JsonBody<UserAttributes>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    submission.begin(BY_GET);
    let now = state.clock.now();
    operation::put_attributes(&*state.store, sender.app(), user, request, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows what the App's backend said of a user; of a telephone number the last digits.
#[utoipa::path(
    get, path = "/v1/users/{user}", tag = "users", params(("user" = String, Path)),
    responses(
        (status = 200, description = "What was said", body = UserView),
        (status = 404, description = "The user is not known", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(user): Segments<String>,
) -> Result<Json<UserView>, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    let attributes = operation::attributes(&*state.store, sender.app(), user).await?;
    Ok(Json(attributes))
}

/// Erases a user: their sessions end at once, what is theirs is deleted in parts. An unknown user is
/// answered like a known one.
#[utoipa::path(
    delete, path = "/v1/users/{user}", tag = "users", params(("user" = String, Path)),
    responses((status = 204, description = "The user is being erased"))
)]
pub(crate) async fn erase(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(user): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(&user, "user")?;
    submission.begin(BY_GET);
    operation::erase_user(&*state.store, sender.app(), user, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/{user}:log_out`: the router hands the user and the verb over in one.
pub(crate) async fn act(
    state: State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(text): Segments<String>,
) -> Result<StatusCode, Refusal> {
    match path::verb(&text)? {
        (user, "log_out") => log_out(state, sender, submission, user).await,
        _ => Err(path::unknown_verb()),
    }
}

/// Ends all sessions of a user.
#[utoipa::path(
    post, path = "/v1/users/{user}:log_out", tag = "users", params(("user" = String, Path)),
    responses(
        (status = 204, description = "No session of the user is left"),
        (status = 403, description = "The key lacks the scope 'audience'", body = Problem),
    )
)]
pub(crate) async fn log_out(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    user: &str,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let user: UserId = path::id(user, "user")?;
    submission.begin(BY_GET);
    operation::log_user_out(&*state.store, sender.app(), user, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
