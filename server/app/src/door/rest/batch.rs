//! `/v1/notifications:batch`: up to 1,000 publish requests at once.

use axum::{Json, extract::State, http::HeaderMap};
use serde::Deserialize;
use serde_json::value::RawValue;
use vestnik_model::{
    Problem, PublishRequest, Scope,
    publish::{BatchAnswer, BatchRequest},
};

use super::{
    body::JsonBody,
    notifications::idempotency_key,
    submission::{BY_KEY, Submission},
};
use crate::{
    door::{auth::Sender, json},
    operation,
    rate::Principal,
    refusal::Refusal,
    state::ServerState,
};

/// A batch whose items are read one by one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Items {
    items: Vec<Box<RawValue>>,
}

/// Publishes up to 1,000 notifications. Each is accepted or refused by itself, as `POST /v1/notifications`
/// would; the answer has what became of each, in the order asked. With an `Idempotency-Key`, an item that has no
/// key of its own is recognised by that and its place. Each item counts as a request of its key.
#[utoipa::path(
    post, path = "/v1/notifications:batch", tag = "notifications", request_body = BatchRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a batch with the same key publishes each item once")),
    responses(
        (status = 200, description = "What became of each; some can be refused", body = BatchAnswer),
        (status = 403, description = "The key lacks the scope 'publish'", body = Problem),
        (status = 413, description = "The body is too large", body = Problem),
        (status = 422, description = "There are no items, or too many", body = Problem),
        (status = 504, description = "Whether they were stored is not known: repeat them with the same key", body = Problem),
    )
)]
pub(crate) async fn publish(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    headers: HeaderMap,
    JsonBody(Items { items }): JsonBody<Items>,
) -> Result<Json<BatchAnswer>, Refusal> {
    sender.require(Scope::Publish)?;
    let key = idempotency_key(&headers)?;
    let more = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let principal = Principal::Key(sender.0.app.clone(), sender.0.id.clone());
    // The request itself was counted before it was read.
    state.rates.charge_key(&principal, more.saturating_sub(1));
    let items = items.iter();
    let items = items.map(|item| json::parse::<PublishRequest>(item.get().as_bytes()));
    submission.begin(BY_KEY);
    let answer =
        operation::publish_batch(state.publishing(), sender.app(), items.collect(), key).await?;
    Ok(Json(answer))
}
