//! Descriptors from outside: what they make of messages, answers and requests that come in.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod escaping;
mod fixture;
mod incoming;
mod invalid;
mod page;
mod request;
mod secret;
mod smpp;
mod text;
