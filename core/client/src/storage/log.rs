//! The log and the outbox: what the engine asks of the present user's history.

use vestnik_inbox::{
    Origin, OutboxBatch, Outcome, ReportLimits, StoreError, Stretch, planted::Plant,
};
use vestnik_model::{Entry, Reported, UserId};

use super::{files::Files, news::Counts};
use crate::machine::{
    Generation,
    engine::{Done, Stands},
    report::Settlement,
    sync::{self, Proposal},
};

/// After so many new notifications the history is pruned.
const PRUNE_AFTER: usize = 200;

impl Files {
    /// Says where a user's store stands.
    pub fn ask(&mut self, generation: Generation, user: &UserId) -> Done {
        self.generation = generation;
        self.is_hidden = false;
        match self.stands(user) {
            Ok(stands) => Done::Stands(Some(stands)),
            Err(error) => {
                failed(&error);
                Done::Stands(None)
            }
        }
    }

    fn stands(&mut self, user: &UserId) -> Result<Stands, StoreError> {
        self.ensure_open()?;
        self.ingest_spool()?;
        if self.former_stays {
            self.wipe_left();
        }
        if let Err(error) = self.prune() {
            // It is done later; the log can be read all the same.
            failed(&error);
        }
        let read = |history: &vestnik_inbox::History<'_>| {
            let counts = Counts::read(history)?;
            Ok((history.user()?, history.cursor()?, counts))
        };
        let (owner, cursor, counts) = self.read(read)?.ok_or(StoreError::Closed)?;
        if owner.as_ref() != Some(user) {
            return Err(StoreError::Closed);
        }
        self.news.counts = Some(counts);
        Ok(Stands {
            cursor,
            outbox: counts.outbox,
            told: self.told(),
            wishes: self.wishes(),
            opt_out_changes: self.device.state().opt_out_changes.clone(),
            sent_opt_outs: self.device.state().sent_opt_outs.clone(),
        })
    }

    /// Stores a stretch of the log, the cursor and the facts that it calls for in one transaction.
    pub fn apply(&mut self, generation: Generation, proposal: Proposal) -> Done {
        match self.try_apply(generation, proposal) {
            Ok(done) => done,
            Err(error) => {
                failed(&error);
                Done::NotApplied
            }
        }
    }

    fn try_apply(
        &mut self,
        generation: Generation,
        proposal: Proposal,
    ) -> Result<Done, StoreError> {
        let user = self.device.user().cloned();
        let Some(user) = user.filter(|_| generation == self.generation) else {
            return Ok(Done::NotApplied);
        };
        let is_opaque = |entry: &Entry| matches!(entry, Entry::Unknown(_));
        if Plant::OpaqueBlocks.is_on() && proposal.entries.iter().any(is_opaque) {
            return Ok(Done::NotApplied);
        }
        self.ingest_spool()?;
        let stretch = stretch(user, proposal);
        let (end, outcome) = (
            stretch.cursor.clone(),
            self.write(|inbox| inbox.apply(&stretch))?,
        );
        let outbox = self.news.counts.unwrap_or_default().outbox;
        match outcome {
            Some(Outcome::Applied(applied)) => {
                let cursor = applied.cursor.clone().unwrap_or(end);
                self.since_prune += applied.inserted.len();
                self.news.add(applied);
                self.after_apply();
                Ok(Done::Applied { cursor, outbox })
            }
            Some(Outcome::Stale { cursor }) => Ok(Done::Stale { cursor }),
            Some(Outcome::OtherUser) | None => Ok(Done::NotApplied),
        }
    }

    /// What is not done now is done at the next change.
    fn after_apply(&mut self) {
        let mut done = self.suppress_blocked();
        if self.since_prune >= PRUNE_AFTER {
            done = done.and_then(|()| self.prune().map(drop));
        }
        if let Err(error) = done {
            failed(&error);
        }
    }

    /// Takes a batch of facts; `None` if that failed.
    pub fn take(&mut self, generation: Generation, limits: ReportLimits) -> Option<OutboxBatch> {
        if generation != self.generation {
            return None;
        }
        match self.write(|inbox| inbox.outbox(limits)) {
            Ok(batch) => Some(batch.unwrap_or_default()),
            Err(error) => {
                failed(&error);
                None
            }
        }
    }

    /// Settles a batch by the answer to its report.
    pub fn settle(&mut self, generation: Generation, round: &Round, by: &Settlement) -> Done {
        if generation != self.generation {
            return Done::Settled(None);
        }
        let settled = self.write(|inbox| match by {
            Settlement::Answer => inbox.answered(&round.batch, &round.answer),
            Settlement::RefusedWhole(code) => inbox.refused_whole(&round.batch.rows(), code),
        });
        match settled {
            Ok(_) => Done::Settled(self.news.counts.map(|counts| counts.outbox)),
            Err(error) => {
                failed(&error);
                Done::Settled(None)
            }
        }
    }
}

/// A batch on its way to the server and back.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// The facts.
    pub batch: OutboxBatch,
    /// What the server said of each.
    pub answer: Reported,
}

fn stretch(user: UserId, proposal: Proposal) -> Stretch {
    let Proposal {
        origin,
        after,
        cursor,
        entries,
    } = proposal;
    Stretch {
        user,
        after,
        cursor,
        entries,
        origin: match origin {
            sync::Origin::Live => Origin::Live,
            sync::Origin::Asked(from) => Origin::Asked(from),
        },
    }
}

fn failed(error: &StoreError) {
    tracing::error!(%error, "the device's storage failed");
}
