//! Deliveries whose own time has come, a part at a time: those that were scheduled come into the logs,
//! those with a life of their own expire.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_rules::{
    collapse::TOO_LATE,
    delivery::Advanced,
    device::{self, Wanted},
    release::{Question, Released, ask, question},
    work::{Stage, WorkKind},
};
use vestnik_store::effect::{Arrived, Grown};

use super::{
    Txn,
    arrival::{Addressee, Arrivals},
    calendar::Calendar,
    change::{Changes, Subject},
    collapse::Collapse,
    delivery::{self, Key},
    event,
    expiry::{self, Pass},
    installation, notification, present, user, user_attribute, work,
};

/// A part of the work.
pub(crate) struct Part<'a> {
    /// The notification, the most deliveries to look at, and the time.
    pub(crate) pass: &'a Pass<'a>,
    pub(crate) seed: &'a [u8; 32],
    /// Whether the deliveries are looked at by a dispatch, which reaches people without an installation
    /// too and says why it could not.
    pub(crate) is_routed: bool,
    /// Which of each person's devices are meant.
    pub(crate) wanted: Wanted,
    /// What the entries bring; absent if the notification cannot be read.
    pub(crate) arrived: Option<Arc<Arrived>>,
}

impl<'a> Part<'a> {
    fn collapse(&self, db: &'a Connection) -> Option<Collapse<'a>> {
        let found = self.pass.found;
        Some(Collapse {
            db,
            subject: &found.subject,
            key: found.collapse_key.as_deref()?,
            seed: self.seed,
            now: self.pass.now,
            unreadable: self.pass.unreadable,
        })
    }
}

/// What a part came to.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Whose logs have grown.
    pub(crate) users: Vec<Grown>,
    /// The notifications that gave way to this one.
    pub(crate) gave_way: Vec<Subject>,
    /// When the next part is due: now if more is left; absent when nothing waits.
    pub(crate) due: Option<Timestamp>,
}

/// Does a part.
pub(crate) fn release(
    db: &Connection,
    part: &Part<'_>,
    changes: &mut Changes,
) -> Result<Done, rusqlite::Error> {
    let subject = &part.pass.found.subject;
    let Some(mut desk) = Desk::open(db, part, changes)? else {
        return Ok(Done::default());
    };
    let (now, rows) = (part.pass.now, part.pass.rows.max(1));
    // What expires takes no place in the pace, and does not wait for one.
    let expiring = delivery::expiring(db, subject.row, now, rows)?;
    for user in &expiring {
        desk.look(*user)?;
    }
    let left = rows.saturating_sub(u32::try_from(expiring.len()).unwrap_or(u32::MAX));
    let mut queued_until = None;
    for user in delivery::releasable(db, subject.row, now, left)? {
        queued_until = desk.look(user)?;
        if queued_until.is_some() {
            break;
        }
    }
    desk.calendar.save(db)?;
    let (users, gave_way) = (desk.users, desk.gave_way.into_values().collect());
    Ok(Done {
        users,
        gave_way,
        due: next_due(db, subject.row, queued_until)?,
    })
}

/// When the next part is due: deliveries that wait for a place in the pace until a time are not asked about
/// before, and hold up no expiry.
fn next_due(
    db: &Connection,
    notification: i64,
    queued_until: Option<Timestamp>,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    let release = match queued_until {
        Some(until) => Some(until),
        None => delivery::next_release(db, notification)?,
    };
    let expiry = delivery::next_expiry(db, notification)?;
    Ok(release.into_iter().chain(expiry).min())
}

/// What a part works with.
struct Desk<'a> {
    db: &'a Connection,
    part: &'a Part<'a>,
    calendar: Calendar,
    arrivals: Arrivals<'a>,
    collapse: Option<Collapse<'a>>,
    changes: &'a mut Changes,
    users: Vec<Grown>,
    /// The notifications that gave way, by their rows.
    gave_way: BTreeMap<i64, Subject>,
}

impl<'a> Desk<'a> {
    fn open(
        db: &'a Connection,
        part: &'a Part<'a>,
        changes: &'a mut Changes,
    ) -> Result<Option<Self>, rusqlite::Error> {
        let subject = &part.pass.found.subject;
        let content = part.arrived.as_ref().map(|of| &of.notification);
        let Some(calendar) = Calendar::load(db, subject, content)? else {
            return Ok(None);
        };
        let arrived = (part.arrived.clone(), part.pass.now);
        Ok(Some(Self {
            db,
            part,
            calendar,
            arrivals: Arrivals::prepare(db, subject.row, part.seed, arrived)?,
            collapse: part.collapse(db),
            changes,
            users: Vec::new(),
            gave_way: BTreeMap::new(),
        }))
    }

    /// Looks at a delivery; gives until when the pace has no place, if that is why it waits.
    fn look(&mut self, user: i64) -> Result<Option<Timestamp>, rusqlite::Error> {
        let (pass, key) = (self.part.pass, self.key(user));
        let read = pass
            .unreadable
            .pass_over("delivery", delivery::find(self.db, key))?;
        let Some(found) = read.flatten() else {
            // What cannot be read is passed over, and is not asked about again.
            delivery::set_release(self.db, key, None)?;
            return Ok(None);
        };
        match question(&found.state, pass.found.is_cancelled, pass.now) {
            Question::IsDue => return self.release(key, &found),
            Question::HasExpired => {
                let advanced = expiry::expired(self.db, pass, &found)?;
                self.end(key, &advanced)?;
            }
            Question::Withdrawn(advanced) => self.end(key, &advanced)?,
            Question::None => delivery::set_release(self.db, key, None)?,
        }
        Ok(None)
    }

    fn key(&self, user: i64) -> Key {
        Key {
            notification: self.part.pass.found.subject.row,
            user,
        }
    }

    /// Ends a delivery, or leaves it as it is, and asks about it no more.
    fn end(&mut self, key: Key, advanced: &Advanced) -> Result<(), rusqlite::Error> {
        if advanced.is_changed {
            delivery::update(self.db, key, &advanced.state)?;
            let subject = &self.part.pass.found.subject;
            self.changes.moved_in_part(subject, advanced.moved);
        }
        delivery::set_release(self.db, key, None)
    }

    /// Asks the schedule about a delivery.
    fn release(
        &mut self,
        key: Key,
        found: &delivery::Found,
    ) -> Result<Option<Timestamp>, rusqlite::Error> {
        let (db, now) = (self.db, self.part.pass.now);
        // A user who is being erased: their deliveries are deleted.
        let Some((mut head, name)) = user::find_row(db, key.user)? else {
            delivery::set_release(db, key, None)?;
            return Ok(None);
        };
        let subject = &self.part.pass.found.subject;
        let wishes = user_attribute::get(db, key.user)?;
        let known = self.calendar.known(db, &name, wishes)?;
        let is_reachable = self.part.is_routed || present::has_any(db, &subject.app, &name)?;
        let turn = if self.is_too_late(key.user)? {
            TOO_LATE
        } else {
            self.calendar.turn(&known, is_reachable, now)
        };
        match ask(found.state.clone(), turn, is_reachable, now) {
            Released::Now {
                advanced,
                expires_at,
            } => {
                let wanted = &self.part.wanted;
                let listed = found.addressed.named(wanted).map(<[_]>::to_vec);
                let addressed = device::address(wanted, listed, || {
                    installation::candidates(db, &subject.app, &name)
                })?;
                let released = delivery::Released {
                    seq: head.seq + 1,
                    state: &advanced.state,
                    due_at: self.part.is_routed.then_some(now),
                    expires_at,
                    addressed: &addressed,
                };
                delivery::release(db, key, &released)?;
                self.changes.moved_in_part(subject, advanced.moved);
                let to = Addressee {
                    user: &name,
                    only: addressed.only.as_deref(),
                    expires_at,
                };
                let grown = self.arrivals.append(&mut head, to)?;
                self.take_place(key.user, grown)?;
            }
            Released::Later(at) => delivery::set_release(db, key, Some(at))?,
            Released::Queued(until) => return Ok(Some(until)),
            Released::Ended(advanced) => self.end(key, &advanced)?,
        }
        Ok(None)
    }

    fn is_too_late(&self, user: i64) -> Result<bool, rusqlite::Error> {
        let collapse = self.collapse.as_ref();
        collapse.map_or(Ok(false), |collapse| collapse.is_too_late(user))
    }

    /// Has earlier notifications with the same key give way, and notes that the log has grown.
    fn take_place(&mut self, user: i64, mut grown: Grown) -> Result<(), rusqlite::Error> {
        if let Some(collapse) = &self.collapse {
            let gave_way = collapse.take_place((user, &grown.user), self.changes)?;
            if !gave_way.is_empty() {
                // It may have grown by more than the arrival.
                grown = Grown::unread(grown.user);
            }
            let gave_way = gave_way.into_iter().map(|subject| (subject.row, subject));
            self.gave_way.extend(gave_way);
        }
        self.users.push(grown);
        Ok(())
    }
}

/// Sees to it that a notification has a row of work that is due when the schedule is asked about its next
/// delivery, if it is. A row that somebody holds, or that failed, is left to whoever ends that.
pub(crate) fn wake(
    txn: &mut Txn<'_>,
    subject: &Subject,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Some(due) = next_due(txn, subject.row, None)? else {
        return Ok(());
    };
    let stage = Stage {
        kind: WorkKind::Release,
        due,
    };
    if let Some(row) = notification::release(txn, subject.row)? {
        work::set_waiting(txn, row, due)?;
    } else {
        let row = work::insert(txn, &subject.app, subject.row, stage, None)?;
        notification::set_release(txn, subject.row, Some(row))?;
    }
    event::work_due(txn, &subject.app, stage, now)
}
