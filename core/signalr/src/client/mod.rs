//! The client's end of a hub connection.
//!
//! [`machine`] decides and does no I/O; [`driver`] (feature `client`) carries it over a WebSocket.
//! Neither reconnects: when and how often to try again is the application's own policy, for which
//! each end of a connection gives its [`CloseReason`].

#[cfg(feature = "client")]
pub mod clock;
mod close;
#[cfg(feature = "client")]
pub mod driver;
mod fault;
pub mod machine;

pub use close::CloseReason;
#[cfg(feature = "client")]
pub use driver::{
    BearerToken, CallError, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream,
    ItemStream, Proxy, TokenSource, Upload, connect,
};
pub use fault::Fault;
pub use machine::{Call, ClientMachine, MachineConfig};
