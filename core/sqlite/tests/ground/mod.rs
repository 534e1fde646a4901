//! What the tests of this crate stand on.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(unreachable_pub, reason = "each test file is a crate of its own")]

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
};

use jiff::Timestamp;
use tempfile::TempDir;
use vestnik_clock::{Clock, ManualClock};
use vestnik_sqlite::{CommitHook, Database, EventSink, OpenOptions, Schema, Writer, WriterOptions};

pub const ITEM: &str =
    "CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT";

pub const SCHEMA: Schema = Schema {
    application_id: 0x7465_7374,
    migrations: &[ITEM],
};

/// A folder with a database.
pub struct Ground {
    pub folder: TempDir,
    pub clock: ManualClock,
}

impl Ground {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: ManualClock::new(Timestamp::UNIX_EPOCH, 1),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    pub fn open(&self) -> Database {
        self.open_with(&OpenOptions::new(SCHEMA))
    }

    pub fn open_with(&self, options: &OpenOptions) -> Database {
        options
            .open(&self.path("items.sqlite"), self.clock.now())
            .unwrap()
    }

    pub fn writer(&self, options: WriterOptions) -> Writer<i64> {
        self.writer_into(options, Box::new(drop))
    }

    pub fn writer_into(&self, options: WriterOptions, sink: EventSink<i64>) -> Writer<i64> {
        Writer::start(self.open(), options, sink, self.clock()).unwrap()
    }
}

/// Holds a writer at its commits.
pub struct Gate {
    entered: mpsc::Receiver<()>,
    _release: mpsc::SyncSender<()>,
}

impl Gate {
    pub fn new() -> (Self, CommitHook) {
        let (enter, entered) = mpsc::channel();
        let (release, released) = mpsc::sync_channel(0);
        let hook = move || {
            enter.send(()).ok();
            // Fails once the gate is open for good.
            released.recv().ok();
        };
        (
            Self {
                entered,
                _release: release,
            },
            Box::new(hook),
        )
    }

    /// Waits until the writer is about to commit.
    pub fn wait(&self) {
        self.entered.recv().unwrap();
    }

    /// Lets all commits pass.
    pub fn open(self) {}
}

/// Waits for another thread without a limit: a test that hangs is one that fails.
pub fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::yield_now();
    }
}
