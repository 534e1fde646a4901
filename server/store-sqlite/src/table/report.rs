//! Facts that devices report, one after another in one transaction.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{
    AppId, Channel, Cursor, Entry, FactResult, Flag, ParsedFact, Reason, UserId,
    publish::{StepChannel, Steps},
};
use vestnik_rules::{
    cascade::{self, brought_by, came_by, outside},
    decrypt::reported,
    delivery::{Event, Reported, advance},
    identity::delivery_id,
    log::{Place, standing},
    receipt::{
        Aim, Change, MAX_FACTS, MarkRead, Proof, READ_UP_TO, Report, Reporter, Subject, aim, judge,
        of_former_user, up_to,
    },
};
use vestnik_store::{
    effect::{News, Responded},
    ledger::FactReport,
};

use super::{
    attempt,
    change::{self, Changes, Told},
    decrypt::{self, Pushed},
    delivery::{self, Found, Key},
    evidence::Evidence,
    fact::{self, FlagRow, Owner},
    installation, log, marking, meta, notification,
    response::Responding,
    user::{self, Head},
};
use crate::value::Unreadable;

/// The user and the installation whose facts are taken, and what they come to.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) user: &'a UserId,
    pub(crate) head: Head,
    pub(crate) reporter: Reporter,
    pub(crate) seed: &'a [u8; 32],
    pub(crate) unreadable: &'a Unreadable,
    pub(crate) changes: Changes,
    /// Whether the user's log has grown.
    pub(crate) has_grown: bool,
    /// Notifications whose deliveries or withdrawals have become due.
    pub(crate) due: Vec<change::Subject>,
    /// What the person did that the sender is told.
    pub(crate) responses: Vec<Responding>,
    /// Whether marking the rest of what was read has been left as work.
    pub(crate) has_rest: bool,
}

/// A delivery that a fact is about, with its notification.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) notification: change::Subject,
    pub(crate) accepted_at: Timestamp,
    pub(crate) delivery: Found,
    pub(crate) flags: Vec<FlagRow>,
    /// Its cascade, with the channels outside the user's devices that took it.
    outside: Option<(Steps, Vec<StepChannel>, Reported)>,
    /// The channel by which the installation got it.
    by: Channel,
    /// The attempts that may have brought it.
    brought: Vec<cascade::Target>,
}

impl<'a> Desk<'a> {
    /// A desk for a report of a session that is the present one.
    pub(crate) fn open(
        db: &Connection,
        report: &'a FactReport,
        unreadable: &'a Unreadable,
    ) -> Result<Self, rusqlite::Error> {
        let session = &report.session;
        Ok(Self {
            app: &session.app,
            user: &session.user,
            head: user::ensure(db, &session.app, &session.user)?,
            reporter: Reporter {
                installation: session.installation,
                now: report.now,
            },
            seed: &report.seed,
            unreadable,
            changes: Changes::default(),
            has_grown: false,
            due: Vec::new(),
            responses: Vec::new(),
            has_rest: false,
        })
    }

    /// Takes a fact.
    pub(crate) fn take(
        &mut self,
        db: &Connection,
        fact: &ParsedFact,
    ) -> Result<FactResult, rusqlite::Error> {
        match aim(fact) {
            Aim::Delivery(report) => self.take_one(db, fact, &report),
            Aim::UpTo(cursor) => self.take_up_to(db, fact, cursor),
        }
    }

    fn take_one(
        &mut self,
        db: &Connection,
        fact: &ParsedFact,
        report: &Report<'_>,
    ) -> Result<FactResult, rusqlite::Error> {
        let Some(found) = notification::find(db, self.app, report.notification)? else {
            return Ok(judge(report, &self.reporter, None).result);
        };
        let owner = self.owner(found.subject.row);
        if fact::is_known(db, &owner, fact.id.as_str())? {
            return Ok(FactResult::taken(&fact.id, false));
        }
        let Some(target) = self.target(db, found.clone())? else {
            self.take_for_former(db, &found, report)?;
            return Ok(judge(report, &self.reporter, None).result);
        };
        let flags: Vec<_> = target.flags.iter().map(|row| row.state).collect();
        let facts = fact::number(db, &owner, MAX_FACTS)?;
        let subject = target.subject(&flags, facts);
        let judgement = judge(report, &self.reporter, Some(subject));
        if let Some(change) = judgement.change {
            if change.is_kept {
                fact::insert(db, &owner, fact, change.at, self.reporter.now)?;
            }
            if change.is_told {
                self.respond(&found.subject, fact);
            }
            if let Some(engagement) = change.engaged {
                let news = News::Engaged {
                    engagement,
                    installation: self.reporter.installation,
                };
                let whose = (self.head.row, self.user);
                self.changes.happened(&found.subject, whose, news);
            }
            self.save(db, &target, &change)?;
            if let Some(proof) = change.proof {
                self.confirm(db, (&found, &target), (change.at, proof == Proof::Read))?;
            }
            if let Some(reason) = change.useless {
                let of = (self.head.row, self.user);
                self.take_useless(db, &found, of, (reason, change.at))?;
            }
        }
        Ok(judgement.result)
    }

    /// Notes that the installation has a delivery, and whether it was read there.
    pub(crate) fn confirm(
        &mut self,
        db: &Connection,
        (notification, target): (&notification::Found, &Target),
        told: (Timestamp, bool),
    ) -> Result<(), rusqlite::Error> {
        let key = self.key(target);
        let evidence = Evidence {
            notification,
            delivery: &target.delivery,
            installation: self.reporter.installation,
            seed: self.seed,
            now: self.reporter.now,
            unreadable: self.unreadable,
        };
        let caught_up = evidence.take(db, &mut self.head, || {
            attempt::confirm(db, key, &target.brought, told)
        })?;
        self.has_grown |= caught_up.is_told;
        if caught_up.is_begun {
            self.due.push(target.notification.clone());
        }
        Ok(())
    }

    /// The sender is to be told of a fact.
    fn respond(&mut self, notification: &change::Subject, fact: &ParsedFact) {
        let response = fact.claim.response();
        self.responses.extend(response.map(|response| Responding {
            notification: notification.clone(),
            user: self.head.row,
            fact: fact.id.clone(),
            responded: Responded {
                delivery: delivery_id(notification.id, self.user),
                user: self.user.clone(),
                installation: self.reporter.installation,
                response,
            },
        }));
    }

    /// Looks at what was pushed to the installation for the user who had it before.
    fn take_for_former(
        &mut self,
        db: &Connection,
        found: &notification::Found,
        report: &Report<'_>,
    ) -> Result<(), rusqlite::Error> {
        let Some(reason) = of_former_user(report) else {
            return Ok(());
        };
        let former = installation::former(db, self.app, self.reporter.installation)?;
        let former = former.map(|row| user::find_row(db, row)).transpose()?;
        let Some((head, name)) = former.flatten() else {
            return Ok(());
        };
        self.take_useless(db, found, (head.row, &name), (reason, report.at))
    }

    /// Looks at what was pushed to the device for a user, and was of no use there.
    fn take_useless(
        &mut self,
        db: &Connection,
        found: &notification::Found,
        (user, name): (i64, &UserId),
        (reason, at): (Reason, Timestamp),
    ) -> Result<(), rusqlite::Error> {
        let pushed = Pushed {
            notification: found,
            user,
            installation: self.reporter.installation,
            key: decrypt::key_of(db, self.app, self.reporter.installation)?,
            now: self.reporter.now,
        };
        let by = pushed.ask(db, self.unreadable, |case| reported(case, reason, at))?;
        let key = Key {
            notification: found.subject.row,
            user,
        };
        let read = delivery::find(db, key);
        let read = self.unreadable.pass_over("delivery", read)?.flatten();
        let Some((by, delivery)) = by.zip(read) else {
            return Ok(());
        };
        // What was of no use was handed over.
        let advanced = advance(delivery.state, Event::HandedOver(by), self.reporter.now);
        if advanced.is_changed {
            delivery::update(db, key, &advanced.state)?;
            let told = Told::of(user, name, &advanced);
            self.changes.moved(&found.subject, told);
        }
        self.due.push(found.subject.clone());
        Ok(())
    }

    /// The user's delivery of a notification, if there is one that can be read.
    pub(crate) fn target(
        &self,
        db: &Connection,
        found: notification::Found,
    ) -> Result<Option<Target>, rusqlite::Error> {
        let key = Key {
            notification: found.subject.row,
            user: self.head.row,
        };
        let delivery = delivery::find(db, key);
        let delivery = self.unreadable.pass_over("delivery", delivery)?.flatten();
        // Nobody can have what is in no log.
        let Some(delivery) = delivery.filter(|found| found.seq.is_some()) else {
            return Ok(None);
        };
        let attempts = attempt::of_delivery(db, key, self.unreadable)?;
        let times = attempts.iter();
        let times = times.map(|found| (found.target.channel(), found.proven_at(), found.read_at));
        let reported = Reported::of(times);
        let attempts = attempts.iter().map(|found| (found.target, &found.attempt));
        let by = came_by(attempts.clone(), self.reporter.installation);
        let brought = brought_by(attempts.clone(), self.reporter.installation);
        let channels = outside(attempts);
        let steps = match channels.is_empty() {
            true => None,
            false => Some((
                notification::steps(db, key.notification)?,
                channels,
                reported,
            )),
        };
        Ok(Some(Target {
            notification: found.subject,
            accepted_at: found.accepted_at,
            delivery,
            flags: fact::flags(db, key)?,
            outside: steps,
            by,
            brought,
        }))
    }

    /// Saves what becomes of a delivery: its state, its flag, the entry of the user's log.
    pub(crate) fn save(
        &mut self,
        db: &Connection,
        target: &Target,
        change: &Change,
    ) -> Result<(), rusqlite::Error> {
        let Change {
            at: _,
            advanced,
            flag,
            entry,
            proof: _,
            useless: _,
            is_kept: _,
            is_told: _,
            engaged: _,
        } = change;
        let key = self.key(target);
        if advanced.is_changed {
            delivery::update(db, key, &advanced.state)?;
            let told = Told::of(key.user, self.user, advanced);
            self.changes.moved(&target.notification, told);
        }
        let mut seq = None;
        if let Some(entry) = entry {
            let is_read = entry.flag == Flag::Read;
            self.append(db, target, &Entry::State(entry.clone()))?;
            seq = Some(self.head.seq);
            if is_read {
                delivery::set_read_seq(db, key, self.head.seq)?;
            }
        }
        if let Some(state) = *flag {
            self.put_flag(db, target, FlagRow { state, seq })?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        db: &Connection,
        target: &Target,
        entry: &Entry,
    ) -> Result<(), rusqlite::Error> {
        let new = log::New {
            notification: target.notification.row,
            at: self.reporter.now,
            only: target.delivery.addressed.only.as_deref(),
            body: Some(entry),
        };
        self.has_grown = true;
        log::append(db, &mut self.head, self.seed, &new)
    }

    /// The entry of the flag's former value says nothing any more and is deleted.
    fn put_flag(
        &self,
        db: &Connection,
        target: &Target,
        row: FlagRow,
    ) -> Result<(), rusqlite::Error> {
        let former = target
            .flags
            .iter()
            .find(|known| known.state.flag == row.state.flag);
        if let Some(seq) = former.and_then(|former| former.seq) {
            log::delete(db, self.head.row, seq)?;
        }
        fact::put_flag(db, self.key(target), row)
    }

    fn take_up_to(
        &mut self,
        db: &Connection,
        fact: &ParsedFact,
        cursor: &Cursor,
    ) -> Result<FactResult, rusqlite::Error> {
        let owner = Owner::of_none(self.head.row, self.reporter.installation);
        if fact::is_known(db, &owner, fact.id.as_str())? {
            return Ok(FactResult::taken(&fact.id, false));
        }
        let seq = match up_to(self.standing(db, cursor)?) {
            Ok(seq) => seq,
            Err(why) => return Ok(FactResult::refused(fact.id.as_str(), why)),
        };
        fact::replace(db, &owner, fact, self.reporter.now)?;
        let rest = MarkRead {
            installation: self.reporter.installation,
            before: seq.saturating_add(1),
            at: fact.at.min(self.reporter.now),
        };
        if let Some(rest) = marking::mark(db, self, rest, READ_UP_TO)? {
            marking::leave(db, self, &rest)?;
        }
        Ok(FactResult::taken(&fact.id, true))
    }

    /// What the user's log knows about a cursor.
    pub(crate) fn standing(
        &self,
        db: &Connection,
        cursor: &Cursor,
    ) -> Result<vestnik_rules::log::Standing, rusqlite::Error> {
        let head = self.head.place(meta::epoch(db)?);
        standing_of(db, self.head.row, Some(cursor), head)
    }

    pub(crate) fn key(&self, target: &Target) -> Key {
        Key {
            notification: target.notification.row,
            user: self.head.row,
        }
    }

    fn owner(&self, notification: i64) -> Owner {
        Owner {
            notification,
            user: self.head.row,
            installation: self.reporter.installation,
        }
    }
}

/// What a log knows about a cursor.
pub(crate) fn standing_of(
    db: &Connection,
    user: i64,
    cursor: Option<&Cursor>,
    head: Place,
) -> Result<vestnik_rules::log::Standing, rusqlite::Error> {
    let named = cursor.and_then(Place::read).map(|place| place.seq);
    let tag = named.map(|seq| log::tag_at(db, user, seq)).transpose()?;
    Ok(standing(cursor, head, |_| tag.flatten()))
}

impl Target {
    /// What the rules judge by.
    pub(crate) fn subject<'a>(
        &'a self,
        flags: &'a [vestnik_rules::receipt::FlagState],
        facts: u32,
    ) -> Subject<'a> {
        Subject {
            state: self.delivery.state.clone(),
            only: self.delivery.addressed.only.as_deref(),
            accepted_at: self.accepted_at,
            flags,
            facts,
            outside: self
                .outside
                .as_ref()
                .map(|(steps, channels, reported)| (steps, (channels.as_slice(), reported))),
            by: self.by,
        }
    }
}
