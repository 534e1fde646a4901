//! Expansion: from the plan of an audience to one delivery and one entry of a log for each user.
//!
//! A part walks on from a position, at most so many members of the sources, and gives the position
//! behind them, which is saved in the same transaction: a crash repeats or loses nothing. A user who
//! has a delivery already is passed over.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use vestnik_model::{AppId, InstallationId, TopicName, UserId};
use vestnik_rules::{
    audience::{Candidate, ListedUser, Members, Plan, Position, Source, admit},
    collapse::TOO_LATE,
    consent::{Passage, Ways, is_left, passage},
    contact::{ContactHash, ContactKey},
    delivery::{Move, is_timed},
    device::{self, Wanted},
    hold::OptOut,
    release::{Made, make},
    schedule::Turn,
};
use vestnik_store::effect::{Arrived, Grown};

use super::{
    arrival::{Addressee, Arrivals},
    calendar::Calendar,
    change::{Changes, Subject},
    collapse::Collapse,
    contact,
    delivery::{self, Key},
    erased_user::Since,
    installation, present, topic,
    user::{self, Head},
    user_attribute::{self, Wishes},
};
use crate::{
    sql::statements,
    value::{Unreadable, parsed},
};

statements! {
    SUBSCRIBERS = "SELECT u.row, u.last_seq, u.last_tag, u.renewal, u.renewed_at, u.id,
             EXISTS (SELECT 1 FROM installation i WHERE i.app = ?4 AND i.user = u.id),
             u.zone, u.quiet_from, u.quiet_to, u.phone_zone, u.opt_out
         FROM subscription s CROSS JOIN user u ON u.row = s.user
         WHERE s.topic = ?1 AND s.user > ?2 AND u.id IS NOT NULL ORDER BY s.user LIMIT ?3";
}

/// A part of an expansion.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) plan: &'a Plan,
    /// When its notification was accepted.
    pub(crate) accepted_at: Timestamp,
    /// Finds users who were erased since.
    pub(crate) key: &'a ContactKey,
    /// Where the part begins.
    pub(crate) position: Position,
    /// The most members of sources that it walks.
    pub(crate) rows: u32,
    pub(crate) seed: &'a [u8; 32],
    pub(crate) now: Timestamp,
    /// Whether the deliveries are looked at by a dispatch, which reaches people without an installation
    /// too and says why it could not.
    pub(crate) is_routed: bool,
    /// Which of each person's devices are meant.
    pub(crate) wanted: Wanted,
    /// What the entries bring; absent if the notification cannot be read.
    pub(crate) arrived: Option<Arc<Arrived>>,
    /// What the notification is about, if its sender said so.
    pub(crate) collapse_key: Option<&'a str>,
    pub(crate) unreadable: &'a Unreadable,
}

impl<'a> Part<'a> {
    fn collapse(&self, db: &'a Connection) -> Option<Collapse<'a>> {
        Some(Collapse {
            db,
            subject: self.subject,
            key: self.collapse_key?,
            seed: self.seed,
            now: self.now,
            unreadable: self.unreadable,
        })
    }
}

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

/// The next members of a source.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// The key of the last member that was walked.
    after: Option<i64>,
    limit: u32,
}

/// A member of a source.
struct Walked {
    /// The key of the member in its source.
    key: i64,
    /// The user; absent when the row cannot be read, for which nobody else waits, and when a listed user was
    /// erased.
    named: Option<Named>,
}

/// A user whom a source names.
struct Named {
    head: Head,
    user: UserId,
    only: Option<Vec<InstallationId>>,
    has_installation: bool,
    wishes: Wishes,
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
            position = position.past(member.key);
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

/// The next members of a source, and whether they are the last.
fn walk(
    db: &Connection,
    part: &Part<'_>,
    source: &Source,
    limit: u32,
) -> Result<(Vec<Walked>, bool), rusqlite::Error> {
    let window = Window {
        after: source.position.after,
        limit,
    };
    let walked = match &source.members {
        Members::Users(listed) => users(db, part, listed, limit)?,
        Members::Topic(name) => subscribers(db, part, name, window)?,
        Members::Contacts(hashes) => named_by(db, part, hashes, window)?,
        Members::Installations(ids) => owners(db, part, ids, window)?,
    };
    let is_end = walked.len() < limit as usize;
    Ok((walked, is_end))
}

fn users(
    db: &Connection,
    part: &Part<'_>,
    listed: &[ListedUser],
    limit: u32,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    let erased = Since {
        app,
        accepted_at: part.accepted_at,
        key: part.key,
    };
    let is_any_erased = erased.has_any(db)?;
    let listed = listed.iter().take(limit as usize);
    listed
        .map(|ListedUser { key, user }| {
            if is_any_erased && erased.has(db, user)? {
                return Ok(Walked {
                    key: *key,
                    named: None,
                });
            }
            Ok(Walked {
                key: *key,
                named: Some(named_so(db, app, user.clone())?),
            })
        })
        .collect()
}

fn subscribers(
    db: &Connection,
    part: &Part<'_>,
    name: &TopicName,
    window: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    // A topic that was deleted since has nobody in it.
    let Some(topic) = topic::find(db, app, name)? else {
        return Ok(Vec::new());
    };
    let after = window.after.unwrap_or(i64::MIN);
    db.prepare_cached(SUBSCRIBERS)?
        .query_map((topic.row, after, window.limit, app.as_str()), |row| {
            Ok(Walked {
                key: row.get(0)?,
                named: part.unreadable.pass_over("user", named(row))?,
            })
        })?
        .collect()
}

fn named(row: &Row<'_>) -> Result<Named, rusqlite::Error> {
    Ok(Named {
        head: user::head(row)?,
        user: parsed(row, 5)?,
        only: None,
        has_installation: row.get(6)?,
        wishes: user_attribute::wishes(row, 7)?,
    })
}

/// The users with one of the listed addresses, in the order of their rows. Unknown addresses are nobody's.
fn named_by(
    db: &Connection,
    part: &Part<'_>,
    hashes: &[ContactHash],
    Window { after, limit }: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    let behind = (after.unwrap_or(i64::MIN), limit);
    let users = contact::users(db, app, hashes, behind, part.unreadable)?;
    users
        .into_iter()
        .map(|(key, user)| {
            let named = user.map(|user| named_so(db, app, user)).transpose()?;
            Ok(Walked { key, named })
        })
        .collect()
}

/// The user of a name.
fn named_so(db: &Connection, app: &AppId, user: UserId) -> Result<Named, rusqlite::Error> {
    let head = user::ensure(db, app, &user)?;
    Ok(Named {
        head,
        only: None,
        has_installation: present::has_any(db, app, &user)?,
        wishes: user_attribute::get(db, head.row)?,
        user,
    })
}

/// The owners of listed installations, in the order of their rows. Unknown installations are nobody's,
/// and are answered like known ones.
fn owners(
    db: &Connection,
    part: &Part<'_>,
    ids: &[InstallationId],
    Window { after, limit }: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    let mut owners: BTreeMap<i64, Named> = BTreeMap::new();
    for id in ids {
        let Some(user) = present::owner(db, app, *id)? else {
            continue;
        };
        let head = user::ensure(db, app, &user)?;
        let wishes = user_attribute::get(db, head.row)?;
        let owner = owners.entry(head.row).or_insert_with(|| Named {
            head,
            user,
            only: Some(Vec::new()),
            has_installation: true,
            wishes,
        });
        owner.only.get_or_insert_default().push(*id);
    }
    let owners = owners.into_iter().map(|(key, owner)| Walked {
        key,
        named: Some(owner),
    });
    let next = owners.filter(|owner| after.is_none_or(|after| owner.key > after));
    Ok(next.take(limit as usize).collect())
}

/// What may name a user.
fn ways(db: &Connection, part: &Part<'_>, named: &Named) -> Result<Ways, rusqlite::Error> {
    let (app, user) = (&part.subject.app, named.head.row);
    let sessions = present::sessions(db, app, &named.user)?.into_iter();
    Ok(Ways {
        topics: topic::names_of(db, user)?,
        contacts: contact::of_user(db, user)?,
        installations: sessions.map(|(installation, _)| installation).collect(),
    })
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
