//! What operators and their tools ask for, and answers for paths without a resource.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;
use tokio::sync::Mutex;
use vestnik_clock::Monotonic;
use vestnik_store::StoreError;

use crate::{metrics::Gauges, refusal::Refusal, state::ServerState};

/// How long a write may take before the server is not ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the outcome of a write holds: a flood of questions causes one write a second.
const FRESH: Duration = Duration::from_secs(1);

/// Tells that the process is alive, and asks nothing of the rest of it.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, description = "Alive")))]
pub(crate) async fn healthz() -> StatusCode {
    StatusCode::OK
}

/// Whether requests can be taken, and which part is not well if they cannot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// Whether every part is `ok`.
    ready: bool,
    /// Each part and how it does: `ok`, or a word for what is wrong.
    parts: BTreeMap<String, String>,
}

/// Tells that requests can be taken: a write goes through, the background tasks come round, and the
/// server is not stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "operation", security(()),
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready; `parts` says why", body = Readiness),
    )
)]
pub(crate) async fn readyz(
    State(state): State<ServerState>,
    Extension(probe): Extension<Arc<WriteProbe>>,
) -> impl IntoResponse {
    let loops = state.loops.health(&*state.clock);
    let loops = loops.iter().map(|one| {
        let word = if one.is_stuck() { "stuck" } else { "ok" };
        (format!("work.{}", one.kind.as_str()), word)
    });
    let others = [
        ("store", probe.write(&state).await),
        ("writer", word(state.store.is_alive(), "ended")),
        ("tasks", word(state.health.is_sound(), "restarting")),
        ("hub", word(!state.hub.is_draining(), "draining")),
    ];
    let others = others.map(|(part, word)| (part.to_owned(), word));
    answer(loops.chain(others))
}

fn word(is_well: bool, otherwise: &'static str) -> &'static str {
    if is_well { "ok" } else { otherwise }
}

fn answer(parts: impl Iterator<Item = (String, &'static str)>) -> (StatusCode, Json<Readiness>) {
    let parts = parts.map(|(part, word)| (part, word.to_owned()));
    let parts: BTreeMap<_, _> = parts.collect();
    let ready = parts.values().all(|word| word == "ok");
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, parts }))
}

/// The last write that was made to see that writing works.
#[derive(Debug, Default)]
pub(crate) struct WriteProbe(Mutex<Option<(Monotonic, &'static str)>>);

impl WriteProbe {
    /// How the store takes a write, as a word. Those who ask at the same time wait for one write.
    async fn write(&self, state: &ServerState) -> &'static str {
        let mut last = self.0.lock().await;
        let now = state.clock.monotonic();
        if let Some((_, word)) = last.filter(|(at, _)| now.saturating_since(*at) < FRESH) {
            return word;
        }
        let written = tokio::time::timeout(PATIENCE, state.store.ping(state.clock.now())).await;
        let word = match written {
            Ok(Ok(())) => "ok",
            Ok(Err(StoreError::Full)) => "disk_full",
            Ok(Err(StoreError::Busy)) => "busy",
            Ok(Err(StoreError::Closed)) => "closed",
            Ok(Err(StoreError::Corrupt(_))) => "damaged",
            Ok(Err(StoreError::Failed(_))) => "failed",
            Ok(Err(StoreError::TooSlow)) | Err(_) => "slow",
        };
        *last = Some((state.clock.monotonic(), word));
        word
    }
}

/// Figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses((status = 200, description = "Figures", body = String)))]
pub(crate) async fn metrics(State(state): State<ServerState>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind)],
        state.metrics.text(Gauges {
            connections: state.hub.connection_count(),
            panics: state.health.panics(),
            notes_dropped: state.live.notes.dropped(),
            breakers: state.pushes.breakers(),
        }),
    )
}

/// Answers for a path without a resource.
pub(crate) async fn not_found() -> Refusal {
    Refusal::not_found("resource")
}

/// Answers for a method that the resource does not have.
pub(crate) async fn method_not_allowed() -> Refusal {
    Refusal::new(
        vestnik_model::ProblemCode::MethodNotAllowed,
        "the resource has other methods than this",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_is_not_well_is_named() {
        let parts = [("store", "ok"), ("work.expand", "stuck")];
        let parts = parts.map(|(part, word)| (part.to_owned(), word));
        let (status, Json(readiness)) = answer(parts.into_iter());
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            serde_json::to_string(&readiness).unwrap(),
            r#"{"ready":false,"parts":{"store":"ok","work.expand":"stuck"}}"#
        );
        let (status, _) = answer([("store".to_owned(), "ok")].into_iter());
        assert_eq!(status, StatusCode::OK);
    }
}
