//! Devices: made, taken offline and online, killed.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::answer::Refusal;
use crate::{
    device::{Death, DeviceView, Ending, Registration},
    fleet::DeviceError,
    mailbox::Order,
    place::Place,
    service::Environment,
};

type Answer<T> = Result<T, Refusal>;
/// A JSON body, or what is wrong with it.
pub(super) type Body<T> = Result<Json<T>, JsonRejection>;

pub(super) fn body<T>(body: Body<T>) -> Answer<T> {
    let refused =
        |rejection: JsonRejection| Refusal::new(rejection.status(), rejection.body_text());
    body.map(|Json(body)| body).map_err(refused)
}

pub(super) async fn list(State(place): State<Place>) -> Json<Vec<DeviceView>> {
    let view = place.shared.read(|world| {
        let devices = world.fleet.devices();
        devices.map(|device| world.view(device)).collect()
    });
    Json(view)
}

pub(super) async fn register(
    State(place): State<Place>,
    registration: Body<Registration>,
) -> Answer<(StatusCode, Json<DeviceView>)> {
    let registration = body(registration)?;
    let clock = place.shared.clock();
    let random = [clock.random(), clock.random()];
    let id = place.shared.change(|world| {
        let device = world.fleet.register(registration, random)?;
        Ok::<_, DeviceError>(device.id.clone())
    })?;
    Ok((StatusCode::CREATED, view(&place, &id)?))
}

pub(super) async fn show(
    State(place): State<Place>,
    Path(id): Path<String>,
) -> Answer<Json<DeviceView>> {
    view(&place, &id)
}

pub(super) async fn remove(
    State(place): State<Place>,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    place.shared.change(|world| world.fleet.remove(&id))?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a device comes online.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Online {
    #[serde(default)]
    order: Order,
}

pub(super) async fn online(
    State(place): State<Place>,
    Path(id): Path<String>,
    wanted: Option<Json<Online>>,
) -> Answer<Json<DeviceView>> {
    let order = wanted.map(|Json(online)| online.order).unwrap_or_default();
    let now = place.shared.clock().now();
    place
        .shared
        .change(|world| world.fleet.set_online(&id, order, now))?;
    view(&place, &id)
}

pub(super) async fn offline(
    State(place): State<Place>,
    Path(id): Path<String>,
) -> Answer<Json<DeviceView>> {
    place.shared.change(|world| world.fleet.set_offline(&id))?;
    view(&place, &id)
}

/// How an address ends.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kill {
    /// Since when; absent, now.
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    ending: Ending,
}

pub(super) async fn kill(
    State(place): State<Place>,
    Path(id): Path<String>,
    wanted: Option<Json<Kill>>,
) -> Answer<Json<DeviceView>> {
    let Kill { at, ending } = wanted.map(|Json(kill)| kill).unwrap_or_default();
    let now = place.shared.clock().now();
    let at = at.unwrap_or(now);
    let death = Death { at, ending };
    place
        .shared
        .change(|world| world.fleet.kill(&id, death, now))?;
    view(&place, &id)
}

/// Where a device of APNs is moved to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    environment: Environment,
}

pub(super) async fn environment(
    State(place): State<Place>,
    Path(id): Path<String>,
    wanted: Body<Move>,
) -> Answer<Json<DeviceView>> {
    let Move { environment } = body(wanted)?;
    place
        .shared
        .change(|world| world.fleet.move_to(&id, environment))?;
    view(&place, &id)
}

fn view(place: &Place, id: &str) -> Answer<Json<DeviceView>> {
    let view = place.shared.read(|world| {
        let device = world.fleet.by_id(id).ok_or(DeviceError::Unknown)?;
        Ok::<_, DeviceError>(world.view(device))
    })?;
    Ok(Json(view))
}
