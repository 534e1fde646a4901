//! What the engine asks of the storage.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{driver::task::Task, machine::engine::ToStorage, storage::lost};

impl Task {
    /// The engine waits for the outcome: work that panics counts as work that failed.
    pub(super) fn carry_to_storage(&self, output: ToStorage) {
        let lost = lost(&output);
        let (round, shared) = (Arc::clone(&self.round), Arc::clone(&self.parts.shared));
        self.parts.storage.run(move |files| {
            let working = AssertUnwindSafe(|| files.carry(output, &round));
            let outcome = catch_unwind(working).unwrap_or_else(|_| {
                tracing::error!("a job of the storage panicked");
                lost
            });
            Box::new(move || {
                if let Some(input) = outcome {
                    shared.outcome(input);
                }
            })
        });
    }
}
