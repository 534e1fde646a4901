//! What the engine asks of the storage, carried out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vestnik_inbox::{ReportLimits, StoreError};

use super::{files::Files, log::Round};
use crate::machine::{
    Generation,
    engine::{Done, Input, ToStorage},
    session::StoreCall,
};

/// What came of something that the engine asked of the storage.
#[derive(Debug, Default)]
pub struct Carried {
    /// The input that answers it, if one does.
    pub input: Option<Input>,
    /// Why the session is not durable, if that was asked for and failed: the engine tries again and needs
    /// no reason, whoever waits for it does.
    pub failure: Option<StoreError>,
}

impl Files {
    /// Does what the engine asks of the storage.
    ///
    /// `round` is where the batch of facts that is on its way lies; it is held only while it changes. What
    /// the transactions mean to those who watch is in [`take_news`](Self::take_news), and is told before
    /// the answer.
    pub fn carry(&mut self, output: ToStorage, round: &Mutex<Round>) -> Carried {
        let mut failure = None;
        let (generation, result) = match output {
            ToStorage::Store { generation, call } => {
                failure = self.stored(generation, call).err();
                let is_durable = failure.is_none();
                (generation, Done::Stored { is_durable })
            }
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
            ToStorage::KeepOptOuts(learned) => {
                let kept = self.keep_opt_outs(learned);
                return tried("what the user wants is told again", kept);
            }
            ToStorage::ServerTime(reading) => {
                let kept = self.keep_server_time(reading);
                return tried("the server's time is not kept", kept);
            }
        };
        Carried {
            input: Some(Input::Session { generation, result }),
            failure,
        }
    }

    fn stored(&mut self, generation: Generation, call: StoreCall) -> Result<(), StoreError> {
        self.store(generation, call)
            .inspect_err(|error| tracing::error!(%error, "the session is not durable"))
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
        | ToStorage::KeepOptOuts(_)
        | ToStorage::ServerTime(_) => return None,
    };
    let generation = *generation;
    Some(Input::Session { generation, result })
}

/// What is done as well as it can be has no answer.
fn tried(what: &'static str, done: Result<(), StoreError>) -> Carried {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}");
    }
    Carried::default()
}

fn lock(round: &Mutex<Round>) -> MutexGuard<'_, Round> {
    round.lock().unwrap_or_else(PoisonError::into_inner)
}
