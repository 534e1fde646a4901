//! What an inbox does, through its public functions, over real files.

#![allow(
    clippy::unwrap_used,
    reason = "helpers fail as the tests do that call them"
)]

mod damage;
mod device;
mod flags;
mod log;
mod model;
mod outbox;
mod pages;
mod push;
mod search;
mod shows;
mod spool;
mod upkeep;
mod world;
