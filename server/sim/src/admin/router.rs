//! The routes.

use std::{future::IntoFuture as _, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{devices, guard, observe, rotation};
use crate::{page, place::Place};

/// The largest body, in bytes.
const LARGEST: usize = 256 * 1024;
/// How long requests in hand may take at the end.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn router(place: Place, has_page: bool) -> Router {
    let page = if has_page {
        page::routes()
    } else {
        Router::new()
    };
    Router::new()
        .merge(page)
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
        .route("/admin/devices/{id}/screen", get(observe::screen_of))
        .route("/admin/events", get(observe::events))
        .route(
            "/admin/faults",
            get(observe::faults).put(observe::set_faults),
        )
        .route("/admin/apns/keys", post(rotation::add_key))
        .route("/admin/apns/keys/{id}", delete(rotation::revoke_key))
        .route("/admin/fcm/revoke", post(rotation::revoke_access_tokens))
        .route("/admin/journal", get(observe::journal))
        .route("/admin/counters", get(observe::counters))
        .route("/admin/reset", post(observe::reset))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn_with_state(place.clone(), guard::check))
        .with_state(place)
}

/// Serves until the simulator is shut down. Requests in hand then have a moment to end.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let ending = shutdown.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    let patience = async {
        ending.cancelled().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        served = serving.into_future() => {
            if let Err(error) = served {
                tracing::warn!(%error, "the admin API has stopped");
            }
        }
        () = patience => tracing::debug!("the admin API stops while requests are in hand"),
    }
}
