//! What the engine asks of the storage.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
};

use vestnik_inbox::{ReportLimits, StoreError};

use crate::{
    driver::task::Task,
    machine::{
        Generation,
        engine::{Done, Input, ToStorage},
        session::StoreCall,
    },
    storage::{Files, Round},
};

impl Task {
    pub(super) fn carry_to_storage(&self, output: ToStorage) {
        match output {
            ToStorage::Store { generation, call } => self.store(generation, call),
            ToStorage::AskStore { generation, user } => {
                let lost = Done::Stands(None);
                self.ask(generation, lost, move |files| files.ask(generation, &user));
            }
            ToStorage::Apply {
                generation,
                proposal,
            } => self.ask(generation, Done::NotApplied, move |files| {
                files.apply(generation, proposal)
            }),
            ToStorage::Take {
                generation,
                facts,
                bytes,
            } => self.take(generation, ReportLimits { facts, bytes }),
            ToStorage::Settle {
                generation,
                settlement,
            } => {
                let round = std::mem::take(&mut *self.round());
                self.ask(generation, Done::Settled(None), move |files| {
                    files.settle(generation, &round, &settlement)
                });
            }
            ToStorage::Note(note) => {
                self.try_to("a logout is not noted", |files| files.note(note));
            }
            ToStorage::KeepTold(told) => {
                self.try_to("the registration is told again", |files| {
                    files.keep_told(told)
                });
            }
            ToStorage::KeepWishes(wishes) => {
                self.try_to("a topic is not kept", |files| files.keep_wishes(wishes));
            }
            ToStorage::ServerTime { server, device } => {
                self.try_to("the server's time is not kept", move |files| {
                    files.keep_server_time(server, device)
                });
            }
        }
    }

    fn store(&self, generation: Generation, call: StoreCall) {
        let lost = Done::Stored { is_durable: false };
        self.ask(generation, lost, move |files| {
            let stored = files.store(generation, call);
            if let Err(error) = &stored {
                tracing::error!(%error, "the session is not durable");
            }
            Done::Stored {
                is_durable: stored.is_ok(),
            }
        });
    }

    fn take(&self, generation: Generation, limits: ReportLimits) {
        let round = self.round.clone();
        self.ask(generation, Done::Taken(None), move |files| {
            let batch = files.take(generation, limits);
            let count = batch.as_ref().map(|batch| batch.facts.len());
            *round.lock().unwrap_or_else(PoisonError::into_inner) = Round {
                batch: batch.unwrap_or_default(),
                ..Round::default()
            };
            Done::Taken(count)
        });
    }

    /// The engine waits for the outcome: work that panics has the outcome `lost`.
    fn ask(
        &self,
        generation: Generation,
        lost: Done,
        work: impl FnOnce(&mut Files) -> Done + Send + 'static,
    ) {
        let shared = self.parts.shared.clone();
        self.parts.storage.run(move |files| {
            let result = catch_unwind(AssertUnwindSafe(|| work(files))).unwrap_or_else(|_| {
                tracing::error!("a job of the storage panicked");
                lost
            });
            Box::new(move || shared.outcome(Input::Session { generation, result }))
        });
    }

    fn try_to(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Files) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.parts.storage.try_to(what, work);
    }
}
