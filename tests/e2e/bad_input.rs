//! Malformed and hostile input: each with the exact answer it gets, and nothing changed by it.
//!
//! A family is a table of cases and one `check`. What is wrong is collected over the whole table,
//! so that one run tells everything.
#![allow(
    clippy::too_many_lines,
    reason = "a table grows with what is tried, and is no harder to read for it"
)]

mod attacked;
mod config;
mod database;
mod frame;
mod handshake;
mod negotiate;
mod path;
mod rest;
mod token;
