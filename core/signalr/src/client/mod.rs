//! The client's end of a hub connection: what decides, without I/O, and (feature `client`) what
//! carries it out over tokio.
//!
//! [`machine`] decides about one connection, [`resumption`] how a stateful one comes to another
//! socket when its own was cut, [`supervisor`] when to make the next.
//!
#![cfg_attr(feature = "client", doc = include_str!("guide.md"))]

#[cfg(feature = "client")]
pub mod clock;
mod close;
#[cfg(feature = "client")]
pub mod driver;
mod fault;
pub mod machine;
#[cfg(feature = "client")]
mod refresh;
pub mod resumption;
pub mod supervisor;

pub use close::CloseReason;
#[cfg(feature = "client")]
pub use driver::{
    BearerToken, CallError, ConnectError, ConnectOptions, ConnectionState, DisconnectReason,
    HubClient, HubConnection, HubConnectionBuilder, Incoming, IncomingStream, ItemStream, Proxy,
    TokenSource, Upload, connect,
};
pub use fault::Fault;
pub use machine::{Call, ClientMachine, MachineConfig};
pub use resumption::StatefulReconnect;
