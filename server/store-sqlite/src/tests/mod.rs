//! What is SQLite's own: files that are damaged, locked, old or new, and the pragmas.

mod opening;
mod schema;
mod writer;

use std::{path::PathBuf, sync::Arc};

use tempfile::TempDir;
use vestnik_model::Epoch;
use vestnik_store::{Store, conformance, conformance::Fixture};

use super::SqliteStore;

/// A folder with at most one database in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("vestnik.db")
    }

    /// Waits until a store that was dropped has let go.
    fn wait_until_free(&self) {
        let lock = self.database().with_added_extension("lock");
        if let Ok(file) = std::fs::File::open(lock) {
            file.lock().unwrap();
        }
    }
}

impl Fixture for Folder {
    fn open(&self) -> Arc<dyn Store> {
        self.wait_until_free();
        Arc::new(SqliteStore::open(&self.database(), Epoch(7)).unwrap())
    }
}

conformance!(super::Folder::new());
