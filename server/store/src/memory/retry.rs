//! Trying anew what was lost of a notification.

use vestnik_rules::{
    retry::{FIRST_PART, Prospect, Round, admit, is_lost, round},
    work::{Stage, WorkKind},
};

use super::{
    dispatch::wake,
    ending::Pass,
    findings::findings,
    release,
    row::{NotificationKey, Target, UserKey},
    txn::Txn,
};
use crate::{
    ledger::FindingsQuery,
    publishing::{Retry, RetryOutcome},
};

/// Tries anew what was lost: the first part at once, the rest as work.
pub(super) fn begin(txn: &mut Txn, asked: &Retry) -> RetryOutcome {
    let Retry { app, id, now } = asked;
    let Some((key, row)) = txn.world.notification(app, *id) else {
        return RetryOutcome::Unknown;
    };
    let prospect = Prospect {
        counts: row.counts,
        expires_at: row.notification.expires_at,
        is_cancelled: row.is_cancelled,
    };
    if let Err(obstacle) = admit(&prospect, *now) {
        return RetryOutcome::Refused(obstacle);
    }
    let target = Target::Notification(key);
    let mut work = txn.world.work.values();
    if work.any(|row| row.kind == WorkKind::Retry && row.target == target) {
        return RetryOutcome::of(0, false);
    }
    let pass = Pass {
        notification: key,
        after: None,
        rows: FIRST_PART as usize,
        now: *now,
    };
    let (retried, after) = retry(txn, &pass);
    if let Some(after) = after {
        let kind = WorkKind::Retry;
        let id = txn.leave_work(app, target, Stage { kind, due: *now });
        if let Some(row) = txn.world.work.get_mut(&id) {
            row.after = Some(after);
        }
    }
    RetryOutcome::of(retried, after.is_none())
}

/// Does a part of the rest. Gives the user to go on behind.
pub(super) fn go_on(txn: &mut Txn, pass: &Pass) -> Option<UserKey> {
    let row = txn.world.notifications.get(&pass.notification)?;
    let is_over = row.is_cancelled || row.notification.expires_at <= pass.now;
    if is_over {
        return None;
    }
    retry(txn, pass).1
}

/// Tries anew the deliveries of a part. Gives how many, and the user to go on behind.
fn retry(txn: &mut Txn, pass: &Pass) -> (u64, Option<UserKey>) {
    let (users, next) = pass.users(&txn.world);
    let mut retried = 0;
    for user in users {
        let key = (pass.notification, user);
        if let Some(round) = look(txn, key, pass) {
            save(txn, key, round, pass);
            retried += 1;
        }
    }
    wake(txn, pass.notification);
    release::wake(txn, pass.notification);
    (retried, next)
}

/// How a delivery is tried anew, if it is.
fn look(txn: &Txn, key: (NotificationKey, UserKey), pass: &Pass) -> Option<Round> {
    let world = &txn.world;
    let delivery = world.deliveries.get(&key)?;
    if !is_lost(&delivery.state) {
        return None;
    }
    let row = world.notifications.get(&key.0)?;
    let asked = FindingsQuery {
        app: row.app.clone(),
        notification: row.notification.id,
        user: world.name_of(key.1)?.clone(),
        now: pass.now,
    };
    let findings = findings(world, &asked)?;
    round(&findings, world.is_routed(row), pass.now)
}

fn save(txn: &mut Txn, key: (NotificationKey, UserKey), round: Round, pass: &Pass) {
    let Round {
        advanced,
        course,
        reopened,
    } = round;
    if let Some(row) = txn.world.deliveries.get_mut(&key) {
        row.state = advanced.state;
        row.course = course.or(row.course);
        // It expires when it would have.
        row.release_at = row.expires_at;
    }
    for (target, attempt) in reopened {
        let place = (key.0, key.1, target);
        if let Some(row) = txn.world.attempts.get_mut(&place) {
            row.attempt = attempt;
        }
    }
    txn.moved_in_part(pass.notification, advanced.moved);
}
