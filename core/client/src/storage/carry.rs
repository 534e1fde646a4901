//! What the engine asks of the storage, carried out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vestnik_inbox::{ReportLimits, StoreError};

use super::{files::Files, log::Round};
use crate::machine::{
    Generation,
    engine::{Done, Input, ToStorage},
    session::StoreCall,
};

impl Files {
    /// Does what the engine asks of the storage; gives the input that answers it, if one does.
    ///
    /// `round` is where the batch of facts that is on its way lies; it is held only while it changes. What
    /// the transactions mean to those who watch is in [`take_news`](Self::take_news), and is told before
    /// the answer.
    pub fn carry(&mut self, output: ToStorage, round: &Mutex<Round>) -> Option<Input> {
        let (generation, result) = match output {
            ToStorage::Store { generation, call } => (generation, self.stored(generation, call)),
            ToStorage::AskStore { generation, user } => (generation, self.ask(generation, &user)),
            ToStorage::Apply {
                generation,
                proposal,
            } => (generation, self.apply(generation, proposal)),
            ToStorage::Take {
                generation,
                facts,
                bytes,
            } => {
                let limits = ReportLimits { facts, bytes };
                (generation, self.taken(generation, limits, round))
            }
            ToStorage::Settle {
                generation,
                settlement,
            } => {
                let round = std::mem::take(&mut *lock(round));
                (generation, self.settle(generation, &round, &settlement))
            }
            ToStorage::Note(note) => return tried("a logout is not noted", self.note(note)),
            ToStorage::KeepTold(told) => {
                return tried("the registration is told again", self.keep_told(told));
            }
            ToStorage::KeepWishes(wishes) => {
                return tried("a topic is not kept", self.keep_wishes(wishes));
            }
            ToStorage::ServerTime { server, device } => {
                let kept = self.keep_server_time(server, device);
                return tried("the server's time is not kept", kept);
            }
        };
        Some(Input::Session { generation, result })
    }

    fn stored(&mut self, generation: Generation, call: StoreCall) -> Done {
        let stored = self.store(generation, call);
        if let Err(error) = &stored {
            tracing::error!(%error, "the session is not durable");
        }
        Done::Stored {
            is_durable: stored.is_ok(),
        }
    }

    fn taken(
        &mut self,
        generation: Generation,
        limits: ReportLimits,
        round: &Mutex<Round>,
    ) -> Done {
        let batch = self.take(generation, limits);
        let count = batch.as_ref().map(|batch| batch.facts.len());
        *lock(round) = Round {
            batch: batch.unwrap_or_default(),
            ..Round::default()
        };
        Done::Taken(count)
    }
}

/// The input that says that what the engine asked for has failed, if it waits for one.
#[must_use]
pub fn lost(output: &ToStorage) -> Option<Input> {
    let (generation, result) = match output {
        ToStorage::Store { generation, .. } => (generation, Done::Stored { is_durable: false }),
        ToStorage::AskStore { generation, .. } => (generation, Done::Stands(None)),
        ToStorage::Apply { generation, .. } => (generation, Done::NotApplied),
        ToStorage::Take { generation, .. } => (generation, Done::Taken(None)),
        ToStorage::Settle { generation, .. } => (generation, Done::Settled(None)),
        ToStorage::Note(_)
        | ToStorage::KeepTold(_)
        | ToStorage::KeepWishes(_)
        | ToStorage::ServerTime { .. } => return None,
    };
    let generation = *generation;
    Some(Input::Session { generation, result })
}

/// What is done as well as it can be has no answer.
fn tried(what: &'static str, done: Result<(), StoreError>) -> Option<Input> {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}");
    }
    None
}

fn lock(round: &Mutex<Round>) -> MutexGuard<'_, Round> {
    round.lock().unwrap_or_else(PoisonError::into_inner)
}
