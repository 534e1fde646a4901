//! The client's driver against a scripted server: over real sockets, byte by byte.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

mod cancel;
mod connection;
mod http;
mod idle;
mod lifecycle;
mod negotiate;
mod opening;
mod peer;
mod pressure;
mod proxy;
mod refresh;
mod resume;
mod resume_hub;
mod secrets;
mod streams;
