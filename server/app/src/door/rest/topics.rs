//! `/v1/topics`: named events that users subscribe to.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{
    Problem, Scope, TopicName, UserId,
    subscription::{Topic, TopicSettings},
};

use super::{
    body::JsonBody,
    path::{self, Segments},
    submission::{BY_GET, Submission},
};
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
    submission: Submission,
    Segments(topic): Segments<String>,
    JsonBody(settings): JsonBody<TopicSettings>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path::id(&topic, "topic")?;
    submission.begin(BY_GET);
    operation::put_topic(&*state.store, sender.app(), name, settings).await?;
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
    Segments(topic): Segments<String>,
) -> Result<Json<Topic>, Refusal> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path::id(&topic, "topic")?;
    let topic = state.store.topic(sender.app(), name).await?;
    topic.map(Json).ok_or_else(|| Refusal::not_found("topic"))
}

/// Deletes a topic; the subscriptions to it are deleted in parts.
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
    submission: Submission,
    Segments(topic): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let name: TopicName = path::id(&topic, "topic")?;
    submission.begin(BY_GET);
    operation::delete_topic(&*state.store, sender.app(), name, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
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
    submission: Submission,
    Segments(path): Segments<(String, String)>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let (topic, user) = subscriber(&path)?;
    submission.begin(BY_GET);
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
    submission: Submission,
    Segments(path): Segments<(String, String)>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let (topic, user) = subscriber(&path)?;
    submission.begin(BY_GET);
    operation::unsubscribe(&*state.store, sender.app(), topic, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn subscriber((topic, user): &(String, String)) -> Result<(TopicName, UserId), Refusal> {
    Ok((path::id(topic, "topic")?, path::id(user, "user")?))
}
