//! `/v1/deliveries`: one notification to one user, and its tries.

use axum::{Json, extract::State};
use vestnik_model::{
    DeliveryId, Problem, Scope,
    view::{AttemptView, DeliveryView, List},
};

use super::path::{self, Segments};
use crate::{door::auth::Sender, refusal::Refusal, state::ServerState};

/// Shows a delivery.
#[utoipa::path(
    get, path = "/v1/deliveries/{id}", tag = "deliveries", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The delivery", body = DeliveryView),
        (status = 404, description = "There is no such delivery", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
) -> Result<Json<DeliveryView>, Refusal> {
    sender.require(Scope::Read)?;
    let id: DeliveryId = path::id(&id, "delivery")?;
    let view = state.store.delivery(sender.app(), id).await?;
    view.map(Json).ok_or_else(|| Refusal::not_found("delivery"))
}

/// Lists the tries of a delivery.
#[utoipa::path(
    get, path = "/v1/deliveries/{id}/attempts", tag = "deliveries", params(("id" = String, Path)),
    responses(
        (status = 200, description = "All tries", body = List<AttemptView>),
        (status = 404, description = "There is no such delivery", body = Problem),
    )
)]
pub(crate) async fn attempts(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
) -> Result<Json<List<AttemptView>>, Refusal> {
    sender.require(Scope::Read)?;
    let id: DeliveryId = path::id(&id, "delivery")?;
    let attempts = state.store.attempts(sender.app(), id).await?;
    let data = attempts.ok_or_else(|| Refusal::not_found("delivery"))?;
    Ok(Json(List {
        data,
        next_cursor: None,
    }))
}
