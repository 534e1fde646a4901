//! What the engine asks of the storage.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
};

use crate::{
    driver::task::Task,
    error::Error,
    machine::engine::{Done, Input, ToStorage},
    storage::{Carried, lost},
};

impl Task {
    /// The engine waits for the outcome: work that panics counts as work that failed.
    pub(super) fn carry_to_storage(&self, output: ToStorage) {
        let lost = lost(&output);
        let (round, shared) = (Arc::clone(&self.round), Arc::clone(&self.parts.shared));
        let not_durable = Arc::clone(&self.not_durable);
        self.parts.storage.run(move |files| {
            let working = AssertUnwindSafe(|| files.carry(output, &round));
            let (input, failure) = match catch_unwind(working) {
                Ok(Carried { input, failure }) => (input, failure.map(Error::Storage)),
                Err(_) => {
                    tracing::error!("a job of the storage panicked");
                    (lost, Some(Error::Restarted))
                }
            };
            Box::new(move || {
                let Some(input) = input else {
                    return;
                };
                if is_about_session(&input) {
                    *not_durable.lock().unwrap_or_else(PoisonError::into_inner) = failure;
                }
                shared.outcome(input);
            })
        });
    }
}

/// Whether it says that something about the session is durable, or is not.
fn is_about_session(input: &Input) -> bool {
    let Input::Session { result, .. } = input else {
        return false;
    };
    matches!(result, Done::Stored { .. })
}
