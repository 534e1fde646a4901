//! The hub as its clients see it: over real sockets, frame by frame.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

mod calls;
mod client;
mod client_results;
mod http_answers;
mod lifecycle;
mod pressure;
mod uploads;
