//! Carries a [`ClientMachine`](super::ClientMachine) over the first transport that works.
//!
//! [`connect`] negotiates, opens a transport and shakes hands; it gives a [`HubClient`] to call
//! with and an [`IncomingStream`] of what the server calls. One task owns the transport and the
//! machine; it ends with the connection.
//!
//! [`HubConnection`] holds one connection after the other, has handlers for what the server calls,
//! and comes back by itself.

mod command;
mod connect;
mod connection;
mod error;
mod handle;
mod http;
mod inbox;
mod line;
mod negotiate;
mod open;
mod options;
mod proxy;
mod refresh;
mod reopen;
mod socket;
mod stream;
mod task;
mod token;
mod transport;
mod unwritten;
mod upload;
mod web_socket;

pub use connect::connect;
pub use connection::{ConnectionState, DisconnectReason, HubConnection, HubConnectionBuilder};
pub use error::{CallError, ConnectError};
pub use handle::{HubClient, Uploading};
pub use options::ConnectOptions;
pub use proxy::Proxy;
pub use stream::{Incoming, IncomingStream, ItemStream};
pub use token::{BearerToken, TokenSource};
pub use upload::Upload;
