//! Sending deliveries over push services.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{Channel, GatewayName};
use vestnik_rules::work::{Progress, Stage, WorkKind};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Dispatch,
    dispatch::{
        Dispatched, LetterNoted, LetterReport, MessageReport, MessageReports, PushReceipts, Sends,
        Settling, TryStart,
    },
    work::Part,
};

use super::ledger::resolve;
use crate::{
    SqliteStore,
    seal::Seal,
    table::{
        Txn,
        change::Changes,
        delivery::Key,
        dispatch::{Desk, Sending, Started, next_due, wake},
        event, message_report, notification, provider, taken,
        work::{self, Held, Next},
    },
    value::Unreadable,
};

impl Dispatch for SqliteStore {
    fn dispatch(&self, part: Part) -> Answer<'_, Dispatched> {
        let with = (self.seal(), self.unreadable());
        self.write(Priority::Mass, move |txn| {
            dispatch(txn, (&with.0, &with.1), &part)
        })
    }

    fn start_try(&self, start: TryStart) -> Answer<'_, bool> {
        let with = (self.seal(), self.unreadable());
        // Its connection waits for it.
        self.write(Priority::Normal, move |txn| {
            start_try(txn, (&with.0, &with.1), &start)
        })
    }

    fn settle(&self, settling: Settling) -> Answer<'_, usize> {
        let with = (self.seal(), self.unreadable());
        self.write(Priority::Mass, move |txn| {
            settle(txn, (&with.0, &with.1), &settling)
        })
    }

    fn note_letter(&self, report: LetterReport) -> Answer<'_, Option<LetterNoted>> {
        let with = (self.seal(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            note_letter(txn, (&with.0, &with.1), &report)
        })
    }

    fn note_messages(&self, reports: MessageReports) -> Answer<'_, usize> {
        let with = (self.seal(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            note_messages(txn, (&with.0, &with.1), &reports)
        })
    }

    fn note_pushes(&self, receipts: PushReceipts) -> Answer<'_, usize> {
        let with = (self.seal(), self.unreadable());
        self.write(Priority::Normal, move |txn| {
            note_pushes(txn, (&with.0, &with.1), &receipts)
        })
    }
}

fn dispatch(
    txn: &mut Txn<'_>,
    (seal, unreadable): (&Seal, &Unreadable),
    part: &Part,
) -> Result<Dispatched, rusqlite::Error> {
    let db = txn.connection();
    let nothing = |progress| Dispatched {
        begun: Vec::new(),
        progress,
    };
    let Some(held) = work::held(db, &part.claim)? else {
        return Ok(nothing(Progress::Lost));
    };
    let Some(sending) = Sending::load(db, held.target, unreadable)? else {
        work::finish(db, &held, &Next::Done, part.now)?;
        return Ok(nothing(Progress::Finished));
    };
    let mut desk = Desk {
        db,
        seal,
        unreadable,
        sending,
        now: part.now,
        changes: Changes::default(),
        grown: Vec::new(),
    };
    let (mut begun, mut is_more) = desk.begin_due(part.rows, &part.seed)?;
    let left = part
        .rows
        .saturating_sub(u32::try_from(begun.len()).unwrap_or(u32::MAX));
    if left > 0 {
        let (withdrawals, has_left) = desk.begin_withdrawals(left)?;
        begun.extend(withdrawals);
        is_more |= has_left;
    }
    let app = desk.sending.found.subject.app.clone();
    let (changes, grown) = (desk.changes, desk.grown);
    let progress = finish(db, &held, is_more, part.now)?;
    changes.write(txn, part.now)?;
    event::log_grew(txn, &app, grown, part.now)?;
    Ok(Dispatched { begun, progress })
}

fn start_try(
    txn: &mut Txn<'_>,
    (seal, unreadable): (&Seal, &Unreadable),
    start: &TryStart,
) -> Result<bool, rusqlite::Error> {
    let db = txn.connection();
    let Some(found) = notification::find(db, &start.app, start.notification)? else {
        return Ok(false);
    };
    let subject = found.subject.clone();
    let desk = Desk {
        db,
        seal,
        unreadable,
        sending: Sending::of(db, found, unreadable)?,
        now: start.now,
        changes: Changes::default(),
        grown: Vec::new(),
    };
    let started = desk.start(start)?;
    if started == Started::PutBack {
        wake(txn, &subject, start.now)?;
    }
    Ok(started == Started::Made)
}

fn settle(
    txn: &mut Txn<'_>,
    (seal, unreadable): (&Seal, &Unreadable),
    settling: &Settling,
) -> Result<usize, rusqlite::Error> {
    let db = txn.connection();
    let Some(found) = notification::find(db, &settling.app, settling.notification)? else {
        return Ok(0);
    };
    let subject = found.subject.clone();
    let sending = Sending::of(db, found, unreadable)?;
    let mut desk = Desk {
        db,
        seal,
        unreadable,
        sending,
        now: settling.now,
        changes: Changes::default(),
        grown: Vec::new(),
    };
    let count = settle_all(&mut desk, settling)?;
    let (changes, providers) = (desk.changes, desk.sending.providers);
    wake(txn, &subject, settling.now)?;
    provider::note_signs(txn, &providers, settling)?;
    changes.write(txn, settling.now)?;
    Ok(count)
}

fn note_letter(
    txn: &mut Txn<'_>,
    (seal, unreadable): (&Seal, &Unreadable),
    report: &LetterReport,
) -> Result<Option<LetterNoted>, rusqlite::Error> {
    let db = txn.connection();
    let Some((found, row, user)) = resolve(db, &report.app, report.delivery)? else {
        return Ok(None);
    };
    let subject = found.subject.clone();
    let key = Key {
        notification: subject.row,
        user: row,
    };
    let mut desk = Desk {
        db,
        seal,
        unreadable,
        sending: Sending::of(db, found, unreadable)?,
        now: report.now,
        changes: Changes::default(),
        grown: Vec::new(),
    };
    let Some(noted) = desk.note_letter(key, report)? else {
        return Ok(None);
    };
    let changes = desk.changes;
    if noted.is_lost {
        wake(txn, &subject, report.now)?;
    }
    changes.write(txn, report.now)?;
    Ok(Some(LetterNoted {
        notification: subject.id,
        user,
        is_lost: noted.is_lost,
        is_dead: noted.is_dead,
    }))
}

/// Notes what a gateway reports. A report of a message that no attempt is known for is kept.
fn note_messages(
    txn: &mut Txn<'_>,
    with: (&Seal, &Unreadable),
    reports: &MessageReports,
) -> Result<usize, rusqlite::Error> {
    let mut news = 0;
    for report in &reports.reports {
        match taken::of_message(txn.connection(), &report.message)? {
            Some(of) => news += usize::from(note_message(txn, with, of, (report, reports.now))?),
            None => message_report::keep(
                txn.connection(),
                (&reports.app, reports.gateway),
                report,
                reports.now,
            )?,
        }
    }
    message_report::delete_old(
        txn.connection(),
        (&reports.app, reports.gateway),
        reports.now,
    )?;
    Ok(news)
}

fn note_message(
    txn: &mut Txn<'_>,
    with: (&Seal, &Unreadable),
    of: (Key, GatewayName),
    (report, now): (&MessageReport, Timestamp),
) -> Result<bool, rusqlite::Error> {
    note_reported(txn, with, (of.0, now), |desk| desk.note_message(of, report))
}

/// Notes receipts about pushes.
fn note_pushes(
    txn: &mut Txn<'_>,
    with: (&Seal, &Unreadable),
    receipts: &PushReceipts,
) -> Result<usize, rusqlite::Error> {
    let mut news = 0;
    for receipt in &receipts.receipts {
        let found = taken::of_push(txn.connection(), &receipt.push, receipts.channel)?;
        let Some((key, installation)) = found else {
            continue;
        };
        let to = (installation, receipts.channel);
        let is_news = note_reported(txn, with, (key, receipts.now), |desk| {
            desk.note_push(key, to, receipt)
        })?;
        news += usize::from(is_news);
    }
    Ok(news)
}

/// Notes what was reported about a delivery; tells whether it is news.
fn note_reported(
    txn: &mut Txn<'_>,
    (seal, unreadable): (&Seal, &Unreadable),
    (key, now): (Key, Timestamp),
    note: impl FnOnce(&mut Desk<'_>) -> Result<bool, rusqlite::Error>,
) -> Result<bool, rusqlite::Error> {
    let db = txn.connection();
    let Some(sending) = Sending::load(db, key.notification, unreadable)? else {
        return Ok(false);
    };
    let subject = sending.found.subject.clone();
    let mut desk = Desk {
        db,
        seal,
        unreadable,
        sending,
        now,
        changes: Changes::default(),
        grown: Vec::new(),
    };
    let is_news = note(&mut desk)?;
    let changes = desk.changes;
    if is_news {
        wake(txn, &subject, now)?;
    }
    changes.write(txn, now)?;
    Ok(is_news)
}

/// Notes what became of the tries, then brings each of their deliveries on once. Gives how many tries
/// were on their way.
fn settle_all(desk: &mut Desk<'_>, settling: &Settling) -> Result<usize, rusqlite::Error> {
    let mut settled: BTreeMap<Key, Option<Channel>> = BTreeMap::new();
    let mut count = 0;
    for tried in &settling.tried {
        match tried.sends {
            Sends::Notification => {}
            Sends::Withdrawal => {
                count += usize::from(desk.settle_withdrawal(tried, settling.random)?);
                continue;
            }
        }
        if let Some((key, handed)) = desk.settle(tried, settling.random)? {
            let known = settled.entry(key).or_default();
            *known = handed.or(*known);
            count += 1;
        }
    }
    for (key, handed) in settled {
        desk.go_on(key, handed)?;
    }
    for tried in &settling.tried {
        desk.note_kept(tried)?;
    }
    Ok(count)
}

/// Puts a row back until its next delivery or withdrawal is due, or deletes it when none waits.
fn finish(
    db: &Connection,
    held: &Held,
    is_more: bool,
    now: Timestamp,
) -> Result<Progress, rusqlite::Error> {
    let Some(due) = next_due(db, held.target)? else {
        notification::set_dispatch(db, held.target, None)?;
        work::finish(db, held, &Next::Done, now)?;
        return Ok(Progress::Finished);
    };
    if is_more || due <= now {
        work::finish(db, held, &Next::More(None), now)?;
        return Ok(Progress::More);
    }
    let stage = Stage {
        kind: WorkKind::Dispatch,
        due,
    };
    work::finish(db, held, &Next::Stage(stage), now)?;
    Ok(Progress::Finished)
}
