//! What devices call.

use vestnik_model::{
    contract::{self, Page, Welcome},
    receipt::Reported,
};
use vestnik_signalr::{
    payload::Payload,
    server::{Caller as From, Connection, HubError, State},
};

use super::argument::argument;
use crate::{
    door::auth::{Caller, Device},
    operation,
    state::ServerState,
};

/// A device names itself and its cursor.
pub(super) async fn hello(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Welcome, HubError> {
    let device = caller.device()?;
    let hello: contract::Hello = argument(&raw)?;
    device.require(hello.installation_id)?;
    let Device(session) = device;
    Ok(operation::hello(state.greeting(), session, connection, hello).await?)
}

/// A device reads its log on. After the last page it receives the rest live.
pub(super) async fn sync(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Page, HubError> {
    let Device(session) = caller.device()?;
    let request: contract::Sync = argument(&raw)?;
    Ok(operation::sync(state.syncing(), session, connection.id(), request).await?)
}

/// A device reports receipts.
pub(super) async fn report(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Reported, HubError> {
    let Device(session) = caller.device()?;
    let contract::Report { receipts } = argument(&raw)?;
    Ok(operation::report(state.reporting(), session, receipts).await?)
}

/// A device's user joins a topic.
pub(super) async fn subscribe(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<(), HubError> {
    let Device(session) = caller.device()?;
    let contract::Subscribe { topic } = argument(&raw)?;
    Ok(operation::join(&*state.store, session, topic).await?)
}

/// A device's user leaves a topic.
pub(super) async fn unsubscribe(
    State(state): State<ServerState>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<(), HubError> {
    let Device(session) = caller.device()?;
    let contract::Subscribe { topic } = argument(&raw)?;
    Ok(operation::leave(&*state.store, session, topic).await?)
}
