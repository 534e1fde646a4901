//! The store in one SQLite file passes the suite that every store must pass.

#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

use std::{
    fs::File,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use tempfile::TempDir;
use vestnik_clock::ManualClock;
use vestnik_store::{Sink, Store, conformance::Fixture};
use vestnik_store_sqlite::{SqliteStore, StoreOptions};

/// A folder for the file. Each opening draws other random numbers.
struct Folder {
    folder: TempDir,
    openings: Mutex<u64>,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            openings: Mutex::new(0),
        }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("vestnik.sqlite")
    }

    /// Waits for the store before, if there was one. Dropping a store does not wait for its thread,
    /// which does what was asked for and then gives the lock back.
    fn is_free(&self) {
        if let Ok(lock) = File::open(self.folder.path().join("vestnik.sqlite.lock")) {
            lock.lock().unwrap();
        }
    }
}

impl Fixture for Folder {
    fn open(&self, sink: Sink, now: Timestamp) -> Arc<dyn Store> {
        let mut openings = self.openings.lock().unwrap();
        *openings += 1;
        let mut options = StoreOptions::new(Arc::new(ManualClock::new(now, *openings)));
        options.sink = sink;
        self.is_free();
        Arc::new(SqliteStore::open(&self.database(), options).unwrap())
    }
}

vestnik_store::conformance!(Folder::new());
