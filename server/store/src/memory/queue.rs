//! The queue of work: claims and how they end.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestnik_model::AppId;
use vestnik_rules::work::{Claim, Progress, Stage};

use super::{
    row::{Target, UserKey, WorkRow},
    txn::Txn,
    world::World,
};
use crate::work::{ClaimQuery, Claimed};

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

/// Claims at most one row of each App, beginning behind the App that was looked at last.
pub(super) fn claim(world: &mut World, asked: &ClaimQuery) -> Claimed {
    let is_ready = |row: &&WorkRow| {
        let is_left = asked.except.contains(&row.app);
        row.kind == asked.kind && row.ready <= asked.now && !is_left
    };
    let apps: BTreeSet<_> = world
        .work
        .values()
        .filter(is_ready)
        .map(|row| row.app.clone())
        .collect();
    let is_behind = |app: &&AppId| asked.behind.as_ref().is_none_or(|last| *app > last);
    let first = apps.iter().filter(is_behind);
    let then = apps.iter().filter(|app| !is_behind(app));
    let turn = first.chain(then).take(asked.limit as usize);
    let claims: Vec<_> = turn
        .filter_map(|app| claim_one(world, asked, app))
        .collect();
    Claimed {
        behind: claims
            .last()
            .map(|claim| claim.app.clone())
            .or_else(|| asked.behind.clone()),
        has_gone_round: claims.len() < asked.limit as usize,
        claims,
    }
}

fn claim_one(world: &mut World, asked: &ClaimQuery, app: &AppId) -> Option<Claim> {
    let rows = world
        .work
        .iter_mut()
        .filter(|(_, row)| row.kind == asked.kind && row.app == *app && row.ready <= asked.now);
    let (id, row) = rows.min_by_key(|(id, row)| (row.ready, **id))?;
    row.ready = asked.lease_until;
    row.fence += 1;
    row.is_claimed = true;
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

/// Gives a row of work another stage. A claim of it holds it no longer.
pub(super) fn reset(txn: &mut Txn, id: u64, stage: Stage) {
    let Some(row) = txn.world.work.get_mut(&id) else {
        return;
    };
    row.fence += 1;
    row.is_claimed = false;
    row.tries = 0;
    (row.error, row.after) = (None, None);
    row.kind = stage.kind;
    (row.due, row.ready) = (stage.due, stage.due);
    let app = row.app.clone();
    txn.work_due(&app, stage);
}

/// Ends a claim with what its part leaves.
pub(super) fn finish(txn: &mut Txn, claim: &Claim, next: Next, now: Timestamp) -> Progress {
    let Some(row) = txn.world.work.get_mut(&claim.id) else {
        return Progress::Finished;
    };
    row.fence += 1;
    row.is_claimed = false;
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
