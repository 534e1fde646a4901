//! The ASP.NET Core SignalR protocol.
//!
//! The heart of the crate does no I/O: messages, codecs and the state machine
//! of a connection's end are plain values that take time as an argument. Drivers for
//! tokio sit beside it behind the features `client` and `server`.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod client;
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
