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
use vestnik_store::SubscribeOutcome;

use super::body::{JsonBody, path_id};
use crate::{app::App, auth::Sender, error::ApiError};

/// Sets a topic, whole.
#[utoipa::path(
    put, path = "/v1/topics/{topic}", tag = "topics", params(("topic" = String, Path)),
    request_body = TopicSettings,
    responses((status = 204, description = "Stored"))
)]
pub(crate) async fn put(
    State(app): State<App>,
    sender: Sender,
    path: Path<String>,
    JsonBody(settings): JsonBody<TopicSettings>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path_id(path, "topic")?;
    app.store.put_topic(sender.app(), name, settings).await?;
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
    State(app): State<App>,
    sender: Sender,
    path: Path<String>,
) -> Result<Json<Topic>, ApiError> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path_id(path, "topic")?;
    let topic = app.store.topic(sender.app(), name).await?;
    topic.map(Json).ok_or_else(|| ApiError::not_found("topic"))
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
    State(app): State<App>,
    sender: Sender,
    path: Path<String>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path_id(path, "topic")?;
    deleted(app.store.delete_topic(sender.app(), name).await?)
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
    State(app): State<App>,
    sender: Sender,
    path: Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Audience)?;
    let (topic, user) = subscriber(path)?;
    match app
        .store
        .subscribe(sender.app(), topic, user, false)
        .await?
    {
        SubscribeOutcome::Subscribed => Ok(StatusCode::NO_CONTENT),
        SubscribeOutcome::Unavailable => Err(ApiError::not_found("topic")),
    }
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
    State(app): State<App>,
    sender: Sender,
    path: Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Audience)?;
    let (topic, user) = subscriber(path)?;
    deleted(app.store.unsubscribe(sender.app(), topic, user).await?)
}

fn subscriber(
    Path((topic, user)): Path<(String, String)>,
) -> Result<(TopicName, UserId), ApiError> {
    let topic = topic.parse().map_err(|_| ApiError::not_found("topic"))?;
    let user = user.parse().map_err(|_| ApiError::not_found("user"))?;
    Ok((topic, user))
}

fn deleted(was_there: bool) -> Result<StatusCode, ApiError> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("topic"))
    }
}
