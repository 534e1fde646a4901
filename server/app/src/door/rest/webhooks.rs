//! `/v1/webhooks`: where the App's events are sent.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::de::DeserializeOwned;
use vestnik_model::{
    Problem, Scope, WebhookId,
    view::List,
    webhook::{
        WebhookCheck, WebhookKey, WebhookPatch, WebhookReplay, WebhookRequest, WebhookRotation,
        WebhookView,
    },
};

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, BY_LIST, Submission},
};
use crate::{
    door::{auth::Sender, json},
    operation,
    refusal::Refusal,
    state::ServerState,
};

/// Makes a webhook: what happens from now on is sent to its address, signed by the scheme of Standard
/// Webhooks. The key to verify by is in this answer; a shared one is shown nowhere else.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks", request_body = WebhookRequest,
    responses(
        (status = 201, description = "The key", body = WebhookKey),
        (status = 409, description = "The App has as many webhooks as it may have", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn create(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(request): JsonBody<WebhookRequest>,
) -> Result<(StatusCode, Json<WebhookKey>), Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_LIST);
    let created = operation::create_webhook(state.hooking(), &sender.0, request).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Lists the webhooks with how they do, without keys.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = List<WebhookView>))
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    sender: Sender,
) -> Result<Json<List<WebhookView>>, Refusal> {
    sender.require(Scope::Admin)?;
    let data = operation::webhooks(state.hooking(), &sender.0).await?;
    Ok(Json(List {
        data,
        next_cursor: None,
    }))
}

/// Shows a webhook and how it does, without keys.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "There is no such webhook", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
) -> Result<Json<WebhookView>, Refusal> {
    sender.require(Scope::Admin)?;
    let view = operation::webhook(state.hooking(), &sender.0, parse(&id)?).await?;
    Ok(Json(view))
}

/// Changes the address or the kinds of events.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    request_body = WebhookPatch,
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "There is no such webhook", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn edit(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(id): Segments<String>,
    JsonBody(patch): JsonBody<WebhookPatch>,
) -> Result<Json<WebhookView>, Refusal> {
    sender.require(Scope::Admin)?;
    let id = parse(&id)?;
    submission.begin(BY_GET);
    let view = operation::edit_webhook(state.hooking(), &sender.0, id, patch).await?;
    Ok(Json(view))
}

/// Deletes a webhook.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is no such webhook", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    let id = parse(&id)?;
    submission.begin(BY_GET);
    operation::delete_webhook(state.hooking(), &sender.0, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST …/{id}:verb`: the router hands the id and the verb over in one.
pub(crate) async fn act(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(text): Segments<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    sender.require(Scope::Admin)?;
    let (id, verb) = path::verb(&text)?;
    let id = parse(id)?;
    let asked = Asked {
        state: &state,
        sender: &sender,
        id,
    };
    match verb {
        "enable" => Ok(enable(asked, submission).await?.into_response()),
        "disable" => Ok(disable(asked, submission).await?.into_response()),
        "rotate" => Ok(rotate(asked, submission, &body).await?.into_response()),
        "replay" => Ok(replay(asked, submission, &body).await?.into_response()),
        "test" => Ok(test(asked).await?.into_response()),
        _ => Err(path::unknown_verb()),
    }
}

/// Who asks for what.
pub(crate) struct Asked<'a> {
    state: &'a ServerState,
    sender: &'a Sender,
    id: WebhookId,
}

/// Sends events, from the cursor on; `:disable` stops to.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}:enable", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "There is no such webhook", body = Problem),
    )
)]
pub(crate) async fn enable(
    asked: Asked<'_>,
    submission: Submission,
) -> Result<Json<WebhookView>, Refusal> {
    switch(asked, submission, true).await
}

/// Sends nothing any more. Events are kept for seven days.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}:disable", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "There is no such webhook", body = Problem),
    )
)]
pub(crate) async fn disable(
    asked: Asked<'_>,
    submission: Submission,
) -> Result<Json<WebhookView>, Refusal> {
    switch(asked, submission, false).await
}

async fn switch(
    asked: Asked<'_>,
    submission: Submission,
    is_enabled: bool,
) -> Result<Json<WebhookView>, Refusal> {
    submission.begin(BY_GET);
    let (with, by) = (asked.state.hooking(), &asked.sender.0);
    let view = operation::switch_webhook(with, by, asked.id, is_enabled).await?;
    Ok(Json(view))
}

/// Gives a new key to verify by. The present one signs beside it for a while.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}:rotate", tag = "webhooks", params(("id" = String, Path)),
    request_body(content = WebhookRotation, description = "May be empty"),
    responses(
        (status = 200, description = "The new key", body = WebhookKey),
        (status = 404, description = "There is no such webhook", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn rotate(
    asked: Asked<'_>,
    submission: Submission,
    body: &[u8],
) -> Result<Json<WebhookKey>, Refusal> {
    let rotation: WebhookRotation = optional(body)?;
    submission.begin("repeat the request: the key of the lost answer signs on beside the next");
    let (with, by) = (asked.state.hooking(), &asked.sender.0);
    let key = operation::rotate_webhook(with, by, asked.id, rotation).await?;
    Ok(Json(key))
}

/// Goes on behind another event: those behind it are sent, again or not at all.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}:replay", tag = "webhooks", params(("id" = String, Path)),
    request_body = WebhookReplay,
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "There is no such webhook", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn replay(
    asked: Asked<'_>,
    submission: Submission,
    body: &[u8],
) -> Result<Json<WebhookView>, Refusal> {
    let replay: WebhookReplay = optional(body)?;
    submission.begin(BY_GET);
    let (with, by) = (asked.state.hooking(), &asked.sender.0);
    let view = operation::replay_webhook(with, by, asked.id, replay).await?;
    Ok(Json(view))
}

/// Sends a test event at once and says what became of it. The webhook stays as it is.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}:test", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, body = WebhookCheck),
        (status = 404, description = "There is no such webhook", body = Problem),
    )
)]
pub(crate) async fn test(asked: Asked<'_>) -> Result<Json<WebhookCheck>, Refusal> {
    let (with, by) = (asked.state.hooking(), &asked.sender.0);
    let check = operation::test_webhook(with, by, asked.id).await?;
    Ok(Json(check))
}

/// A body that may be empty.
fn optional<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Refusal> {
    if body.is_empty() {
        return Ok(T::default());
    }
    json::parse(body).map_err(Refusal::from)
}

fn parse(id: &str) -> Result<WebhookId, Refusal> {
    path::id(id, "webhook")
}
