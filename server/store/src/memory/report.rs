//! Facts that devices report, one after another in one transaction.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, Claim, Cursor, DeliveryId, FactId, FactResult, Flag, NotificationId,
    ParsedFact, UserId,
    publish::{StepChannel, Steps},
};
use vestnik_rules::{
    cascade::came_by,
    delivery::Reported,
    explain::NotShown,
    log::Standing,
    receipt::{
        Aim, Change, FlagState, MAX_FACTS, MarkRead, Proof, READ_UP_TO, Report, Reporter, Subject,
        aim, judge, mark_read, of_former_user, up_to,
    },
    work::{Stage, WorkKind},
};

use super::{
    attempt::{confirm, confirm_attempt, of_delivery, outside_of},
    decrypt, evidence,
    logs::{Append, append, standing_of},
    row::{Content, DeliveryRow, FlagRow, NotificationKey, NotificationRow, Target, UserKey},
    txn::Txn,
    world::World,
};
use crate::{
    effect::{News, Responded},
    ledger::{Confirmed, FactReport},
};

/// The user and the installation whose facts are taken.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) app: &'a AppId,
    pub(super) user: UserKey,
    pub(super) reporter: Reporter,
    pub(super) seed: &'a [u8; 32],
}

/// Takes a report; `None` when the session is not the present one.
pub(super) fn take(txn: &mut Txn, report: &FactReport) -> Option<Vec<FactResult>> {
    let session = &report.session;
    if !txn.world.is_present(session) {
        return None;
    }
    let desk = Desk {
        app: &session.app,
        user: txn.world.ensure_user(&session.app, &session.user),
        reporter: Reporter {
            installation: session.installation,
            now: report.now,
        },
        seed: &report.seed,
    };
    let facts = report.facts.iter();
    let results = facts.map(|fact| match aim(fact) {
        Aim::Delivery(about) => take_one(txn, &desk, fact, &about),
        Aim::UpTo(cursor) => take_up_to(txn, &desk, fact, cursor, &session.user),
    });
    let results = results.collect();
    let standing = |cursor| standing_of(&txn.world, &session.app, &session.user, Some(cursor));
    if let Some(Standing::Known(place)) = report.cursor.as_ref().map(standing) {
        let session = session.clone();
        confirm(&mut txn.world, &Confirmed { session, place });
    }
    Some(results)
}

fn take_one(txn: &mut Txn, desk: &Desk<'_>, fact: &ParsedFact, about: &Report<'_>) -> FactResult {
    if is_known(txn, desk, fact) {
        return FactResult::taken(&fact.id, false);
    }
    let found = txn.world.notification(desk.app, about.notification);
    let found = found.and_then(|(key, row)| target(&txn.world, desk, key, row));
    let Some(target) = found else {
        take_for_former(txn, desk, about);
        return judge(about, &desk.reporter, None).result;
    };
    let judgement = judge(about, &desk.reporter, Some(target.subject()));
    if let Some(change) = judgement.change {
        let key = (desk.user, desk.reporter.installation, fact.id.clone());
        if change.is_kept {
            txn.world.facts.insert(key, Some(target.notification));
            note_unshown(txn, desk, fact, (target.notification, change.at));
        }
        if change.is_told {
            respond(txn, desk, fact, (about.notification, target.delivery.id));
        }
        if let Some(engagement) = change.engaged {
            let news = News::Engaged {
                engagement,
                installation: desk.reporter.installation,
            };
            txn.happened((target.notification, desk.user), news);
        }
        save(txn, desk, &target, &change);
    }
    judgement.result
}

/// Looks at what was pushed to the installation for the user who had it before.
fn take_for_former(txn: &mut Txn, desk: &Desk<'_>, about: &Report<'_>) {
    let installation = desk.reporter.installation;
    let row = txn
        .world
        .installations
        .get(&(desk.app.clone(), installation));
    let former = row.and_then(|row| txn.world.user_key(desk.app, row.former.as_ref()?));
    let found = txn.world.notification(desk.app, about.notification);
    let key = found.map(|(key, _)| key).zip(former);
    if let Some((key, reason)) = key.zip(of_former_user(about)) {
        decrypt::report(txn, (key, desk.reporter), (reason, about.at));
    }
}

/// Notes why an installation did not show a notification, unless it said something later.
fn note_unshown(
    txn: &mut Txn,
    desk: &Desk<'_>,
    fact: &ParsedFact,
    (notification, at): (NotificationKey, Timestamp),
) {
    if let Claim::NotShown { reason, .. } = &fact.claim {
        let key = (notification, desk.user, desk.reporter.installation);
        let reason = reason.clone();
        let said = (NotShown { at, reason }, fact.id.clone());
        let order = |(said, id): &(NotShown, FactId)| (said.at, id.clone());
        let known = txn.world.not_shown.get(&key);
        if known.is_none_or(|known| order(known) < order(&said)) {
            txn.world.not_shown.insert(key, said);
        }
    }
}

/// The sender is told of a fact.
fn respond(
    txn: &mut Txn,
    desk: &Desk<'_>,
    fact: &ParsedFact,
    (notification, delivery): (NotificationId, DeliveryId),
) {
    let user = txn
        .world
        .users
        .get(&desk.user)
        .and_then(|row| row.name.clone());
    if let Some((user, response)) = user.zip(fact.claim.response()) {
        let responded = Responded {
            delivery,
            user,
            installation: desk.reporter.installation,
            response,
        };
        txn.responded(desk.app, notification, responded);
    }
}

fn is_known(txn: &Txn, desk: &Desk<'_>, fact: &ParsedFact) -> bool {
    let key = (desk.user, desk.reporter.installation, fact.id.clone());
    txn.world.facts.contains_key(&key)
}

/// A delivery that a fact is about.
struct Aimed {
    notification: NotificationKey,
    accepted_at: Timestamp,
    delivery: DeliveryRow,
    flags: Vec<FlagState>,
    facts: u32,
    /// Its cascade, with the channels outside the user's devices that took it.
    outside: Option<(Steps, Vec<StepChannel>, Reported)>,
    /// The channel by which the installation got it.
    by: Channel,
}

impl Aimed {
    fn subject(&self) -> Subject<'_> {
        Subject {
            state: self.delivery.state.clone(),
            only: self.delivery.addressed.only.as_deref(),
            accepted_at: self.accepted_at,
            flags: &self.flags,
            facts: self.facts,
            outside: self
                .outside
                .as_ref()
                .map(|(steps, channels, reported)| (steps, (channels.as_slice(), reported))),
            by: self.by,
        }
    }
}

/// The user's delivery of a notification.
fn target(
    world: &World,
    desk: &Desk<'_>,
    key: NotificationKey,
    row: &NotificationRow,
) -> Option<Aimed> {
    let delivery = world.deliveries.get(&(key, desk.user))?.clone();
    // Nobody can have what is in no log.
    delivery.seq?;
    let flags = [Flag::Read, Flag::Archived, Flag::Deleted];
    let flags = flags
        .iter()
        .filter_map(|flag| world.flags.get(&(key, desk.user, *flag)))
        .map(|row| row.state);
    let facts = world.facts.iter().filter(|((user, installation, _), of)| {
        (*user, *installation) == (desk.user, desk.reporter.installation) && **of == Some(key)
    });
    let attempts = of_delivery(world, (key, desk.user));
    let attempts = attempts.map(|((_, _, to), row)| (*to, &row.attempt));
    Some(Aimed {
        notification: key,
        accepted_at: row.notification.accepted_at,
        delivery,
        flags: flags.collect(),
        facts: u32::try_from(facts.count())
            .unwrap_or(u32::MAX)
            .min(MAX_FACTS),
        outside: outside_of(world, (key, desk.user)),
        by: came_by(attempts, desk.reporter.installation),
    })
}

/// Saves what becomes of a delivery: its state, its flag, the entry of the user's log, the attempt.
fn save(txn: &mut Txn, desk: &Desk<'_>, target: &Aimed, change: &Change) {
    let key = (target.notification, desk.user);
    let state = &change.advanced.state;
    if let Some(row) = txn.world.deliveries.get_mut(&key) {
        row.state = state.clone();
    }
    txn.moved(key, state, change.advanced.moved);
    let seq = change.entry.clone().map(|entry| {
        let new = Append {
            user: desk.user,
            notification: target.notification,
            only: target.delivery.addressed.only.clone(),
            content: Content::State(entry),
            at: desk.reporter.now,
            seed: desk.seed,
        };
        append(txn, new)
    });
    if let Some(state) = change.flag {
        let key = (target.notification, desk.user, state.flag);
        let former = txn.world.flags.insert(key, FlagRow { state, seq });
        // The entry of the flag's former value says nothing any more.
        if let Some(seq) = former.and_then(|former| former.seq) {
            txn.world.logs.remove(&(desk.user, seq));
        }
    }
    if let Some(proof) = change.proof {
        let told = (change.at, proof == Proof::Read);
        evidence::take(txn, (key, desk.reporter), desk.seed, |world| {
            confirm_attempt(world, key, desk.reporter.installation, told);
        });
    }
    if let Some(reason) = change.useless {
        decrypt::report(txn, (key, desk.reporter), (reason, change.at));
    }
}

fn take_up_to(
    txn: &mut Txn,
    desk: &Desk<'_>,
    fact: &ParsedFact,
    cursor: &Cursor,
    user: &UserId,
) -> FactResult {
    if is_known(txn, desk, fact) {
        return FactResult::taken(&fact.id, false);
    }
    let seq = match up_to(standing_of(&txn.world, desk.app, user, Some(cursor))) {
        Ok(seq) => seq,
        Err(why) => return FactResult::refused(fact.id.as_str(), why),
    };
    let installation = desk.reporter.installation;
    // A later one says all that an earlier one said.
    txn.world
        .facts
        .retain(|(of, by, _), about| (*of, *by) != (desk.user, installation) || about.is_some());
    let key = (desk.user, installation, fact.id.clone());
    txn.world.facts.insert(key, None);
    let rest = MarkRead {
        installation,
        before: seq.saturating_add(1),
        at: fact.at.min(desk.reporter.now),
    };
    if let Some(rest) = mark(txn, desk, rest, READ_UP_TO as usize) {
        leave_rest(txn, desk, rest);
    }
    FactResult::taken(&fact.id, true)
}

/// Marks the next notifications before a place, at most `rows`. Gives the rest, if there is one.
pub(super) fn mark(
    txn: &mut Txn,
    desk: &Desk<'_>,
    mark: MarkRead,
    rows: usize,
) -> Option<MarkRead> {
    let before = (desk.user, 0)..(desk.user, mark.before);
    let entries = txn.world.logs.range(before).rev();
    let arrivals = entries.filter(|(_, row)| row.content == Content::Arrival);
    let part: Vec<_> = arrivals
        .take(rows)
        .map(|((_, seq), row)| (*seq, row.notification))
        .collect();
    for (_, notification) in &part {
        mark_one(txn, desk, *notification, mark.at);
    }
    let last = part.last().filter(|_| part.len() == rows);
    last.map(|(before, _)| MarkRead {
        before: *before,
        ..mark
    })
}

fn mark_one(
    txn: &mut Txn,
    desk: &Desk<'_>,
    notification: NotificationKey,
    at: Timestamp,
) -> Option<()> {
    let row = txn.world.notifications.get(&notification)?;
    let id = row.notification.id;
    let target = target(&txn.world, desk, notification, row).filter(|_| !row.is_forgotten)?;
    let change = mark_read(id, &desk.reporter, target.subject(), at)?;
    save(txn, desk, &target, &change);
    Some(())
}

/// Leaves the rest as work. A user has one such row for an installation: the higher place stays.
fn leave_rest(txn: &mut Txn, desk: &Desk<'_>, rest: MarkRead) {
    let stage = Stage {
        kind: WorkKind::MarkRead,
        due: desk.reporter.now,
    };
    let known = txn
        .world
        .work
        .iter()
        .find_map(|(id, row)| match row.target {
            Target::Mark(user, known)
                if user == desk.user && known.installation == rest.installation =>
            {
                Some((*id, known))
            }
            Target::Mark(..)
            | Target::Provider(_)
            | Target::Webhook(_)
            | Target::Store
            | Target::Notification(_)
            | Target::Topic(_)
            | Target::Upload(_)
            | Target::User(_)
            | Target::Asked(_) => None,
        });
    match known {
        None => {
            txn.leave_work(desk.app, Target::Mark(desk.user, rest), stage);
        }
        Some((id, known)) if known.before < rest.before => {
            txn.world.work.remove(&id);
            txn.leave_work(desk.app, Target::Mark(desk.user, rest), stage);
        }
        Some(_) => {}
    }
}
