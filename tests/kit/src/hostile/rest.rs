//! The little of REST that a device needs before it speaks to the hub.

use axum::{
    Json, Router,
    extract::Path,
    routing::{post, put},
};
use serde_json::{Value, json};
use vestnik_model::route;

/// Grants tokens of no value and takes every registration.
pub(super) fn router() -> Router {
    Router::new()
        .route(route::TOKEN, post(token))
        .route(route::INSTALLATION, put(register).delete(forget))
}

async fn token() -> Json<Value> {
    Json(json!({
        "access_token": "access", "token_type": "Bearer", "expires_in": 3_600,
        "refresh_token": "vr_refresh", "user": "anna", "scope": "device",
    }))
}

async fn register(Path(id): Path<String>, Json(mut state): Json<Value>) -> Json<Value> {
    state["id"] = id.into();
    Json(state)
}

async fn forget(Path(_): Path<String>) {}
