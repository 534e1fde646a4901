//! Threads that read, with a time limit.
//!
//! # The idea
//! Reads of different kinds must not wait for each other: a program has one pool for each kind, for
//! example one for what every connection needs and one for long lists. A pool is a fixed number of
//! threads with a connection each, so that a read that nobody waits for any more still occupies its
//! thread and can never become one more. It does not occupy it for long: dropping the future or
//! passing the time limit interrupts the statement.

mod current;
mod options;
mod pool;
mod seat;
mod stats;
mod task;
mod ticket;

pub use options::ReaderOptions;
pub use pool::ReaderPool;
pub use stats::ReaderStats;
