//! The thread that writes, with group commit.
//!
//! # The idea
//! A durable commit costs a wait for the disk, whatever it holds. Jobs that wait are therefore done
//! in one transaction, each under a savepoint of its own, so that a job that fails or panics
//! changes nothing and harms no other. Callers are answered after the commit, never before.
//!
//! If the shared transaction fails as a whole (a full disk, for example, makes SQLite roll it back
//! entirely), each job is run again in a transaction of its own, so that it fails only for a reason
//! of its own. Jobs are [`FnMut`] for this: a job must give the same result when it is run a second
//! time on the database that it found the first time.
//!
//! # Events
//! What jobs [emit](WriteTxn::emit) is given to the sink after the commit, in commit order, before
//! the callers are answered. Events of a job that was rolled back are dropped.

mod commit;
mod ending;
mod handle;
mod options;
mod stats;
mod task;
mod thread;
mod txn;

pub use handle::Writer;
pub use options::{CommitHook, EventSink, WriterOptions, slow_disk};
pub use stats::WriterStats;
pub use txn::WriteTxn;
