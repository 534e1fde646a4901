//! Work: what is due when.

use jiff::Timestamp;
use vestnik_model::{AppId, Word as _};
use vestnik_rules::{
    receipt::MarkRead,
    work::{Claim, Progress, Stage, WorkKind},
};

use super::{
    MemoryStore,
    perform::perform,
    txn::Txn,
    world::{NotificationKey, TopicKey, UserKey, World},
};
use crate::{
    Answer, Work,
    work::{Backlog, ClaimQuery, FailedWork, Part},
};

/// A row of work.
#[derive(Debug, Clone)]
pub(super) struct WorkRow {
    pub(super) kind: WorkKind,
    pub(super) app: AppId,
    pub(super) target: Target,
    /// Where the next part goes on, for walks through deliveries.
    pub(super) after: Option<UserKey>,
    due: Timestamp,
    /// From when on it can be claimed: later than due while a claim holds or a pause runs.
    ready: Timestamp,
    /// Grows with each claim and whatever ends one.
    fence: u64,
    tries: u32,
    error: Option<String>,
}

/// What a row of work is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The whole store.
    Store,
    /// A notification.
    Notification(NotificationKey),
    /// A topic without a name.
    Topic(TopicKey),
    /// A user without a name.
    User(UserKey),
    /// The rest of what a user read.
    Mark(UserKey, MarkRead),
}

/// What a part leaves of its row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    /// Nothing: the row is deleted.
    Done,
    /// More of the same.
    More {
        target: Target,
        after: Option<UserKey>,
    },
    /// Another stage, or the same one at a later time.
    Stage(Stage),
}

impl Work for MemoryStore {
    fn claim(&self, asked: ClaimQuery) -> Answer<'_, Vec<Claim>> {
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

/// Claims at most one row of each App, beginning behind the App that was served last.
fn claim(world: &mut World, asked: &ClaimQuery) -> Vec<Claim> {
    let is_ready = |row: &&WorkRow| row.kind == asked.kind && row.ready <= asked.now;
    let apps: std::collections::BTreeSet<_> = world
        .work
        .values()
        .filter(is_ready)
        .map(|row| row.app.clone())
        .collect();
    let is_behind = |app: &&AppId| asked.behind.as_ref().is_none_or(|last| *app > last);
    let first = apps.iter().filter(is_behind);
    let then = apps.iter().filter(|app| !is_behind(app));
    let turn = first.chain(then).take(asked.limit as usize);
    turn.filter_map(|app| claim_one(world, asked, app))
        .collect()
}

fn claim_one(world: &mut World, asked: &ClaimQuery, app: &AppId) -> Option<Claim> {
    let rows = world
        .work
        .iter_mut()
        .filter(|(_, row)| row.kind == asked.kind && row.app == *app && row.ready <= asked.now);
    let (id, row) = rows.min_by_key(|(id, row)| (row.ready, **id))?;
    row.ready = asked.lease_until;
    row.fence += 1;
    Some(Claim {
        id: *id,
        kind: row.kind,
        app: row.app.clone(),
        fence: row.fence,
        tries: row.tries,
    })
}

/// The row of a claim, if the claim still holds it.
pub(super) fn held<'a>(world: &'a mut World, claim: &Claim) -> Option<&'a mut WorkRow> {
    let row = world.work.get_mut(&claim.id)?;
    let is_held = row.fence == claim.fence && row.kind == claim.kind && row.app == claim.app;
    is_held.then_some(row)
}

/// Ends a claim with what its part leaves.
pub(super) fn finish(txn: &mut Txn, claim: &Claim, next: Next, now: Timestamp) -> Progress {
    let Some(row) = txn.world.work.get_mut(&claim.id) else {
        return Progress::Finished;
    };
    row.fence += 1;
    row.tries = 0;
    row.error = None;
    match next {
        Next::Done => {
            txn.world.work.remove(&claim.id);
            Progress::Finished
        }
        Next::More { target, after } => {
            (row.target, row.after) = (target, after);
            (row.due, row.ready) = (now, now);
            Progress::More
        }
        Next::Stage(stage) => {
            row.kind = stage.kind;
            row.after = None;
            (row.due, row.ready) = (stage.due, stage.due);
            txn.work_due(&claim.app, stage);
            Progress::Finished
        }
    }
}

impl Txn {
    /// Adds a row of work, which is an effect, and gives its id.
    pub(super) fn leave_work(&mut self, app: &AppId, target: Target, stage: Stage) -> u64 {
        let id = self.world.insert_work(app.clone(), target, stage);
        self.work_due(app, stage);
        id
    }
}

impl World {
    fn insert_work(&mut self, app: AppId, target: Target, stage: Stage) -> u64 {
        let id = self.next_key();
        let row = WorkRow {
            kind: stage.kind,
            app,
            target,
            after: None,
            due: stage.due,
            ready: stage.due,
            fence: 0,
            tries: 0,
            error: None,
        };
        self.work.insert(id, row);
        id
    }

    /// The row that deletes what the whole store keeps only for a while. It is no App's.
    pub(super) fn insert_sweep(&mut self) {
        let app = AppId::parse("_").expect("it is a name of an App's form");
        let stage = Stage {
            kind: WorkKind::Sweep,
            due: Timestamp::UNIX_EPOCH,
        };
        self.insert_work(app, Target::Store, stage);
    }
}
