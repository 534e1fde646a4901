//! `/v1/events`: what happened to an App's notifications.

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequestParts, Query, State},
    http::request::Parts,
};
use serde::Deserialize;
use vestnik_model::{
    EventId, EventPage, FieldProblem, Problem, ProblemCode, Scope, event::ParseEventIdError,
    problem::FieldCode,
};

use crate::{
    door::auth::Sender,
    operation::{self, EventRequest},
    refusal::Refusal,
    state::ServerState,
};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;
/// The longest wait, in seconds: shorter than the patience of the proxies that are common.
const MAX_WAIT: u32 = 25;
/// What is left of a request's time for everything but the wait, in seconds.
const RESERVE: u32 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    after: Option<String>,
    limit: Option<u32>,
    wait: Option<u32>,
}

/// `?after=`, `?limit=` and `?wait=`.
pub(crate) struct EventParams {
    after: Option<EventId>,
    limit: u32,
    wait: u32,
}

impl<S: Send + Sync> FromRequestParts<S> for EventParams {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(wire) = Query::<Wire>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                wrong(
                    "",
                    "after (an event's id), limit and wait (numbers) are the only parameters",
                )
            })?;
        let limit = wire.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(wrong("/limit", &format!("must be 1 to {MAX_LIMIT}")));
        }
        let wait = wire.wait.unwrap_or_default();
        if wait > MAX_WAIT {
            return Err(wrong("/wait", &format!("must be 0 to {MAX_WAIT} seconds")));
        }
        let after = wire.after.map(|after| after.parse()).transpose();
        let after =
            after.map_err(|error: ParseEventIdError| wrong("/after", &error.to_string()))?;
        Ok(Self { after, limit, wait })
    }
}

fn wrong(pointer: &str, detail: &str) -> Refusal {
    Problem::invalid(vec![FieldProblem::new(
        pointer,
        FieldCode::OutOfRange,
        detail,
    )])
    .into()
}

/// Reads what happened, oldest first. Without `after`, from the oldest event that is kept; events are
/// kept for seven days. If there is none and `wait` is given, answers with the next ones as soon as they
/// happen, or with an empty page when the seconds are over. The `next_cursor` of a page is the `after`
/// of the next request. If events behind `after` are kept no longer, the answer is 410 `events.gap`, which
/// names the event behind which it goes on.
#[utoipa::path(
    get, path = "/v1/events", tag = "events",
    params(
        ("after" = Option<String>, Query, description = "Behind which event"),
        ("limit" = Option<u32>, Query, description = "The most events, 100 by default, 500 at most"),
        ("wait" = Option<u32>, Query, description = "How long to wait for an event, in seconds, 25 at most"),
    ),
    responses(
        (status = 200, description = "A page", body = EventPage),
        (status = 403, description = "The key lacks the scope 'read'", body = Problem),
        (status = 410, description = "Events behind the cursor are kept no longer", body = Problem),
        (status = 422, description = "The cursor is of another history", body = Problem),
        (status = 429, description = "The key waits in too many requests", body = Problem),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    sender: Sender,
    params: EventParams,
) -> Result<Json<EventPage>, Refusal> {
    sender.require(Scope::Read)?;
    let Sender(key) = &sender;
    let most = state.config.limits.request_seconds.saturating_sub(RESERVE);
    let wait = params.wait.min(most);
    let request = EventRequest {
        app: key.app.clone(),
        key: key.id.clone(),
        after: params.after,
        limit: usize::try_from(params.limit).unwrap_or(usize::MAX),
        wait: Duration::from_secs(u64::from(wait)),
    };
    let page = operation::events(state.event_reading(), request).await?;
    if wait > 0 {
        still_reads(&state, &sender).await?;
    }
    Ok(Json(page))
}

/// The key may have been revoked while the request waited.
async fn still_reads(state: &ServerState, Sender(key): &Sender) -> Result<(), Refusal> {
    let key = state.store.key(key.app.clone(), key.id.clone()).await?;
    let revoked = || Refusal::new(ProblemCode::AuthRevoked, "the API key was revoked");
    Sender(key.ok_or_else(revoked)?).require(Scope::Read)
}
