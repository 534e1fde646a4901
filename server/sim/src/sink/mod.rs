//! The sink: takes pushes over TLS and HTTP/2, verifies nothing and counts them.
//!
//! The simulator checks each request as the services do, which costs more than most senders spend on it.
//! The sink costs as little as a server of HTTP/2 can: what a sender costs, and how fast it is, shows beside
//! it. All services are behind one address, and are told apart by the path.
//!
//! Start reading at [`Sink`]. `route` says what a request is and what it is answered, `mark` by what two
//! pushes are known as the same, `tally` counts; `entrance` and `line`
//! are the driver.

mod admin;
mod entrance;
mod line;
mod mark;
mod route;
mod start;
mod tally;

pub use start::{Sink, SinkOptions};
pub use tally::{Sample, SinkCounts};

#[cfg(test)]
mod tests;
