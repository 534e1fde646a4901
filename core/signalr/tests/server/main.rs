//! The hub as its clients see it: over real sockets, frame by frame.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

mod addressing;
mod calls;
mod client;
mod client_results;
mod conversation;
mod entering;
mod examples;
mod http_answers;
mod http_client;
mod http_pressure;
mod lifecycle;
mod long_polling;
mod message_pack;
mod opening;
mod pressure;
mod refresh;
mod resume;
mod tracked;
mod uploads;
mod wire;
