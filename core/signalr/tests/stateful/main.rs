//! Our client and our server over a line that is cut: nothing lost, nothing twice, in order, one
//! connection.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included, and prints its figures"
)]

mod conversation;
mod cuts;
mod machines;
mod outages;
mod proxy;
