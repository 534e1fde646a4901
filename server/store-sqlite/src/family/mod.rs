//! A file for each family of the store's operations: which rows an operation loads, what it asks the
//! rules, what it saves.

mod audiences;
mod ledger;
mod logs;
pub(crate) mod perform;
mod publishing;
mod work;
