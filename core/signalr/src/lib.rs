//! The ASP.NET Core SignalR protocol.
//!
//! The heart of the crate does no I/O: messages, codecs and the state machine
//! of a connection's end are plain values that take time as an argument. Drivers for
//! tokio sit beside it behind the features `client` and `server`.
//!
//! A connection speaks one [`Protocol`](protocol::Protocol), [`json`] or [`msgpack`], which its
//! client chooses in the [`handshake`]. Arguments, items and results stay in it, raw, as
//! [`Payload`](payload::Payload)s, until somebody names the type to bind them to.
//!
//! # Sources
//!
//! A fact of the protocol names where it is from. `HubProtocol.md` and `TransportProtocols.md` are
//! the specifications in `src/SignalR/docs/specs` of the repository dotnet/aspnetcore, cited by
//! their sections. "Official" is what the server, the .NET client and the TypeScript client in that
//! repository do, up to .NET 11; where they differ from the specifications they are followed, and
//! the text says so.
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
