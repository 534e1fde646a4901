//! `/v1/topics`: named events that users subscribe to.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use vestnik_model::{
    Problem, Scope, TopicName, UserId,
    subscription::{Topic, TopicSettings},
};

use super::body::{JsonBody, path_id};
use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

/// Sets a topic, whole.
#[utoipa::path(
    put, path = "/v1/topics/{topic}", tag = "topics", params(("topic" = String, Path)),
    request_body = TopicSettings,
    responses((status = 204, description = "Stored"))
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<String>,
    JsonBody(settings): JsonBody<TopicSettings>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path_id(path, "topic")?;
    state.store.put_topic(sender.app(), name, settings).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows a topic.
#[utoipa::path(
    get, path = "/v1/topics/{topic}", tag = "topics", params(("topic" = String, Path)),
    responses(
        (status = 200, description = "The topic", body = Topic),
        (status = 404, description = "There is no such topic", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<String>,
) -> Result<Json<Topic>, Refusal> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path_id(path, "topic")?;
    let topic = state.store.topic(sender.app(), name).await?;
    topic.map(Json).ok_or_else(|| Refusal::not_found("topic"))
}

/// Deletes a topic and everyone's subscription to it.
#[utoipa::path(
    delete, path = "/v1/topics/{topic}", tag = "topics", params(("topic" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is no such topic", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path_id(path, "topic")?;
    deleted(state.store.delete_topic(sender.app(), name).await?)
}

/// Subscribes a user.
#[utoipa::path(
    put, path = "/v1/topics/{topic}/subscribers/{user}", tag = "topics",
    params(("topic" = String, Path), ("user" = String, Path)),
    responses(
        (status = 204, description = "Subscribed"),
        (status = 404, description = "There is no such topic", body = Problem),
    )
)]
pub(crate) async fn subscribe(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let (topic, user) = subscriber(path)?;
    operation::subscribe(&*state.store, sender.app(), topic, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a user out of a topic.
#[utoipa::path(
    delete, path = "/v1/topics/{topic}/subscribers/{user}", tag = "topics",
    params(("topic" = String, Path), ("user" = String, Path)),
    responses(
        (status = 204, description = "Not subscribed any more"),
        (status = 404, description = "There is no such topic", body = Problem),
    )
)]
pub(crate) async fn unsubscribe(
    State(state): State<ServerState>,
    sender: Sender,
    path: Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let (topic, user) = subscriber(path)?;
    deleted(state.store.unsubscribe(sender.app(), topic, user).await?)
}

fn subscriber(Path((topic, user)): Path<(String, String)>) -> Result<(TopicName, UserId), Refusal> {
    let topic = topic.parse().map_err(|_| Refusal::not_found("topic"))?;
    let user = user.parse().map_err(|_| Refusal::not_found("user"))?;
    Ok((topic, user))
}

fn deleted(was_there: bool) -> Result<StatusCode, Refusal> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::not_found("topic"))
    }
}
