//! What happened, and the faults that are asked for.

use axum::{
    Json,
    extract::{Path, Query, State},
    response::IntoResponse,
};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::Refusal,
    devices::{Body, body},
};
use crate::{
    fault::Rule,
    fleet::{DeviceError, Fleet},
    place::Place,
    screen::screen,
};

/// The most entries of one page.
const PAGE: usize = 1_000;

/// From where on, and how many.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    limit: Option<usize>,
}

impl Window {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE).clamp(1, PAGE)
    }
}

pub(super) async fn credentials(State(place): State<Place>) -> Json<Value> {
    Json(place.setup.document())
}

pub(super) async fn ca(State(place): State<Place>) -> impl IntoResponse {
    let media_type = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (media_type, place.setup.ca_certificate().to_owned())
}

pub(super) async fn events(State(place): State<Place>, window: Query<Window>) -> Json<Value> {
    let page = place.shared.read(|world| {
        let events = world.fleet.events(window.after).take(window.limit());
        json!({"events": events.collect::<Vec<_>>(), "forgotten": world.fleet.forgotten()})
    });
    Json(page)
}

pub(super) async fn events_of(
    State(place): State<Place>,
    Path(id): Path<String>,
    window: Query<Window>,
) -> Result<Json<Value>, Refusal> {
    place.shared.read(|world| {
        exists(&world.fleet, &id)?;
        let events = world.fleet.events(window.after);
        let events = events.filter(|event| event.device == id);
        let events: Vec<_> = events.take(window.limit()).collect();
        Ok(Json(
            json!({"events": events, "forgotten": world.fleet.forgotten()}),
        ))
    })
}

/// What a device would show, the newest first.
pub(super) async fn screen_of(
    State(place): State<Place>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    place.shared.read(|world| {
        exists(&world.fleet, &id)?;
        let events = world.fleet.events(0).rev();
        let lines = screen(events.filter(|event| event.device == id), PAGE);
        Ok(Json(json!({"lines": lines})))
    })
}

fn exists(fleet: &Fleet, id: &str) -> Result<(), DeviceError> {
    match fleet.by_id(id) {
        Some(_) => Ok(()),
        None => Err(DeviceError::Unknown),
    }
}

pub(super) async fn faults(State(place): State<Place>) -> Json<Value> {
    Json(
        place
            .shared
            .read(|world| json!({"rules": world.faults.view()})),
    )
}

pub(super) async fn set_faults(
    State(place): State<Place>,
    rules: Body<Vec<Rule>>,
) -> Result<Json<Value>, Refusal> {
    let rules = body(rules)?;
    place.shared.change(|world| world.faults.set(rules))?;
    Ok(faults(State(place)).await)
}

pub(super) async fn journal(State(place): State<Place>, window: Query<Window>) -> Json<Value> {
    let page = place.shared.read(|world| {
        let entries = world.journal.after(window.after).take(window.limit());
        json!({"requests": entries.collect::<Vec<_>>(), "forgotten": world.journal.forgotten()})
    });
    Json(page)
}

pub(super) async fn counters(State(place): State<Place>) -> Json<Value> {
    Json(
        place
            .shared
            .read(|world| json!({"counts": world.counters.view()})),
    )
}

/// Forgets devices, events, requests, counts and rules. Keys and access tokens stay.
pub(super) async fn reset(State(place): State<Place>) -> StatusCode {
    place.shared.change(crate::world::World::reset);
    StatusCode::NO_CONTENT
}
