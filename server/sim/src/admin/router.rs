//! The routes.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{devices, guard, observe};
use crate::{setup::Setup, shared::Shared};

/// The largest body, in bytes.
const LARGEST: usize = 256 * 1024;

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) shared: Arc<Shared>,
    pub(crate) setup: Arc<Setup>,
}

pub(crate) fn router(shared: Arc<Shared>, setup: Arc<Setup>, _page: bool) -> Router {
    let place = Place { shared, setup };
    Router::new()
        .route("/admin/credentials", get(observe::credentials))
        .route("/admin/ca.pem", get(observe::ca))
        .route("/admin/devices", get(devices::list).post(devices::register))
        .route(
            "/admin/devices/{id}",
            get(devices::show).delete(devices::remove),
        )
        .route("/admin/devices/{id}/online", post(devices::online))
        .route("/admin/devices/{id}/offline", post(devices::offline))
        .route("/admin/devices/{id}/kill", post(devices::kill))
        .route(
            "/admin/devices/{id}/environment",
            post(devices::environment),
        )
        .route("/admin/devices/{id}/events", get(observe::events_of))
        .route("/admin/events", get(observe::events))
        .route(
            "/admin/faults",
            get(observe::faults).put(observe::set_faults),
        )
        .route("/admin/journal", get(observe::journal))
        .route("/admin/counters", get(observe::counters))
        .route("/admin/reset", post(observe::reset))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn_with_state(place.clone(), guard::check))
        .with_state(place)
}

/// Serves until the simulator is shut down.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::warn!(%error, "the admin API has stopped");
    }
}
