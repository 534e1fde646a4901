//! A file for each family of the store's operations: which rows an operation loads, what it asks the
//! rules, what it saves.

mod audience_files;
mod audiences;
mod contacts;
mod costs;
mod dispatch;
mod events;
mod installations;
mod ledger;
mod logs;
mod operations;
pub(crate) mod perform;
mod publishing;
mod recipients;
pub(crate) mod sessions;
mod tenants;
mod webhooks;
mod work;
