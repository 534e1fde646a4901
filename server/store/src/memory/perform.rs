//! One part of a claimed row's work.

use jiff::Timestamp;
use vestnik_rules::{
    erasure::forget_before,
    receipt::{MarkRead, Reporter},
    session::KEEP_LOGGED_OUT,
    work::{EVENTS_KEPT, Progress, Stage, WorkKind, next_stage, next_sweep},
};

use super::{
    asking, audience_files, ending,
    events::is_told,
    expansion,
    forgetting::{delete_topic, erase_user, forget_notification},
    queue::{Next, finish, held},
    release,
    report::{Desk, mark},
    resume, retry,
    row::{NotificationKey, Target, UserKey, WorkRow},
    txn::Txn,
    world::World,
};
use crate::{StoreError, effect::Told, work::Part};

/// Does a part, if the claim still holds its row.
pub(super) fn perform(txn: &mut Txn, part: &Part) -> Result<Progress, StoreError> {
    let Some(held) = held(&mut txn.world, &part.claim).cloned() else {
        return Ok(Progress::Lost);
    };
    let next = match held.target {
        Target::Notification(key) => of_notification(txn, part, &held, key)?,
        Target::Topic(key) => {
            let is_more = delete_topic(&mut txn.world, key, rows(part));
            again(is_more, &held)
        }
        Target::Upload(key) => {
            let is_more = audience_files::delete_part(&mut txn.world, key, rows(part));
            again(is_more, &held)
        }
        Target::User(key) => again(erase_user(txn, key, rows(part))?, &held),
        Target::Asked(walk) => asking::part(txn, &part.claim.app, walk, (rows(part), part.now)),
        Target::Mark(user, rest) => mark_read(txn, part, user, rest),
        Target::Provider(channel) => {
            let is_more = resume::resume(txn, (&part.claim.app, channel), rows(part), part.now);
            again(is_more, &held)
        }
        Target::Store => {
            audience_files::sweep(txn, part.now);
            sweep(&mut txn.world, part)
        }
        // It is not done within one transaction: `Webhooks`.
        Target::Webhook(_) => Next::Done,
    };
    Ok(finish(txn, &part.claim, next, part.now))
}

fn rows(part: &Part) -> usize {
    part.rows.max(1) as usize
}

fn again(is_more: bool, held: &WorkRow) -> Next {
    if is_more {
        Next::More {
            target: held.target,
            after: None,
        }
    } else {
        Next::Done
    }
}

fn of_notification(
    txn: &mut Txn,
    part: &Part,
    held: &WorkRow,
    key: NotificationKey,
) -> Result<Next, StoreError> {
    let Some(found) = txn.world.notifications.get(&key) else {
        return Ok(Next::Done);
    };
    let (life, is_forgotten) = (found.life(), found.is_forgotten);
    let pass = ending::Pass {
        notification: key,
        after: held.after,
        rows: rows(part),
        now: part.now,
    };
    let go_on = |after: Option<UserKey>| {
        after.map(|after| Next::More {
            target: held.target,
            after: Some(after),
        })
    };
    let behind = |done| next_stage(done, &life).map_or(Next::Done, Next::Stage);
    Ok(match held.kind {
        WorkKind::Expand => expand(txn, part, held, key)?.unwrap_or_else(|| behind(held.kind)),
        WorkKind::Expire if part.now < life.expires_at => Next::Stage(Stage {
            kind: WorkKind::Expire,
            due: life.expires_at,
        }),
        WorkKind::Expire => go_on(ending::end(txn, &pass)).unwrap_or_else(|| behind(held.kind)),
        WorkKind::Release if is_forgotten => Next::Done,
        WorkKind::Release => {
            let part = release::Part {
                notification: key,
                rows: rows(part),
                seed: &part.seed,
                now: part.now,
            };
            release::release(txn, &part)
        }
        // It is not done within one transaction: `Dispatch`.
        WorkKind::Dispatch => Next::Done,
        WorkKind::Recall | WorkKind::Retry if is_forgotten => Next::Done,
        WorkKind::Recall => go_on(ending::recall(txn, &pass, &part.seed)).unwrap_or(Next::Done),
        WorkKind::Retry => go_on(retry::go_on(txn, &pass)).unwrap_or(Next::Done),
        WorkKind::Settle => {
            settle(txn, key, part.now);
            behind(held.kind)
        }
        WorkKind::Retain => again(forget_notification(&mut txn.world, key, rows(part)), held),
        // These are about no notification.
        WorkKind::Webhook
        | WorkKind::Resume
        | WorkKind::AskAnew
        | WorkKind::MarkRead
        | WorkKind::DeleteTopic
        | WorkKind::DeleteAudience
        | WorkKind::EraseUser
        | WorkKind::Sweep => Next::Done,
    })
}

/// Notes that nothing is waited for any more of a notification, and tells its sender what it came to.
fn settle(txn: &mut Txn, key: NotificationKey, now: Timestamp) {
    let row = txn.world.notifications.get_mut(&key);
    let Some(row) = row.filter(|row| row.settled_at.is_none()) else {
        return;
    };
    row.settled_at = Some(now);
    let told = Told::Settled {
        notification: row.notification.id,
        outcome: row.outcome(),
        counts: row.counts,
    };
    let app = row.app.clone();
    txn.tell(&app, told);
}

/// Expands a part; `None` when nothing more is to be expanded.
fn expand(
    txn: &mut Txn,
    part: &Part,
    held: &WorkRow,
    key: NotificationKey,
) -> Result<Option<Next>, StoreError> {
    let is_open = |world: &World| {
        world
            .notifications
            .get(&key)
            .is_some_and(|row| row.position.is_some() && !row.is_cancelled)
    };
    if !is_open(&txn.world) {
        return Ok(None);
    }
    let expanded = expansion::Part {
        notification: key,
        rows: rows(part),
        seed: &part.seed,
        now: part.now,
    };
    expansion::expand(txn, &expanded)?;
    Ok(is_open(&txn.world).then_some(Next::More {
        target: held.target,
        after: None,
    }))
}

fn mark_read(txn: &mut Txn, part: &Part, user: UserKey, rest: MarkRead) -> Next {
    let is_known = txn
        .world
        .users
        .get(&user)
        .is_some_and(|row| row.name.is_some());
    if !is_known {
        return Next::Done;
    }
    let desk = Desk {
        app: &part.claim.app,
        user,
        reporter: Reporter {
            installation: rest.installation,
            now: part.now,
        },
        seed: &part.seed,
    };
    mark(txn, &desk, rest, rows(part)).map_or(Next::Done, |rest| Next::More {
        target: Target::Mark(user, rest),
        after: None,
    })
}

/// Deletes events of before a time, but never the last of all, and notes how far each App's are gone.
fn sweep_events(world: &mut World, before: Timestamp) {
    let last = world.last_event;
    let mut gone = Vec::new();
    world.events.retain(|number, event| {
        let is_kept = event.at >= before || *number == last;
        if !is_kept && is_told(event) {
            gone.push((event.app.clone(), *number));
        }
        is_kept
    });
    for (app, number) in gone {
        world.swept.insert(app, number);
    }
}

/// Deletes what the whole store keeps only for a while.
fn sweep(world: &mut World, part: &Part) -> Next {
    let now = part.now;
    let ago = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let (events_from, logged_out_from) = (ago(EVENTS_KEPT), ago(KEEP_LOGGED_OUT));
    sweep_events(world, events_from);
    world.remembered.retain(|_, row| row.expires > now);
    let planned = world.notifications.values();
    let planned = planned.filter(|row| row.position.is_some() && !row.is_cancelled);
    let oldest = planned.map(|row| row.notification.accepted_at).min();
    let erased_from = forget_before(oldest, now);
    world.erased.retain(|_, at| *at >= erased_from);
    world.families.retain(|_, row| row.family.expires_at >= now);
    world.token_uses.retain(|_, expires| *expires >= now);
    world.presence.retain(|_, row| row.lease_until >= now);
    world
        .installations
        .retain(|_, row| row.user.is_some() || row.updated_at >= logged_out_from);
    Next::Stage(Stage {
        kind: WorkKind::Sweep,
        due: next_sweep(now),
    })
}
