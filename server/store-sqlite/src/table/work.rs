//! Work: what is due when, claimed by lease and fence.
//!
//! A row can be claimed from `ready_at` on. A claim moves it to the end of the lease and raises the
//! fence; whatever ends the claim raises the fence too, so that the claim does nothing twice.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, open::Word as _};
use vestnik_rules::{
    webhook::IDLE,
    work::{Claim, Stage, WorkKind},
};
use vestnik_store::work::{Backlog, ClaimQuery, Claimed, FailedWork};

use crate::{
    sql::statements,
    value::{millis, optional_time, time},
};

statements! {
    INSERT = "INSERT INTO work (kind, app, target, due_at, ready_at, position)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)";
    ANY_READY = "SELECT 1 FROM work WHERE kind = ?1 AND ready_at <= ?2 LIMIT 1";
    NEXT_APP = "SELECT app FROM work WHERE kind = ?1 AND app > ?2 ORDER BY app LIMIT 1";
    READY_OF_APP = "SELECT id, tries FROM work
         WHERE kind = ?1 AND app = ?2 AND ready_at <= ?3 ORDER BY ready_at LIMIT 1";
    CLAIM = "UPDATE work SET ready_at = ?2, fence = fence + 1, is_claimed = 1
         WHERE id = ?1 RETURNING fence";
    /// Work whose part may have ended the process before waits for the end of its lease.
    RELEASE = "UPDATE work SET ready_at = CASE tries WHEN 0 THEN due_at ELSE ready_at END,
             fence = fence + 1, is_claimed = 0, tries = tries + 1
         WHERE is_claimed = 1";
    HELD = "SELECT target, position FROM work
         WHERE id = ?1 AND fence = ?2 AND kind = ?3 AND app = ?4";
    SET_WAITING = "UPDATE work SET due_at = ?2, ready_at = ?2
         WHERE id = ?1 AND is_claimed = 0 AND tries = 0";
    DELETE_WAITING = "DELETE FROM work WHERE id = ?1 AND is_claimed = 0 AND tries = 0";
    /// Rows of webhooks that wait for an event of their App.
    WAKE_WEBHOOKS = "UPDATE work SET due_at = ?3, ready_at = ?3
         WHERE kind = 'webhook' AND app = ?1 AND ready_at = ?2 AND is_claimed = 0";
    SET = "UPDATE work SET kind = ?2, due_at = ?3, ready_at = ?3, position = ?4, fence = fence + 1,
             is_claimed = 0, tries = 0, error = NULL
         WHERE id = ?1";
    DELETE = "DELETE FROM work WHERE id = ?1";
    PUT_BACK = "UPDATE work SET ready_at = ?5, fence = fence + 1, is_claimed = 0, tries = tries + 1,
             error = ?6
         WHERE id = ?1 AND fence = ?2 AND kind = ?3 AND app = ?4";
    NEXT_DUE = "SELECT ready_at FROM work WHERE kind = ?1 ORDER BY ready_at LIMIT 1";
    OLDEST = "SELECT due_at FROM work WHERE kind = ?1 AND ready_at <= ?2 ORDER BY ready_at LIMIT 1";
    FAILING = "SELECT count(*), min(due_at), max(id) FROM work WHERE kind = ?1 AND tries > 0";
    ERROR = "SELECT error FROM work WHERE id = ?1";
    OF_TARGET = "SELECT 1 FROM work WHERE kind = ?1 AND app = ?2 AND target = ?3 LIMIT 1";
    MARKS_OF_USER = "SELECT id, position FROM work WHERE kind = 'mark_read' AND target = ?1";
    DELETE_MARKS = "DELETE FROM work WHERE kind = 'mark_read' AND target = ?1";
}

/// The most Apps that one call of [`claim`] looks at: two look-ups each, on the thread that writes.
pub(crate) const WALK: usize = 256;

/// A row that a claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: i64,
    pub(crate) kind: WorkKind,
    pub(crate) app: AppId,
    pub(crate) target: i64,
    pub(crate) position: Option<String>,
}

/// What a part leaves of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: the row is deleted.
    Done,
    /// More of the same, which goes on at this position at the end of the queue.
    More(Option<String>),
    /// Another stage, or the same one at a later time.
    Stage(Stage),
}

/// Adds a row and gives its id.
pub(crate) fn insert(
    db: &Connection,
    app: &AppId,
    target: i64,
    stage: Stage,
    position: Option<&str>,
) -> Result<i64, rusqlite::Error> {
    let Stage { kind, due } = stage;
    db.prepare_cached(INSERT)?.execute((
        kind.as_str(),
        app.as_str(),
        target,
        millis(due),
        position,
    ))?;
    Ok(db.last_insert_rowid())
}

/// Claims rows that are due: the Apps in order, beginning behind the one that was looked at last and
/// going round once at the most, one row of each. A call looks at [`WALK`] Apps at the most: one that
/// has rows of later times only costs as much as one whose row is due.
pub(crate) fn claim(db: &Connection, asked: &ClaimQuery) -> Result<Claimed, rusqlite::Error> {
    let mut claimed = Claimed {
        claims: Vec::new(),
        behind: asked.behind.clone(),
        has_gone_round: true,
    };
    let is_any = db
        .prepare_cached(ANY_READY)?
        .exists((asked.kind.as_str(), millis(asked.now)))?;
    if !is_any {
        return Ok(claimed);
    }
    let start = asked.behind.as_ref().map_or("", AppId::as_str);
    let mut looked_at = 0;
    // Up to the last App, and then from the first one up to where the round began.
    for (mut app, end) in [(start.to_owned(), None), (String::new(), Some(start))] {
        while let Some(next) = next_app(db, asked.kind, &app)? {
            if end.is_some_and(|end| next.as_str() > end) {
                break;
            }
            if looked_at >= WALK || claimed.claims.len() >= asked.limit as usize {
                claimed.has_gone_round = false;
                return Ok(claimed);
            }
            looked_at += 1;
            // A row whose App has no name of this version stays where it is.
            if let Ok(known) = AppId::parse(&next) {
                if !asked.except.contains(&known) {
                    claimed.claims.extend(claim_one(db, asked, &known)?);
                }
                claimed.behind = Some(known);
            }
            app = next;
        }
    }
    Ok(claimed)
}

/// Makes void every claim that was made before the file was opened; one server has it at a time, so
/// that nobody can hold one. Rows that wait after a failure go on waiting. Gives the number of claims.
pub(crate) fn release(db: &Connection) -> Result<usize, rusqlite::Error> {
    db.prepare_cached(RELEASE)?.execute([])
}

fn next_app(
    db: &Connection,
    kind: WorkKind,
    behind: &str,
) -> Result<Option<String>, rusqlite::Error> {
    db.prepare_cached(NEXT_APP)?
        .query_row((kind.as_str(), behind), |row| row.get(0))
        .optional()
}

fn claim_one(
    db: &Connection,
    asked: &ClaimQuery,
    app: &AppId,
) -> Result<Option<Claim>, rusqlite::Error> {
    let found: Option<(i64, u32)> = db
        .prepare_cached(READY_OF_APP)?
        .query_row(
            (asked.kind.as_str(), app.as_str(), millis(asked.now)),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, tries)) = found else {
        return Ok(None);
    };
    let fence = db
        .prepare_cached(CLAIM)?
        .query_row((id, millis(asked.lease_until)), |row| row.get(0))?;
    Ok(Some(Claim {
        id: u64::try_from(id).unwrap_or_default(),
        kind: asked.kind,
        app: app.clone(),
        fence,
        tries,
    }))
}

/// The row of a claim, if the claim still holds it.
pub(crate) fn held(db: &Connection, claim: &Claim) -> Result<Option<Held>, rusqlite::Error> {
    let Claim {
        id,
        kind,
        app,
        fence,
        tries: _,
    } = claim;
    let id = i64::try_from(*id).unwrap_or(i64::MAX);
    db.prepare_cached(HELD)?
        .query_row((id, fence, kind.as_str(), app.as_str()), |row| {
            Ok(Held {
                id,
                kind: *kind,
                app: app.clone(),
                target: row.get(0)?,
                position: row.get(1)?,
            })
        })
        .optional()
}

/// Whether there is a row of a kind about something.
pub(crate) fn is_under_way(
    db: &Connection,
    kind: WorkKind,
    app: &AppId,
    target: i64,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(OF_TARGET)?
        .exists((kind.as_str(), app.as_str(), target))
}

/// Makes a row that waits due at another time. One that somebody holds, or that failed, is left as it is.
pub(crate) fn set_waiting(db: &Connection, id: i64, due: Timestamp) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_WAITING)?
        .execute((id, millis(due)))
        .map(drop)
}

/// Deletes a row that waits; tells whether it did.
pub(crate) fn delete_waiting(db: &Connection, id: i64) -> Result<bool, rusqlite::Error> {
    let deleted = db.prepare_cached(DELETE_WAITING)?.execute([id])?;
    Ok(deleted == 1)
}

/// Ends a claim with what its part leaves.
pub(crate) fn finish(
    db: &Connection,
    held: &Held,
    next: &Next,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    match next {
        Next::Done => db.prepare_cached(DELETE)?.execute([held.id]).map(drop),
        Next::More(position) => {
            let stage = Stage {
                kind: held.kind,
                due: now,
            };
            set(db, held.id, stage, position.as_deref())
        }
        Next::Stage(stage) => set(db, held.id, *stage, None),
    }
}

/// Makes a row anew, whoever holds it: a claim of it is lost.
pub(crate) fn set(
    db: &Connection,
    id: i64,
    stage: Stage,
    position: Option<&str>,
) -> Result<(), rusqlite::Error> {
    let Stage { kind, due } = stage;
    db.prepare_cached(SET)?
        .execute((id, kind.as_str(), millis(due), position))
        .map(drop)
}

/// Deletes a row, whoever holds it.
pub(crate) fn delete(db: &Connection, id: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([id]).map(drop)
}

/// Makes due what waits for an event of an App; tells whether anything did.
pub(crate) fn wake_webhooks(
    db: &Connection,
    app: &AppId,
    at: Timestamp,
) -> Result<bool, rusqlite::Error> {
    let woken =
        db.prepare_cached(WAKE_WEBHOOKS)?
            .execute((app.as_str(), millis(IDLE), millis(at)))?;
    Ok(woken > 0)
}

/// Puts a row back that failed; tells whether the claim still held it.
pub(crate) fn put_back(db: &Connection, failure: &FailedWork) -> Result<bool, rusqlite::Error> {
    let FailedWork { claim, due, error } = failure;
    let changed = db.prepare_cached(PUT_BACK)?.execute((
        claim.id,
        claim.fence,
        claim.kind.as_str(),
        claim.app.as_str(),
        millis(*due),
        error,
    ))?;
    Ok(changed == 1)
}

/// When the next row of a kind can be claimed.
pub(crate) fn next_due(
    db: &Connection,
    kind: WorkKind,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_DUE)?
        .query_row([kind.as_str()], |row| time(row, 0))
        .optional()
}

/// What waits and what fails of a kind.
pub(crate) fn backlog(
    db: &Connection,
    kind: WorkKind,
    now: Timestamp,
) -> Result<Backlog, rusqlite::Error> {
    let waiting: Option<Timestamp> = db
        .prepare_cached(OLDEST)?
        .query_row((kind.as_str(), millis(now)), |row| time(row, 0))
        .optional()?;
    let (failing, since, last): (u64, Option<Timestamp>, Option<i64>) = db
        .prepare_cached(FAILING)?
        .query_row([kind.as_str()], |row| {
            Ok((row.get(0)?, optional_time(row, 1)?, row.get(2)?))
        })?;
    let error: Option<Option<String>> = match last {
        Some(last) => db
            .prepare_cached(ERROR)?
            .query_row([last], |row| row.get(0))
            .optional()?,
        None => None,
    };
    Ok(Backlog {
        kind,
        oldest_due: [waiting, since].into_iter().flatten().min(),
        failing,
        error: error.flatten(),
    })
}

/// The rows of a user that mark the rest of what was read: ids with positions.
pub(crate) fn marks_of(
    db: &Connection,
    user: i64,
) -> Result<Vec<(i64, Option<String>)>, rusqlite::Error> {
    db.prepare_cached(MARKS_OF_USER)?
        .query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Deletes the rows of a user that mark the rest of what was read.
pub(crate) fn delete_marks(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_MARKS)?.execute([user]).map(drop)
}
