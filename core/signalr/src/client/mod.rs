//! The client's end of a hub connection.
//!
//! [`machine`] decides and does no I/O; [`driver`] (feature `client`) carries it over a WebSocket,
//! Server-Sent Events or long polling, whichever the server offers first and works.
//! [`resumption`] decides how a stateful connection comes to another socket when its own was cut;
//! [`supervisor`] decides when to connect again, and [`HubConnection`] does so; who has a policy of
//! his own makes each connection by [`connect`], and is told by its [`CloseReason`] what to do.
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
