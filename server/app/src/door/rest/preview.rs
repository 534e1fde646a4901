//! `/v1/notifications:preview`: what a publish request would come to.

use axum::{Json, extract::State};
use vestnik_model::{Problem, PublishRequest, Scope, preview::Preview};

use super::body::JsonBody;
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Checks a publish request as publishing does, and shows whom it would reach now, by which routes, and
/// what each push service would get. Nothing is stored and nothing is sent.
#[utoipa::path(
    post, path = "/v1/notifications:preview", tag = "notifications", request_body = PublishRequest,
    responses(
        (status = 200, description = "What it would come to", body = Preview),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 413, description = "The body or the notification is too large", body = Problem),
        (status = 422, description = "The request is not valid, or a topic does not exist", body = Problem),
    )
)]
pub(crate) async fn preview(
    State(state): State<ServerState>,
    sender: Sender,
    JsonBody(request): JsonBody<PublishRequest>,
) -> Result<Json<Preview>, Refusal> {
    sender.require(Scope::Publish)?;
    let preview = operation::preview(state.publishing(), sender.app(), request).await?;
    Ok(Json(preview))
}
