//! `/v1/notifications:batch`: up to 1,000 publish requests at once.

use std::fmt;

use axum::{Json, extract::State, http::HeaderMap};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use vestnik_model::{
    Problem, PublishRequest, Scope,
    publish::{BatchAnswer, BatchRequest, MAX_BATCH},
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
pub(crate) struct Batch {
    items: Items,
}

/// The items of a batch. Of more than a batch may have only the number is kept: a body has room for millions.
struct Items {
    kept: Vec<Box<RawValue>>,
    count: usize,
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Reader)
    }
}

/// Reads [`Items`].
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Items;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MAX_BATCH
            && let Some(item) = seq.next_element()?
        {
            kept.push(item);
        }
        let mut count = kept.len();
        while count >= MAX_BATCH && seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Items { kept, count })
    }
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
        (status = 429, description = "The key may not send so many now: nothing was published", body = Problem),
        (status = 504, description = "Whether they were stored is not known: repeat them with the same key", body = Problem),
    )
)]
pub(crate) async fn publish(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    headers: HeaderMap,
    JsonBody(Batch { items }): JsonBody<Batch>,
) -> Result<Json<BatchAnswer>, Refusal> {
    sender.require(Scope::Publish)?;
    let key = idempotency_key(&headers)?;
    let more = u32::try_from(items.count).unwrap_or(u32::MAX);
    let principal = Principal::Key(sender.0.app.clone(), sender.0.id.clone());
    // The request itself was counted before it was read. What is refused was read all the same.
    if let Err(refused) = operation::check_batch(items.count) {
        state.rates.charge_key(&principal, more.saturating_sub(1));
        return Err(refused);
    }
    let counted = state.rates.count_more(&principal, more.saturating_sub(1));
    counted.check()?;
    let items = items.kept.iter();
    let items = items.map(|item| json::parse::<PublishRequest>(item.get().as_bytes()));
    submission.begin(BY_KEY);
    let answer =
        operation::publish_batch(state.publishing(), sender.app(), items.collect(), key).await?;
    Ok(Json(answer))
}
