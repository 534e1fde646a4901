//! The store in memory passes the conformance suite.

use std::sync::Arc;

use vestnik_store::{MemoryStore, Sink, Store, conformance::Fixture};

struct Memory;

impl Fixture for Memory {
    fn open(&self, sink: Sink) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(sink))
    }

    fn is_durable(&self) -> bool {
        false
    }
}

vestnik_store::conformance!(Memory);
