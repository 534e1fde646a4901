//! A hub connection that outlives its sockets.
//!
//! [`HubConnection`] is what an application holds; one task behind it dials, hears what the server
//! calls and follows the decisions of a [`Supervisor`](crate::client::supervisor::Supervisor).

mod builder;
mod handle;
mod handlers;
mod reply;
mod state;
mod supervise;

pub use builder::HubConnectionBuilder;
pub use handle::HubConnection;
pub use state::{ConnectionState, DisconnectReason};
