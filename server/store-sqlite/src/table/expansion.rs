//! Expansion: from the plan of an audience to one delivery and one entry of a log for each user.
//!
//! A part walks on from a position, at most so many members of the sources, and gives the position
//! behind them, which is saved in the same transaction: a crash repeats or loses nothing. A user who
//! has a delivery already is passed over.

mod part;
pub(crate) mod walk;

use std::collections::BTreeMap;

use rusqlite::Connection;
use vestnik_rules::{
    audience::{Candidate, Position, Source, admit},
    collapse::TOO_LATE,
    consent::{Passage, is_left, passage},
    delivery::{Move, is_timed},
    device,
    hold::OptOut,
    release::{Made, make},
    schedule::Turn,
};
use vestnik_store::effect::Grown;

use super::{
    arrival::{Addressee, Arrivals},
    calendar::Calendar,
    change::{Changes, Subject},
    collapse::Collapse,
    delivery::{self, Key},
    installation,
    user::Head,
};

pub(crate) use part::Part;
use walk::{Named, walk, ways};

/// What a part came to.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    /// Where the next part begins; absent when the whole plan was walked.
    pub(crate) position: Option<Position>,
    /// Whose logs have grown.
    pub(crate) users: Vec<Grown>,
    /// The notifications that gave way to this one.
    pub(crate) gave_way: Vec<Subject>,
}

/// Expands a part.
pub(crate) fn expand(
    db: &Connection,
    part: &Part<'_>,
    changes: &mut Changes,
) -> Result<Expanded, rusqlite::Error> {
    let mut expanded = Expanded::default();
    let content = part.arrived.as_ref().map(|of| &of.notification);
    let calendar = Calendar::load(db, part.subject, content)?;
    let arrived = (part.arrived.clone(), part.now);
    let mut pen = Pen {
        db,
        part,
        calendar: calendar.ok_or(rusqlite::Error::QueryReturnedNoRows)?,
        insert: delivery::Insert::prepare(db)?,
        arrivals: Arrivals::prepare(db, part.subject.row, part.seed, arrived)?,
        collapse: part.collapse(db),
        gave_way: BTreeMap::new(),
        changes,
    };
    let mut left = part.rows.max(1);
    let mut position = part.position;
    while let Some(source) = part.plan.source(position) {
        if left == 0 {
            expanded.position = Some(source.position);
            break;
        }
        let (walked, is_end) = walk(db, part, &source, left)?;
        left -= u32::try_from(walked.len()).unwrap_or(left).min(left);
        position = source.position;
        for member in walked {
            position = member.position;
            if let Some(named) = member.named {
                expanded.users.extend(pen.deliver(named, &source)?);
            }
        }
        if is_end {
            position = position.end();
        }
    }
    pen.calendar.save(db)?;
    pen.changes.touched(part.subject);
    expanded.gave_way = pen.gave_way.into_values().collect();
    Ok(expanded)
}

/// Writes deliveries and entries.
struct Pen<'a> {
    db: &'a Connection,
    part: &'a Part<'a>,
    calendar: Calendar,
    insert: delivery::Insert<'a>,
    arrivals: Arrivals<'a>,
    collapse: Option<Collapse<'a>>,
    /// The notifications that gave way, by their rows.
    gave_way: BTreeMap<i64, Subject>,
    changes: &'a mut Changes,
}

impl Pen<'_> {
    /// Makes the delivery of a user; gives the user when they got an entry.
    fn deliver(&mut self, named: Named, source: &Source) -> Result<Option<Grown>, rusqlite::Error> {
        let Some(passage) = self.passage(&named, source)? else {
            return Ok(None);
        };
        let Named {
            mut head,
            user,
            only,
            has_installation,
            wishes,
        } = named;
        let app = &self.part.subject.app;
        let addressed = device::address(&self.part.wanted, only, || {
            installation::candidates(self.db, app, &user)
        })?;
        let candidate = Candidate {
            user: &user,
            addressed,
            has_installation: has_installation || self.part.is_routed,
        };
        let Some(member) = admit(self.part.plan, candidate, self.part.now) else {
            return Ok(None);
        };
        let pace = self.calendar.pace;
        let turn = match passage {
            Passage::Open if self.is_too_late(head.row)? => TOO_LATE,
            Passage::Open => {
                let known = self.calendar.known(self.db, &user, wishes)?;
                let takes_place = is_timed(&member.state);
                self.calendar.turn(&known, takes_place, self.part.now)
            }
            Passage::Elsewhere => return Ok(None),
            Passage::Refused => Turn::Over(OptOut::Topic.reason()),
        };
        let made = make(member, turn, self.part.now);
        if !self.insert(&head, &made)? {
            self.calendar.pace = pace;
            return Ok(None);
        }
        let moved = Move::made(&made.member.state);
        self.changes.moved_in_part(self.part.subject, Some(moved));
        if !made.is_due {
            return Ok(None);
        }
        let to = Addressee {
            user: &user,
            only: made.member.addressed.only.as_deref(),
            expires_at: made.expires_at,
        };
        let grown = self.arrivals.append(&mut head, to)?;
        self.take_place(head.row, grown).map(Some)
    }

    fn is_too_late(&self, user: i64) -> Result<bool, rusqlite::Error> {
        let collapse = self.collapse.as_ref();
        collapse.map_or(Ok(false), |collapse| collapse.is_too_late(user))
    }

    /// Has earlier notifications with the same key give way.
    fn take_place(&mut self, user: i64, grown: Grown) -> Result<Grown, rusqlite::Error> {
        let Some(collapse) = &self.collapse else {
            return Ok(grown);
        };
        let gave_way = collapse.take_place((user, &grown.user), self.changes)?;
        if gave_way.is_empty() {
            return Ok(grown);
        }
        let gave_way = gave_way.into_iter().map(|subject| (subject.row, subject));
        self.gave_way.extend(gave_way);
        // The log may have grown by more than the arrival.
        Ok(Grown::unread(grown.user))
    }

    /// What a source is to a user whom it names; `None` for one who opted out of it and has a delivery
    /// already.
    fn passage(&self, named: &Named, source: &Source) -> Result<Option<Passage>, rusqlite::Error> {
        if !is_left(&source.members, &named.wishes.opt_outs.known) {
            return Ok(Some(Passage::Open));
        }
        let key = Key {
            notification: self.part.subject.row,
            user: named.head.row,
        };
        if delivery::is_there(self.db, key)? {
            return Ok(None);
        }
        let ways = ways(self.db, self.part, named)?;
        let passage = passage(self.part.plan, source, &named.wishes.opt_outs.known, &ways);
        Ok(Some(passage))
    }

    /// Stores a delivery; tells whether it is new.
    fn insert(&mut self, head: &Head, made: &Made) -> Result<bool, rusqlite::Error> {
        let key = Key {
            notification: self.part.subject.row,
            user: head.row,
        };
        let new = delivery::New {
            seq: made.is_due.then_some(head.seq + 1),
            member: &made.member,
            due_at: (made.is_due && self.part.is_routed).then_some(self.part.now),
            release_at: made.release_at,
            expires_at: made.expires_at,
            collapse: self.part.collapse_key,
        };
        self.insert.run(key, &new)
    }
}
