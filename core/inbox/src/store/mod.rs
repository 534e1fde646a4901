//! The history's file.
//!
//! `migrations/history/0001` is the schema. `table` has a file for each table: its statements and the
//! functions that run them; they load and save and decide nothing. The other files are what a caller
//! asks for, each in the caller's transaction: `apply` for the log, `show` for tickets, `mark` for
//! flags, `report` for the outbox, `read` for pages and searches.

mod apply;
pub(crate) mod damage;
mod file;
mod inbox;
mod ingest;
mod insert;
mod mark;
mod prune;
mod read;
mod recover;
mod report;
mod schema;
mod show;
mod table;
mod wipe;

pub use file::{HistoryFile, Opening, Suspicion, history_path};
pub use inbox::Inbox;
pub use prune::Pruned;
pub use read::History;
pub use recover::Recovered;
pub use show::ProcessMark;
pub use wipe::{wipe, wipe_others};

#[cfg(test)]
mod tests;
