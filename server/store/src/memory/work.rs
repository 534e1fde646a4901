//! Work: what is due when.

use jiff::Timestamp;
use vestnik_model::Word as _;
use vestnik_rules::work::{Progress, WorkKind};

use super::{
    MemoryStore,
    perform::perform,
    queue::{claim, held},
    row::WorkRow,
    world::World,
};
use crate::{
    Answer, Work,
    work::{Backlog, ClaimQuery, Claimed, FailedWork, Part},
};

impl Work for MemoryStore {
    fn claim(&self, asked: ClaimQuery) -> Answer<'_, Claimed> {
        self.write(asked.now, move |txn| Ok(claim(&mut txn.world, &asked)))
    }

    fn perform(&self, part: Part) -> Answer<'_, Progress> {
        self.write(part.now, move |txn| perform(txn, &part))
    }

    fn put_back(&self, failure: FailedWork) -> Answer<'_, bool> {
        self.write(failure.due, move |txn| {
            let FailedWork { claim, due, error } = failure;
            let Some(row) = held(&mut txn.world, &claim) else {
                return Ok(false);
            };
            row.fence += 1;
            row.is_claimed = false;
            row.tries = row.tries.saturating_add(1);
            row.ready = due;
            row.error = Some(error);
            Ok(true)
        })
    }

    fn next_due(&self, kind: WorkKind) -> Answer<'_, Option<Timestamp>> {
        self.read(move |world| {
            let rows = world.work.values();
            rows.filter(|row| row.kind == kind)
                .map(|row| row.ready)
                .min()
        })
    }

    fn backlog(&self, now: Timestamp) -> Answer<'_, Vec<Backlog>> {
        self.read(move |world| {
            let kinds = WorkKind::WORDS.iter();
            kinds.map(|kind| backlog(world, *kind, now)).collect()
        })
    }
}

fn backlog(world: &World, kind: WorkKind, now: Timestamp) -> Backlog {
    let rows = || world.work.values().filter(|row| row.kind == kind);
    let is_failing = |row: &&WorkRow| row.tries > 0;
    let waiting = rows().filter(|row| row.ready <= now || row.tries > 0);
    Backlog {
        kind,
        oldest_due: waiting.map(|row| row.due).min(),
        failing: rows().filter(is_failing).count() as u64,
        error: rows().filter(is_failing).find_map(|row| row.error.clone()),
    }
}
