//! One part of a claimed row's work.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, InstallationId};
use vestnik_rules::{
    contact::ContactKey,
    receipt::{MarkRead, Reporter},
    work::{EVENTS_KEPT, Progress, Stage, WorkKind, next_stage, next_sweep},
};
use vestnik_store::{
    effect::{Arrived, Grown, Told},
    work::Part,
};

use super::publishing::is_routed;
use crate::{
    table::{
        Txn, asking, audience, audience_line, audience_problem,
        change::{Changes, Subject},
        dispatch, erased_user, erasure, event, expansion,
        expiry::{self, Pass},
        idempotency, marking, notification, recall, release,
        report::Desk,
        resume, retention, retry, sweep, told, topic, user,
        work::{self, Held, Next},
    },
    value::Unreadable,
};

/// A part, its row, and what both come to.
struct Job<'a> {
    part: &'a Part,
    key: &'a ContactKey,
    held: Held,
    unreadable: &'a Unreadable,
    changes: Changes,
    /// Whose logs have grown.
    grown: Vec<Grown>,
    /// The notification of which deliveries may be due to be sent, and whether others may wait for their
    /// own time.
    expanded: Option<(Subject, bool)>,
    /// The notifications of which something that waited is due to be sent, looked at, or withdrawn.
    resumed: Vec<Subject>,
    /// The notifications of which deliveries are asked about anew.
    asked: Vec<Subject>,
    /// What the App's backend is told.
    told: Option<(told::Of, Told)>,
    /// Other work that it left, by its App.
    left: Vec<(AppId, Stage)>,
}

/// Does a part, if the claim still holds its row.
pub(crate) fn perform(
    txn: &mut Txn<'_>,
    part: &Part,
    (key, unreadable): (&ContactKey, &Unreadable),
) -> Result<Progress, rusqlite::Error> {
    let db = txn.connection();
    let Some(held) = work::held(db, &part.claim)? else {
        return Ok(Progress::Lost);
    };
    let mut job = Job {
        part,
        key,
        held,
        unreadable,
        changes: Changes::default(),
        grown: Vec::new(),
        expanded: None,
        resumed: Vec::new(),
        asked: Vec::new(),
        told: None,
        left: Vec::new(),
    };
    let next = job.perform(db)?;
    work::finish(db, &job.held, &next, part.now)?;
    let Job {
        held,
        changes,
        grown,
        expanded,
        resumed,
        asked,
        told,
        left,
        ..
    } = job;
    changes.write(txn, part.now)?;
    if let Some((of, told)) = told {
        told::write(txn, &held.app, of, (told, part.now))?;
    }
    if let Some((subject, may_wait)) = expanded {
        dispatch::wake(txn, &subject, part.now)?;
        if may_wait {
            release::wake(txn, &subject, part.now)?;
        }
    }
    for subject in &resumed {
        dispatch::wake(txn, subject, part.now)?;
    }
    for subject in asked {
        release::wake(txn, &subject, part.now)?;
    }
    work_left(txn, &left, part.now)?;
    event::log_grew(txn, &held.app, grown, part.now)?;
    Ok(match next {
        Next::Done => Progress::Finished,
        Next::More(_) => Progress::More,
        Next::Stage(stage) => {
            if stage.kind == WorkKind::Sweep {
                // It goes on holding what was deleted since it was cut last.
                txn.cut_log();
            }
            event::work_due(txn, &held.app, stage, part.now)?;
            Progress::Finished
        }
    })
}

/// What rows a part has left is due.
fn work_left(
    txn: &mut Txn<'_>,
    left: &[(AppId, Stage)],
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let mut left = left.iter();
    left.try_for_each(|(app, stage)| event::work_due(txn, app, *stage, now))
}

impl Job<'_> {
    fn perform(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        match self.held.kind {
            WorkKind::Expand => self.expand(db),
            WorkKind::Expire => self.expire(db),
            WorkKind::Release => self.release(db),
            WorkKind::Settle => self.settle(db),
            WorkKind::Retain => self.retain(db),
            // It is not done within one transaction: `vestnik_store::Dispatch`.
            WorkKind::Dispatch => Ok(Next::Done),
            // Nor is this: `vestnik_store::Webhooks`.
            WorkKind::Webhook => Ok(Next::Done),
            WorkKind::Recall => self.recall(db),
            WorkKind::Retry => self.retry(db),
            WorkKind::Resume => self.resume(db),
            WorkKind::AskAnew => self.ask_anew(db),
            WorkKind::MarkRead => self.mark_read(db),
            WorkKind::DeleteTopic => {
                let is_more = topic::delete_part(db, self.held.target, self.part.rows)?;
                Ok(more_or_done(is_more))
            }
            WorkKind::DeleteAudience => {
                let (audience, rows) = (self.held.target, self.part.rows);
                let is_more = audience_line::delete_part(db, audience, rows)?
                    || audience_problem::delete_part(db, audience, rows)?;
                if !is_more {
                    audience::delete(db, audience)?;
                }
                Ok(more_or_done(is_more))
            }
            WorkKind::EraseUser => {
                let (user, rows) = (self.held.target, self.part.rows);
                let is_more = erasure::delete_part(db, user, rows, &mut self.changes)?;
                Ok(more_or_done(is_more))
            }
            WorkKind::Sweep => self.sweep(db),
        }
    }

    fn expand(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let row = self.held.target;
        let Some(found) = notification::find_row(db, row)? else {
            return Ok(Next::Done);
        };
        let now = self.part.now;
        if found.is_cancelled {
            let kind = WorkKind::Expire;
            return Ok(Next::Stage(Stage { kind, due: now }));
        }
        let Some(position) = found.position else {
            return Ok(stage_behind(WorkKind::Expand, &found));
        };
        let plan = notification::plan(db, row)?;
        let part = expansion::Part {
            subject: &found.subject,
            plan: &plan,
            accepted_at: found.accepted_at,
            key: self.key,
            position,
            rows: self.part.rows,
            seed: &self.part.seed,
            now,
            is_routed: is_routed(db, &found.subject.app, row)?,
            wanted: notification::wanted(db, row)?,
            arrived: self.arrived(db, row)?,
            collapse_key: found.collapse_key.as_deref(),
            unreadable: self.unreadable,
        };
        let expanded = expansion::expand(db, &part, &mut self.changes)?;
        notification::set_position(db, row, expanded.position)?;
        self.grown = expanded.users;
        self.resumed = expanded.gave_way;
        self.expanded = Some((found.subject.clone(), true));
        Ok(match expanded.position {
            Some(_) => Next::More(None),
            None => stage_behind(WorkKind::Expand, &found),
        })
    }

    /// Ends deliveries: before the expiry, those of a cancelled notification.
    fn expire(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let Some(found) = notification::find_row(db, self.held.target)? else {
            return Ok(Next::Done);
        };
        let mut pass = self.pass(&found);
        pass.go_on(self.held.position.as_deref());
        let is_expired = pass.is_expired();
        let rest = if is_expired || found.is_cancelled {
            let mut changes = Changes::default();
            let after = expiry::end(db, &pass, &mut changes)?;
            let rest = after.map(|after| pass.position(after));
            self.changes = changes;
            rest
        } else {
            None
        };
        Ok(match rest {
            Some(position) => Next::More(Some(position)),
            None if is_expired => stage_behind(WorkKind::Expire, &found),
            None => Next::Stage(Stage {
                kind: WorkKind::Expire,
                due: found.expires_at,
            }),
        })
    }

    /// What the entries of this part bring.
    fn arrived(&self, db: &Connection, row: i64) -> Result<Option<Arc<Arrived>>, rusqlite::Error> {
        let read = notification::content(db, row);
        let read = self.unreadable.pass_over("notification", read)?;
        Ok(read.map(|(notification, bytes)| {
            Arc::new(Arrived {
                at: self.part.now,
                bytes,
                notification,
            })
        }))
    }

    /// Asks the schedule about the deliveries that wait for their own time.
    fn release(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let row = self.held.target;
        let Some(found) = notification::find_row(db, row)?.filter(|found| !found.is_forgotten)
        else {
            return Ok(Next::Done);
        };
        let pass = self.pass(&found);
        let part = release::Part {
            pass: &pass,
            seed: &self.part.seed,
            is_routed: is_routed(db, &found.subject.app, row)?,
            wanted: notification::wanted(db, row)?,
            arrived: self.arrived(db, row)?,
        };
        let mut changes = Changes::default();
        let done = release::release(db, &part, &mut changes)?;
        self.changes = changes;
        self.grown = done.users;
        self.resumed = done.gave_way;
        self.expanded = Some((found.subject.clone(), false));
        Ok(match done.due {
            None => {
                notification::set_release(db, row, None)?;
                Next::Done
            }
            Some(due) if due <= self.part.now => Next::More(None),
            Some(due) => Next::Stage(Stage {
                kind: WorkKind::Release,
                due,
            }),
        })
    }

    /// Notes that nothing is waited for any more.
    fn settle(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let Some(found) = notification::find_row(db, self.held.target)? else {
            return Ok(Next::Done);
        };
        let told = notification::settle(db, &found, self.part.now)?;
        self.told = told.map(|told| (told::Of::Notification(found.subject.row), told));
        Ok(stage_behind(WorkKind::Settle, &found))
    }

    fn retain(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let is_more = retention::delete_part(db, self.held.target, self.part.rows)?;
        Ok(more_or_done(is_more))
    }

    fn recall(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let Some(found) = notification::find_row(db, self.held.target)? else {
            return Ok(Next::Done);
        };
        if found.is_forgotten {
            return Ok(Next::Done);
        }
        let mut changes = Changes::default();
        let pass = self.pass(&found);
        let recalled = recall::recall(db, &pass, &self.part.seed, &mut changes)?;
        self.changes = changes;
        self.grown = recalled.users.into_iter().map(Grown::unread).collect();
        self.expanded = Some((found.subject.clone(), false));
        Ok(match recalled.after {
            Some(after) => Next::More(Some(after.to_string())),
            None => Next::Done,
        })
    }

    fn retry(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let Some(found) = notification::find_row(db, self.held.target)? else {
            return Ok(Next::Done);
        };
        let pass = self.pass(&found);
        if found.is_forgotten || found.is_cancelled || pass.is_expired() {
            return Ok(Next::Done);
        }
        let mut changes = Changes::default();
        let is_routed = is_routed(db, &found.subject.app, found.subject.row)?;
        let retried = retry::retry(db, &pass, is_routed, &mut changes)?;
        self.changes = changes;
        self.expanded = Some((found.subject.clone(), true));
        Ok(match retried.after {
            Some(after) => Next::More(Some(after.to_string())),
            None => Next::Done,
        })
    }

    fn resume(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let position = self.held.position.as_deref();
        let Some(position) = position.and_then(resume::Position::parse) else {
            return Ok(Next::Done);
        };
        let part = resume::Part {
            app: &self.held.app,
            position,
            rows: self.part.rows,
            now: self.part.now,
            unreadable: self.unreadable,
        };
        let (due, next) = resume::resume(db, &part)?;
        self.resumed = due;
        Ok(next.map_or(Next::Done, |next| Next::More(Some(next.to_string()))))
    }

    fn pass<'a>(&'a self, found: &'a notification::Found) -> Pass<'a> {
        let position = self.held.position.as_deref();
        Pass {
            found,
            after: position
                .and_then(|position| position.parse().ok())
                .unwrap_or(i64::MIN),
            rows: self.part.rows,
            now: self.part.now,
            unreadable: self.unreadable,
        }
    }

    fn ask_anew(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let asked = asking::part(db, &self.held, self.part.rows, self.part.now)?;
        self.asked = asked.due;
        self.resumed = asked.looked_at;
        Ok(match asked.position {
            Some(position) => Next::More(Some(position)),
            None => Next::Done,
        })
    }

    fn mark_read(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let mark = self.held.position.as_deref();
        let mark = mark.and_then(|mark| serde_json::from_str::<MarkRead>(mark).ok());
        let user = user::find_row(db, self.held.target)?;
        let (Some(mark), Some((head, user))) = (mark, user) else {
            return Ok(Next::Done);
        };
        let app: AppId = self.held.app.clone();
        let mut desk = Desk {
            app: &app,
            user: &user,
            head,
            reporter: Reporter {
                installation: InstallationId::from_uuid(mark.installation.uuid()),
                now: self.part.now,
            },
            seed: &self.part.seed,
            unreadable: self.unreadable,
            changes: Changes::default(),
            has_grown: false,
            responses: Vec::new(),
            due: Vec::new(),
            has_rest: false,
        };
        let rest = marking::mark(db, &mut desk, mark, self.part.rows)?;
        let has_grown = desk.has_grown;
        self.changes = desk.changes;
        self.resumed = desk.due;
        self.grown.extend(has_grown.then_some(Grown::unread(user)));
        Ok(match rest {
            Some(rest) => Next::More(Some(crate::value::to_json(&rest)?)),
            None => Next::Done,
        })
    }

    /// Deletes what the whole database keeps only for a while.
    fn sweep(&mut self, db: &Connection) -> Result<Next, rusqlite::Error> {
        let Part { now, rows, .. } = *self.part;
        let events_before = now.checked_sub(EVENTS_KEPT).unwrap_or(now);
        let mut is_more = event::old::sweep(db, events_before, rows)?;
        is_more |= idempotency::sweep(db, now, rows)? == rows as usize;
        is_more |= erased_user::sweep(db, now, rows)? == rows as usize;
        is_more |= sweep::sessions(db, now, rows)?;
        self.left = audience::sweep(db, now, rows)?;
        if is_more {
            return Ok(Next::More(None));
        }
        Ok(Next::Stage(Stage {
            kind: WorkKind::Sweep,
            due: next_sweep(now),
        }))
    }
}

fn stage_behind(done: WorkKind, found: &notification::Found) -> Next {
    next_stage(done, &found.life()).map_or(Next::Done, Next::Stage)
}

fn more_or_done(is_more: bool) -> Next {
    if is_more {
        Next::More(None)
    } else {
        Next::Done
    }
}
