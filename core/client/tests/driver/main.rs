//! The whole core against a server played in memory: what the task does when things go wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test double fails the test that it belongs to"
)]

mod chaos;
mod damage;
mod delivery;
mod device;
mod faulty;
mod forgetting;
mod idle;
mod memory;
mod opting_out;
mod panics;
mod push;
mod sessions;
mod tokens;
