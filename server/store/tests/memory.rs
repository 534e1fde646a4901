//! The store in memory passes the conformance suite.

#![expect(clippy::unwrap_used, reason = "a test fails by what it cannot do")]

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use vestnik_store::{MemoryStore, Sink, Store, conformance::Fixture};

/// The store that was opened last.
#[derive(Default)]
struct Memory(Mutex<Option<Arc<MemoryStore>>>);

impl Fixture for Memory {
    fn open(&self, sink: Sink, now: Timestamp) -> Arc<dyn Store> {
        let mut last = self.0.lock().unwrap();
        let store = match last.take() {
            Some(before) => before.reopened(sink, now),
            None => MemoryStore::new(sink),
        };
        let store = Arc::new(store);
        *last = Some(Arc::clone(&store));
        store
    }
}

vestnik_store::conformance!(Memory::default());
