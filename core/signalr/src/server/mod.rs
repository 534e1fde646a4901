//! The server's end: the connection machine, and (feature `server`) typed hubs to mount in a router.
//!
//! [`Hub::builder`] names the handlers and makes a [`HubService`], a tower
//! service for the hub's path. [`HubHandle`] reaches the live connections from
//! anywhere else in the program. The guide is in [`hub`].
//!
//! ```no_run
//! use vestnik_signalr::server::{Connection, Frame, Hub, HubError, HubHandle};
//!
//! async fn say(from: Connection, text: String) -> Result<(), HubError> {
//!     // Written once, however many connections read it.
//!     let frame = Frame::new("Said", (text,));
//!     from.hub().group("everybody").send(&frame);
//!     Ok(())
//! }
//!
//! async fn welcome(connection: Connection) -> Result<(), HubError> {
//!     connection.join("everybody");
//!     Ok(())
//! }
//!
//! # async fn serve() -> std::io::Result<()> {
//! let hub = Hub::builder(()).on("Say", say).on_connected(welcome).build();
//! let handle: HubHandle = hub.handle().clone();
//! let router = axum::Router::<()>::new().nest_service("/hub", hub);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let serving = axum::serve(listener, router);
//! # drop(serving);
//! handle.drain(true).await;
//! # Ok(())
//! # }
//! ```
//!
//! # In front of the hub
//!
//! Who calls, and from which pages, is a layer's matter:
//! - [`Hub::builder_for`] takes what an authenticating layer found. Browsers
//!   cannot send headers with WebSockets and Server-Sent Events; official
//!   clients then put the token into the query, as `access_token`. The layer
//!   reads it there too, lets the `Authorization` header win, and keeps queries
//!   out of logs: they also hold the connection's own secret, `id`.
//! - Browser clients send credentials by default. A CORS layer has to echo the
//!   page's origin, to allow credentials, `GET`, `POST` and `DELETE`, and the
//!   headers `authorization`, `content-type`, `x-requested-with` and
//!   `x-signalr-user-agent`; it also answers the preflight's `OPTIONS`. All of
//!   the hub's paths need that alike: its own, `/negotiate` and `/refresh`.
//! - A timeout on whole requests would end polls ([`HubConfig::poll_timeout`])
//!   and streams of events; leave the hub out of it. The same holds for
//!   compression: it buffers events.
//!
//! # Slow readers
//!
//! Each connection has one bounded queue. A sender's frame is taken at once or
//! refused with [`SendError::Full`]; nobody ever waits for somebody else's
//! socket. What a refused client misses is the sender's business, typically a
//! log that the client reads on from. A connection whose socket takes nothing
//! for [`HubConfig::write_stall`] is cut.

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
mod text;
#[cfg(feature = "server")]
mod ticket;
#[cfg(feature = "server")]
mod transport;
#[cfg(feature = "server")]
mod wire;

#[cfg(feature = "server")]
pub use self::{
    ask::InvokeError,
    config::HubConfig,
    connection::{Connection, ConnectionId},
    frame::Frame,
    hub::{Caller, Cancellation, Hub, HubBuilder, HubError, State, Upload, authorized},
    queue::SendError,
    refresh::TokenLifetime,
    registry::{Broadcast, Clients, HubHandle},
    service::{HubBody, HubFuture, HubService},
};
