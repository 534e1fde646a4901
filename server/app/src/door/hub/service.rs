//! The hub's methods, by the names of the contract.

use vestnik_model::contract::server;
use vestnik_signalr::server::{
    Connection, Hub, HubConfig, HubError, HubService, State, machine::ServerConfig,
};

use super::{device, sender};
use crate::{door::auth::Caller, state::ServerState};

/// The hub as a service. Requests are authenticated before they reach it.
pub(crate) fn service(state: &ServerState) -> HubService<ServerState, Caller> {
    let protocol = ServerConfig {
        max_message: state.config.limits.hub_message_bytes,
        ..ServerConfig::default()
    };
    Hub::builder_for::<Caller, ServerState>(state.clone())
        .config(HubConfig {
            protocol,
            ..HubConfig::default()
        })
        .handle(state.hub.clone())
        .on(server::HELLO, device::hello)
        .on(server::SYNC, device::sync)
        .on(server::REPORT, device::report)
        .on(server::SUBSCRIBE, device::subscribe)
        .on(server::UNSUBSCRIBE, device::unsubscribe)
        .on(server::PUBLISH, sender::publish)
        .stream(server::WATCH, sender::watch)
        .on_disconnected(forget)
        .build()
}

async fn forget(State(state): State<ServerState>, connection: Connection) -> Result<(), HubError> {
    state.devices.remove(connection.id());
    Ok(())
}
