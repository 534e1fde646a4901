//! A device's greeting: from here on its connection can be live.

use std::sync::Arc;

use vestnik_clock::Clock;
use vestnik_model::{
    Feature, ProblemCode,
    contract::{self, CONTRACT, Limits, UpdateState, Welcome},
};
use vestnik_rules::log::{Place, Standing};
use vestnik_store::{
    Store,
    ledger::Confirmed,
    logs::{Opened, Opening},
};

use crate::{
    feed::{Dirty, Greeted, LiveDevice, Notes, Position, PresenceBoard},
    refusal::Refusal,
};

/// What a greeting needs.
#[derive(Clone, Copy)]
pub(crate) struct Greeting<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) dirty: &'a Dirty,
    pub(crate) notes: &'a Notes,
    pub(crate) presence: &'a PresenceBoard,
    pub(crate) limits: Limits,
}

/// The answer to a sender's greeting.
pub(crate) fn welcome_sender(with: Greeting<'_>) -> Welcome {
    Welcome {
        contract: CONTRACT,
        features: Feature::all(),
        cursor: None,
        behind_by: 0,
        server_time: with.clock.now(),
        limits: with.limits,
    }
}

/// Stores what a device says of itself, compares its cursor with the log, and makes it live from
/// there.
///
/// # Errors
/// `auth.forbidden` for another installation than the token's, `auth.revoked`.
pub(crate) async fn hello(
    with: Greeting<'_>,
    device: &Arc<LiveDevice>,
    hello: contract::Hello,
) -> Result<Welcome, Refusal> {
    let session = &device.session;
    if hello.installation_id != session.installation {
        return Err(Refusal::forbidden("the token is for another installation"));
    }
    let now = with.clock.now();
    let update = UpdateState {
        permission: hello.permission,
        time_zone: hello.time_zone,
        locale: hello.locale,
        app_version: hello.app_version,
        opened_seconds_ago: None,
    };
    if !with
        .store
        .update_state(session.clone(), update, now)
        .await?
    {
        return Err(revoked());
    }
    let opening = Opening {
        session: session.clone(),
        cursor: hello.cursor,
        random: random_u32(with.clock),
        now,
    };
    let Opened { head, standing } = with.store.open_log(opening).await?.ok_or_else(revoked)?;
    let place = known(standing);
    let greeted = Greeted {
        features: hello.features,
        position: if place == Some(head) {
            Position::Live(head)
        } else {
            Position::Catching
        },
    };
    // From here on entries are written to the connection.
    with.presence.begins(device, with.store).await;
    if !device.greet(greeted) {
        with.presence.ended(device);
        return Err(revoked());
    }
    if let Some(place) = place {
        with.notes.confirm(Confirmed {
            session: session.clone(),
            place,
        });
    }
    // Something may have been appended between the look at the log and the device's being live.
    with.dirty.mark(&session.app, &session.user);
    Ok(Welcome {
        contract: CONTRACT,
        features: Feature::all(),
        cursor: Some(head.cursor()),
        behind_by: head.seq - place.map_or(0, |place| place.seq),
        server_time: now,
        limits: with.limits,
    })
}

/// The place of a cursor that the log knows.
pub(super) const fn known(standing: Standing) -> Option<Place> {
    match standing {
        Standing::Known(place) => Some(place),
        Standing::None | Standing::OtherHistory => None,
    }
}

pub(super) fn revoked() -> Refusal {
    Refusal::new(ProblemCode::AuthRevoked, "the session has ended")
}

pub(super) fn random_u32(clock: &dyn Clock) -> u32 {
    let [a, b, c, d, ..] = clock.random();
    u32::from_be_bytes([a, b, c, d])
}
