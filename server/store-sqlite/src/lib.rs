//! Vestnik's store in one SQLite file.
//!
//! [`SqliteStore`] implements every family of [`vestnik_store`]. Operations load rows, ask
//! [`vestnik_rules`] and save the verdicts; this crate holds statements and decides nothing.
//!
//! ```
//! use std::sync::Arc;
//! use vestnik_clock::{Clock as _, SystemClock};
//! use vestnik_store::{Operations as _, Tenants as _, tenants::Created};
//! use vestnik_store_sqlite::{Found, SqliteStore, StoreOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("vestnik.sqlite");
//! let store = SqliteStore::open(&path, StoreOptions::new(Arc::new(SystemClock)))?;
//! assert_eq!(store.opening().found, Found::New);
//!
//! let made = store.create_app("shop".parse()?, SystemClock.now()).await?;
//! assert_eq!(made, Created::Made);
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Files
//! Beside the database lie its write-ahead log, a lock, and a file by which a copy that is put back is
//! noticed ([`Found`]). All have mode 0600. Secrets in the database are encrypted if a [`SealKey`] is
//! given. [`restore`] puts a backup in the place of a database, [`inspect`] looks at a file and changes
//! nothing; neither needs the key.
//!
//! # Where to start reading
//! `migrations/0001` is the schema, a file for each group of tables. `table` has a file for each table
//! or group of tables that change together: its statements and the functions that run them. `family`
//! has a file for each trait of the store and says which tables an operation touches. `store` is the
//! handle: one thread writes, with group commit, and two pools of threads read, each operation in one
//! transaction. `table/event` and `table/change` are what a commit means to others.
//!
//! # Statements
//! Every statement is declared with `statements!`, which also lists it for the test that looks
//! at its plan: a statement that scans or sorts fails the test unless it is on a list with the reason.

#![forbid(unsafe_code)]

mod backup;
mod failure;
mod family;
mod inspect;
mod integrity;
mod life;
mod open;
mod restore;
mod schema;
mod seal;
mod sql;
mod store;
mod table;
mod value;

#[cfg(test)]
mod tests;

pub use backup::{BackupFileError, back_up_file};
pub use inspect::{Inspection, Mark, inspect};
pub use life::Found;
pub use open::{Opening, StoreOptions};
pub use restore::{Erased, Lost, RestoreError, Restored, TakenBack, Untold, restore};
pub use seal::SealKey;
pub use store::SqliteStore;
pub use vestnik_sqlite::slow_disk;
