//! The server's end: the connection machine, and (feature `server`) typed hubs to mount in a router.
//!
#![cfg_attr(feature = "server", doc = include_str!("guide.md"))]

pub mod machine;

#[cfg(feature = "server")]
mod ask;
#[cfg(feature = "server")]
mod clock;
#[cfg(feature = "server")]
mod config;
#[cfg(feature = "server")]
mod connection;
#[cfg(feature = "server")]
mod connection_id;
#[cfg(feature = "server")]
mod driver;
#[cfg(feature = "server")]
mod frame;
#[cfg(feature = "server")]
pub mod hub;
#[cfg(feature = "server")]
mod outgoing;
#[cfg(feature = "server")]
mod queue;
#[cfg(feature = "server")]
mod refresh;
#[cfg(feature = "server")]
mod registry;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod share;
#[cfg(feature = "server")]
mod text;
#[cfg(feature = "server")]
mod ticket;
#[cfg(feature = "server")]
mod transport;
#[cfg(feature = "server")]
mod wire;
#[cfg(feature = "server")]
mod written;

#[cfg(feature = "server")]
pub use self::{
    ask::InvokeError,
    config::HubConfig,
    connection::Connection,
    connection_id::{ConnectionId, InvalidConnectionId},
    frame::Frame,
    hub::{
        Caller, Cancellation, Extension, Hub, HubBuilder, HubError, State, Tracked, Upload,
        authorized,
    },
    queue::SendError,
    refresh::TokenLifetime,
    registry::{Broadcast, Clients, HubHandle},
    service::{HubBody, HubFuture, HubService},
    share::{NegotiationShare, NegotiationShares},
    written::{NotWritten, Written},
};
