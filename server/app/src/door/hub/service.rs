//! The hub's methods, by the names of the contract.

use vestnik_model::{
    contract::server,
    limits::{ENVELOPE_BYTES, FRAME_BYTES, MAX_PAGE_BYTES},
};
use vestnik_signalr::server::{Hub, HubConfig, HubService, machine::ServerConfig};

use super::{authority, device, sender};
use crate::{door::auth::Caller, state::ServerState};

/// What a connection may have waiting before it counts as too slow: twice the largest frame, a page
/// and what is queued beside it.
const WRITE_BUFFER_BYTES: usize = 2 * FRAME_BYTES;

const _: () = assert!(MAX_PAGE_BYTES + ENVELOPE_BYTES < WRITE_BUFFER_BYTES);

/// The hub as a service. Requests are authenticated before they reach it.
pub(crate) fn service(state: &ServerState) -> HubService<ServerState, Caller> {
    let protocol = ServerConfig {
        max_message: state.config.limits.hub_message_bytes,
        ..ServerConfig::default()
    };
    let config = HubConfig {
        protocol,
        max_write_buffer: WRITE_BUFFER_BYTES,
        // A token that leaked is worth its own life at the most; a device renews it meanwhile.
        closes_on_expiry: true,
        refreshes_authentication: true,
        ..HubConfig::default()
    };
    Hub::builder_for::<Caller, ServerState>(state.clone())
        .config(config)
        .handle(state.hub.clone())
        .on_connected(authority::connected)
        .on(server::HELLO, device::hello)
        .on(server::SYNC, device::sync)
        .on(server::REPORT, device::report)
        .on(server::SUBSCRIBE, device::subscribe)
        .on(server::UNSUBSCRIBE, device::unsubscribe)
        .on(server::UPDATE_STATE, device::update_state)
        .on(server::PUBLISH, sender::publish)
        .on(server::CANCEL, sender::cancel)
        .on(server::RECALL, sender::recall)
        .stream(server::WATCH, sender::watch)
        .on_disconnected(authority::disconnected)
        .build()
}
