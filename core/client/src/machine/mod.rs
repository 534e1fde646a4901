//! The pure half of the device: what it decides, without a socket, a file, a clock or a task.
//!
//! A device is six machines, each with one question:
//!
//! | machine | its question |
//! |---|---|
//! | [`session`] | Who is the device, and by which tokens? |
//! | [`connection`] | Is there a live connection, and when is the next attempt? |
//! | [`sync`] | What of the user's log is missing here? |
//! | [`report`] | Which facts does the server not have? |
//! | [`registration`] | What does the server not know about the device? |
//! | [`consent`] | What of what the user does not want does the server not know? |
//!
//! [`engine::Engine`] is all six as one. It is what a driver drives.
//!
//! # One calling style
//! Each machine takes what happened by `handle(now, input)`, gives what to do by `poll()` until there is
//! nothing more, and says by `deadline()` when it wants a `Tick` at the latest. Time and randomness come
//! in as [`Now`](vestnik_clock::Now). A machine never waits: what takes time is an output, and its
//! outcome is an input.
//!
//! # Late answers
//! An outcome can come after what it belongs to is gone. Each input of a connection has its
//! [`ConnectionNumber`], each outcome of work for a session its [`Generation`], and a machine drops what
//! is older than the present. A connection that opens after its attempt was given up is closed by an
//! output.
//!
//! # Failures
//! A transport reports a [`CallFailure`] and decides nothing. What it means is decided once, in
//! [`CallFailure::trouble`] and [`CallFailure::ends_session`].

pub mod connection;
pub mod consent;
pub mod engine;
mod failure;
#[cfg(test)]
mod fixture;
mod number;
mod patience;
mod pause;
pub mod registration;
pub mod report;
mod secret;
pub mod session;
pub mod sync;
pub use self::{
    failure::{CallFailure, ForeignBody, Trouble},
    number::{CallNumber, ConnectionNumber, Generation, TokenNumber},
    pause::{LONGEST_ASKED, Pace, SHORTEST_ASKED},
    secret::Secret,
};
