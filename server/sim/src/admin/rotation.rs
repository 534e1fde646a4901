//! What a sender rotates: signing keys of APNs, access tokens of FCM.

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde::Deserialize;

use super::answer::Refusal;
use crate::{
    apns_keys::add_apns_key, credentials::ApnsKey, place::Place, service::Environment, world::World,
};

/// What a new key is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The one environment; absent, both.
    #[serde(default)]
    environment: Option<Environment>,
}

pub(super) async fn add_key(
    State(place): State<Place>,
    wanted: Option<Json<Wanted>>,
) -> Result<(StatusCode, Json<ApnsKey>), Refusal> {
    let only = wanted.and_then(|Json(wanted)| wanted.environment);
    let made = add_apns_key(&place.shared, only)?;
    Ok((StatusCode::CREATED, Json(made)))
}

pub(super) async fn revoke_key(
    State(place): State<Place>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    if place.shared.change(|world| world.revoke_apns_key(&id)) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such key"))
    }
}

pub(super) async fn revoke_access_tokens(State(place): State<Place>) -> StatusCode {
    place.shared.change(World::revoke_bearers);
    StatusCode::NO_CONTENT
}
