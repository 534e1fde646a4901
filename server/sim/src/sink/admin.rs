//! The admin API of a sink: JSON over plain HTTP, meant for loopback.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{StatusCode, header};
use serde_json::Value;

use super::tally::{Sample, SinkCounts, Tally};
use crate::{admin::is_own, setup::Setup};

#[derive(Clone)]
struct Place {
    tally: Arc<Tally>,
    setup: Arc<Setup>,
}

pub(super) fn router(tally: &Arc<Tally>, setup: &Arc<Setup>) -> Router {
    let place = Place {
        tally: Arc::clone(tally),
        setup: Arc::clone(setup),
    };
    Router::new()
        .route("/admin/credentials", get(credentials))
        .route("/admin/ca.pem", get(ca))
        .route("/admin/counters", get(counters))
        .route("/admin/sample", get(sample))
        .route("/admin/reset", post(reset))
        .layer(middleware::from_fn_with_state(place.clone(), check))
        .with_state(place)
}

async fn check(State(place): State<Place>, request: Request, next: Next) -> Response {
    if is_own(request.headers(), &place.setup.host) {
        return next.run(request).await;
    }
    StatusCode::FORBIDDEN.into_response()
}

async fn credentials(State(place): State<Place>) -> Json<Value> {
    Json(place.setup.document())
}

async fn ca(State(place): State<Place>) -> Response {
    let pem = place.setup.ca_certificate().to_owned();
    ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response()
}

async fn counters(State(place): State<Place>) -> Json<SinkCounts> {
    Json(place.tally.view())
}

async fn sample(State(place): State<Place>) -> Result<Json<Sample>, StatusCode> {
    place.tally.sample().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn reset(State(place): State<Place>) -> StatusCode {
    place.tally.reset();
    StatusCode::NO_CONTENT
}
