//! Who may call, compared with the present at each call.

use std::sync::Arc;

use vestnik_model::{AppId, ProblemCode, Scope};
use vestnik_rules::session::Session;
use vestnik_signalr::server::{Connection, HubError, State};
use vestnik_store::tenants::ApiKey;

use crate::{
    door::auth::{Caller, Device, Sender},
    feed::{Admission, LiveDevice, Principal},
    rate,
    refusal::Refusal,
    state::ServerState,
};

/// Admits a connection. What was revoked between the authentication of its request and this moment is
/// noticed: the registry is entered first, and the present is compared then.
pub(super) async fn connected(
    State(state): State<ServerState>,
    vestnik_signalr::server::Caller(caller): vestnik_signalr::server::Caller<Caller>,
    connection: Connection,
) -> Result<(), HubError> {
    let principal = match &caller {
        Caller::Sender(Sender(ApiKey { app, id, .. })) => Principal::Key {
            app: app.clone(),
            id: id.clone(),
        },
        Caller::Device(Device(session)) => Principal::Device(session.clone()),
    };
    let id = connection.id().clone();
    match state.live.connections.admit(principal, connection) {
        Admission::Full(why) => return Err(HubError::new(why)),
        Admission::Admitted(Some(displaced)) => state.live.presence.ended(&displaced),
        Admission::Admitted(None) => {}
    }
    let is_present = match &caller {
        Caller::Sender(Sender(key)) => live_key(&state, key).await.map(drop),
        Caller::Device(Device(session)) => present(&state, session).await,
    };
    is_present.map_err(|refusal| {
        state.live.connections.remove(&id);
        HubError::new(refusal.into_problem().to_string())
    })
}

/// Forgets a connection that has ended.
pub(super) async fn disconnected(
    State(state): State<ServerState>,
    connection: Connection,
) -> Result<(), HubError> {
    if let Some(device) = state.live.connections.device(connection.id()) {
        state.live.presence.ended(&device);
    }
    state.live.connections.remove(connection.id());
    Ok(())
}

/// The device of a connection, greeted or not.
///
/// # Errors
/// `auth.forbidden` for a sender, `auth.revoked` when the connection is being ended,
/// `request.rate_limited`.
pub(super) async fn device(
    state: &ServerState,
    caller: Caller,
    connection: &Connection,
) -> Result<Arc<LiveDevice>, Refusal> {
    let caller = caller.device()?;
    let device = state.live.connections.device(connection.id());
    let device = device.ok_or_else(revoked)?;
    if device.session != caller.0 {
        return Err(revoked());
    }
    state.rates.call(&caller.principal()).await?;
    Ok(device)
}

/// The device of a connection that has greeted.
///
/// # Errors
/// As [`device`]; `conflict` before the greeting.
pub(super) async fn greeted(
    state: &ServerState,
    caller: Caller,
    connection: &Connection,
) -> Result<Arc<LiveDevice>, Refusal> {
    let device = device(state, caller, connection).await?;
    if device.is_greeted() {
        Ok(device)
    } else {
        Err(Refusal::new(ProblemCode::Conflict, "call Hello first"))
    }
}

/// Whether a session is the present one.
///
/// # Errors
/// `auth.revoked`.
pub(super) async fn present(state: &ServerState, session: &Session) -> Result<(), Refusal> {
    let now = state
        .store
        .session(session.app.clone(), session.installation)
        .await?;
    if now.as_ref() == Some(session) {
        Ok(())
    } else {
        Err(revoked())
    }
}

/// The App of a sender whose key is live and has a scope.
///
/// # Errors
/// `auth.forbidden` for a device or without the scope, `auth.revoked`, `request.rate_limited`.
pub(super) async fn sender(
    state: &ServerState,
    caller: Caller,
    scope: Scope,
) -> Result<AppId, Refusal> {
    let Sender(key) = caller.sender()?;
    let caller = rate::Principal::Key(key.app.clone(), key.id.clone());
    state.rates.call(&caller).await?;
    let key = live_key(state, &key).await?;
    Sender(key.clone()).require(scope)?;
    Ok(key.app)
}

/// The key as it is now.
///
/// # Errors
/// `auth.revoked`.
pub(super) async fn live_key(state: &ServerState, key: &ApiKey) -> Result<ApiKey, Refusal> {
    let now = state.store.key(key.app.clone(), key.id.clone()).await?;
    now.ok_or_else(revoked)
}

pub(super) fn revoked() -> Refusal {
    Refusal::new(
        ProblemCode::AuthRevoked,
        "the session or the key has been revoked",
    )
}
