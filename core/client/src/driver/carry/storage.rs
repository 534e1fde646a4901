//! What the engine asks of the storage.

use std::sync::PoisonError;

use vestnik_inbox::{ReportLimits, StoreError};

use crate::{
    driver::task::Task,
    machine::{
        Generation,
        engine::{Done, Input, ToStorage},
    },
    storage::{Files, Round},
};

impl Task {
    pub(super) fn carry_to_storage(&self, output: ToStorage) {
        match output {
            ToStorage::Store { generation, call } => self.ask(generation, move |files| {
                let stored = files.store(generation, call);
                if let Err(error) = &stored {
                    tracing::error!(%error, "the session is not durable");
                }
                Done::Stored {
                    is_durable: stored.is_ok(),
                }
            }),
            ToStorage::AskStore { generation, user } => {
                self.ask(generation, move |files| files.ask(generation, &user));
            }
            ToStorage::Apply {
                generation,
                proposal,
            } => self.ask(generation, move |files| files.apply(generation, proposal)),
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
                self.ask(generation, move |files| {
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

    fn take(&self, generation: Generation, limits: ReportLimits) {
        let round = self.round.clone();
        self.ask(generation, move |files| {
            let batch = files.take(generation, limits);
            let count = batch.as_ref().map(|batch| batch.facts.len());
            *round.lock().unwrap_or_else(PoisonError::into_inner) = Round {
                batch: batch.unwrap_or_default(),
                ..Round::default()
            };
            Done::Taken(count)
        });
    }

    fn ask(&self, generation: Generation, work: impl FnOnce(&mut Files) -> Done + Send + 'static) {
        let shared = self.parts.shared.clone();
        self.parts.storage.run(move |files| {
            let result = work(files);
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
