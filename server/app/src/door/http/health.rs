//! What operators and their tools ask, and answers for paths without a resource.

use std::time::Duration;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use crate::{refusal::Refusal, state::ServerState, worker::LoopHealth};

/// How long a write may take before the server is not ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells that the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, description = "Alive")))]
pub(crate) async fn healthz() -> StatusCode {
    StatusCode::OK
}

/// Tells that requests can be taken: a write goes through, and the server is not stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "operation", security(()),
    responses((status = 200, description = "Ready"), (status = 503, description = "Not ready"))
)]
pub(crate) async fn readyz(State(state): State<ServerState>) -> StatusCode {
    let written = tokio::time::timeout(PATIENCE, state.store.ping(state.clock.now())).await;
    let loops = state.loops.health(&*state.clock);
    let is_working = state.health.is_sound() && !loops.iter().any(LoopHealth::is_stuck);
    if matches!(written, Ok(Ok(()))) && is_working && !state.hub.is_draining() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses((status = 200, description = "Figures", body = String)))]
pub(crate) async fn metrics(State(state): State<ServerState>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind)],
        state.metrics.text(state.hub.connection_count()),
    )
}

/// What is at no other path.
pub(crate) async fn not_found() -> Refusal {
    Refusal::not_found("resource")
}

/// A path that is there, by a method that is not.
pub(crate) async fn method_not_allowed() -> Refusal {
    Refusal::new(
        vestnik_model::ProblemCode::MethodNotAllowed,
        "the resource has other methods than this",
    )
}
