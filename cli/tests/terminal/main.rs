//! The binary as a person at a terminal, a script and a supervisor meet it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

mod audience;
mod device;
mod fate;
mod full_disk;
mod log;
mod path;
mod restore;
mod watch;
mod world;
