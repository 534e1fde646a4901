//! The ASP.NET Core SignalR protocol.
//!
//! The heart of the crate does no I/O: messages, codecs and the state machine
//! of a connection's end are plain values that take time as an argument. Drivers for
//! tokio sit beside it behind the features `client` and `server`.
//!
//! A connection speaks one [`Protocol`](protocol::Protocol), [`json`] or [`msgpack`], which its
//! client chooses in the [`handshake`]. Arguments, items and results stay in it, raw, as
//! [`Payload`](payload::Payload)s, until somebody names the type to bind them to.
#![forbid(unsafe_code)]

pub mod backoff;
mod carrier;
pub mod client;
pub mod events;
pub mod framing;
pub mod handshake;
pub mod json;
pub mod message;
pub mod msgpack;
pub mod negotiate;
pub mod payload;
pub mod protocol;
pub mod resume;
pub mod server;

pub use carrier::Carrier;
