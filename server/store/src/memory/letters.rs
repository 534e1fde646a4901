//! Letters that come back after a mail server had taken them.

use jiff::Timestamp;
use vestnik_model::Reason;
use vestnik_rules::{
    bounce::{Fate, end, kills_mailbox, reported},
    cascade::{Looked, Target},
};

use super::{
    attempt::of_delivery,
    dispatch::{Key, look_at, save, wake},
    ledger::find,
    release::hours_of,
    txn::Txn,
    world::World,
};
use crate::dispatch::{LetterNoted, LetterReport};

/// Notes what became of a letter.
pub(super) fn note(txn: &mut Txn, report: &LetterReport) -> Option<LetterNoted> {
    let key = find(&txn.world, &report.app, report.delivery)?;
    let mut noted = LetterNoted {
        notification: txn.world.notifications.get(&key.0)?.notification.id,
        user: txn.world.name_of(key.1)?.clone(),
        is_lost: false,
        is_dead: false,
    };
    let row = txn
        .world
        .attempts
        .get_mut(&(key.0, key.1, Target::Mailbox))?;
    if let Some(after) = reported(&row.attempt, report.fate) {
        row.attempt = after;
        if report.said.is_some() {
            row.said.clone_from(&report.said);
        }
        noted.is_lost = report.fate.is_lost();
        row.returned_at = noted.is_lost.then_some(report.now);
    }
    let tried_at = row.tried_at.unwrap_or(row.started_at);
    noted.is_dead = kill(&mut txn.world, key, report, tried_at);
    if noted.is_lost {
        go_on(txn, key, report.now);
    }
    Some(noted)
}

/// Notes that the mailbox of a user is dead, if the report proves it; tells whether it died.
fn kill(world: &mut World, key: Key, report: &LetterReport, tried_at: Timestamp) -> bool {
    let (Fate::Lost { reason }, Some(email)) = (report.fate, world.emails.get_mut(&key.1)) else {
        return false;
    };
    let said = (reason, report.mailbox.as_ref());
    let mailbox = (&email.address, email.set_at);
    let dies = email.died_at.is_none() && kills_mailbox(said, mailbox, tried_at);
    if dies {
        email.died_at = Some(report.now);
    }
    dies
}

/// Brings a delivery on whose letter came back.
fn go_on(txn: &mut Txn, key: Key, now: Timestamp) {
    // What is over goes on by no other step.
    let hours = hours_of(&txn.world, key, now).or_open();
    let (Some(looked), Some(row)) = (
        look_at(&txn.world, key, &hours, now),
        txn.world.deliveries.get(&key),
    ) else {
        return;
    };
    let Some(course) = row.course else {
        return;
    };
    let looked = looked.left_to_dispatch(course, now);
    let others = of_delivery(&txn.world, key);
    let others = others.filter(|((_, _, target), _)| *target != Target::Mailbox);
    let others = others.map(|(_, row)| &row.attempt);
    let whose = (row.state.status, Reason::EmailBounced);
    let ended = end(whose, others, (&course, &looked));
    let looked = Looked {
        end: ended.or(looked.end),
        ..looked
    };
    save(txn, key, &looked, now);
    wake(txn, key.0);
}
