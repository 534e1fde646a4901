//! For those who run the server.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use crate::{app::App, error::ApiError, openapi};

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
pub(crate) async fn readyz(State(app): State<App>) -> StatusCode {
    let written = tokio::time::timeout(PATIENCE, app.store.ping()).await;
    if matches!(written, Ok(Ok(()))) && !app.hub.is_draining() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses((status = 200, description = "Figures", body = String)))]
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind)],
        app.metrics.text(app.hub.connection_count()),
    )
}

/// The OpenAPI document.
pub(crate) async fn openapi() -> impl IntoResponse {
    Json(openapi::document())
}

/// What is at no other path.
pub(crate) async fn not_found() -> ApiError {
    ApiError::not_found("resource")
}

/// A path that is there, by a method that is not.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(
        vestnik_model::ProblemCode::MethodNotAllowed,
        "the resource has other methods than this",
    )
}
