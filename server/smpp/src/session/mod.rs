//! One session with a message centre, as a machine: no socket, no clock, no task.
//!
//! A [`Session`] begins when a connection is open and ends with it. It binds, keeps a window of submissions
//! outstanding, asks whether the peer lives, answers what the peer asks, and says of each message what became
//! of it. When to connect again is decided by [`Reconnect`].

mod answer;
mod config;
mod held;
mod machine;
mod outgoing;
mod pace;
mod port;
mod reconnect;
mod request;
mod sending;
#[cfg(test)]
mod tests;
mod trouble;

pub use config::{Config, Patience};
pub use machine::Session;
pub use port::{ArrivalKey, Input, Late, Output, Ticket};
pub use reconnect::Reconnect;
pub use trouble::{Closing, Trouble};
