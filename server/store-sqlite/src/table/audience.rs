//! Uploaded audiences.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, AudienceFile, AudienceFileState, AudienceId, Open,
    audience_file::{NewAudienceFile, Shape},
};
use vestnik_rules::{
    audience::Plan,
    audience_file::State,
    work::{Stage, WorkKind},
};
use vestnik_store::audience_files::{Append, NewAudience, Unusable, Upload};

use super::{Txn, event, work};
use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::{Unreadable, json, millis, optional_time, optional_word, parsed, time, to_json, uuid},
};

statements! {
    COUNT = "SELECT count(*) FROM audience WHERE app = ?1 AND id IS NOT NULL";
    LINES = "SELECT coalesce(sum(good), 0) FROM audience WHERE app = ?1 AND id IS NOT NULL";
    INSERT = "INSERT INTO audience (app, id, name, shape, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND = "SELECT row, state, bytes, bad FROM audience WHERE id = ?2 AND app = ?1";
    VIEW = "SELECT id, name, shape, state, failure, bytes, good, bad, duplicates, created_at, ready_at,
             expires_at FROM audience WHERE id = ?2 AND app = ?1";
    OF_APP = "SELECT id, name, shape, state, failure, bytes, good, bad, duplicates, created_at, ready_at,
             expires_at FROM audience WHERE app = ?1 AND id IS NOT NULL ORDER BY row DESC";
    READER = "SELECT shape, bytes, reader, rest, row FROM audience WHERE id = ?2 AND app = ?1";
    ADVANCE = "UPDATE audience SET state = ?2, failure = ?3, bytes = ?4, reader = ?5, rest = ?6,
             good = good + ?7, bad = bad + ?8, duplicates = duplicates + ?9, ready_at = ?10,
             expires_at = ?11 WHERE row = ?1";
    /// Whether one of the notifications that are still to be expanded names it.
    IN_USE = "SELECT 1 FROM planned_audience WHERE audience = ?1 LIMIT 1";
    PLAN = "INSERT INTO planned_audience (audience, notification) VALUES (?1, ?2)
         ON CONFLICT (audience, notification) DO NOTHING";
    UNPLAN = "DELETE FROM planned_audience WHERE notification = ?1";
    EXPIRED = "SELECT row, app FROM audience WHERE expires_at <= ?1 AND id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM planned_audience p WHERE p.audience = audience.id)
         ORDER BY expires_at LIMIT ?2";
    UNNAME = "UPDATE audience SET id = NULL, name = '', rest = NULL WHERE row = ?1";
    DELETE = "DELETE FROM audience WHERE row = ?1";
    SEALED = "SELECT row, rest FROM audience WHERE rest IS NOT NULL";
    RESEAL = "UPDATE audience SET rest = ?2 WHERE row = ?1";
}

const TABLE: &str = "audience";

/// An audience's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) row: i64,
    pub(crate) state: AudienceFileState,
    pub(crate) bytes: u64,
    pub(crate) bad: u64,
}

/// How many audiences an App has.
pub(crate) fn count(db: &Connection, app: &AppId) -> Result<u32, rusqlite::Error> {
    db.prepare_cached(COUNT)?
        .query_row([app.as_str()], |row| row.get(0))
}

/// How many lines that name somebody all audiences of an App have.
pub(crate) fn lines(db: &Connection, app: &AppId) -> Result<u64, rusqlite::Error> {
    db.prepare_cached(LINES)?
        .query_row([app.as_str()], |row| row.get(0))
}

/// Makes an audience whose file is empty.
pub(crate) fn insert(db: &Connection, new: &NewAudience) -> Result<(), rusqlite::Error> {
    let NewAudienceFile { name, shape } = &new.file;
    db.prepare_cached(INSERT)?
        .execute((
            new.app.as_str(),
            new.id.uuid().into_bytes(),
            name,
            to_json(shape)?,
            millis(new.now),
            millis(new.expires_at),
        ))
        .map(drop)
}

/// An App's audience. One whose state another version wrote is not ready, and not uploaded to.
pub(crate) fn find(
    db: &Connection,
    app: &AppId,
    id: AudienceId,
) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((app.as_str(), id.uuid().into_bytes()), |row| {
            Ok(Found {
                row: row.get(0)?,
                state: optional_word(row, 1)?.unwrap_or(AudienceFileState::Failed),
                bytes: row.get(2)?,
                bad: row.get(3)?,
            })
        })
        .optional()
}

/// An audience as its sender sees it.
pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    id: AudienceId,
) -> Result<Option<AudienceFile>, rusqlite::Error> {
    db.prepare_cached(VIEW)?
        .query_row((app.as_str(), id.uuid().into_bytes()), of_row)
        .optional()
}

/// The audiences of an App, the newest first. One that cannot be read is passed over.
pub(crate) fn of_app(
    db: &Connection,
    app: &AppId,
    unreadable: &Unreadable,
) -> Result<Vec<AudienceFile>, rusqlite::Error> {
    let mut statement = db.prepare_cached(OF_APP)?;
    let mut rows = statement.query([app.as_str()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.extend(unreadable.pass_over(TABLE, of_row(row))?);
    }
    Ok(all)
}

fn of_row(row: &Row<'_>) -> Result<AudienceFile, rusqlite::Error> {
    let shape: Shape = json(row, 2)?;
    let failure: Option<String> = row.get(4)?;
    let (good, bad, duplicates): (u64, u64, u64) = (row.get(6)?, row.get(7)?, row.get(8)?);
    Ok(AudienceFile {
        id: AudienceId::from_uuid(uuid(row, 0)?),
        name: row.get(1)?,
        format: shape.format(),
        state: Open::read(row.get_ref(3)?.as_str()?),
        failure: failure.as_deref().map(Open::read),
        bytes: row.get(5)?,
        lines: good + bad + duplicates,
        good,
        bad,
        duplicates,
        created_at: time(row, 9)?,
        ready_at: optional_time(row, 10)?,
        expires_at: time(row, 11)?,
    })
}

/// What an upload goes on with.
pub(crate) fn upload(
    db: &Connection,
    seal: &Seal,
    (app, id): (&AppId, AudienceId),
) -> Result<Option<Upload>, rusqlite::Error> {
    let Some(audience) = view(db, app, id)? else {
        return Ok(None);
    };
    let found = db
        .prepare_cached(READER)?
        .query_row((app.as_str(), id.uuid().into_bytes()), |row| {
            let mut state: State = json(row, 2)?;
            state.offset = row.get(1)?;
            if let Some(rest) = row.get_ref(3)?.as_blob_or_null()? {
                let name = row.get::<_, i64>(4)?.to_string();
                state.rest = seal.open_column(&place(&[&name]), 3, rest)?;
            }
            Ok((json(row, 0)?, state))
        })
        .optional()?;
    Ok(found.map(|(shape, state)| Upload {
        audience,
        shape,
        state,
    }))
}

/// Notes how far a file was read, and how many of the lines that are good are new.
pub(crate) fn advance(
    db: &Connection,
    seal: &Seal,
    row: i64,
    (part, new): (&Append, u64),
) -> Result<(), rusqlite::Error> {
    let name = row.to_string();
    let rest = (!part.state.rest.is_empty())
        .then(|| seal.seal_column(&place(&[&name]), &part.state.rest))
        .transpose()?;
    let ready_at = part.became == AudienceFileState::Ready;
    db.prepare_cached(ADVANCE)?
        .execute((
            row,
            part.became.as_str(),
            part.failure.map(|failure| failure.as_str()),
            part.state.offset,
            to_json(&part.state)?,
            rest,
            new,
            part.read.bad.len(),
            part.read.good.len() as u64 - new,
            ready_at.then(|| millis(part.now)),
            millis(part.expires_at),
        ))
        .map(drop)
}

/// Whether a notification is still to be expanded that names an audience.
pub(crate) fn is_in_use(db: &Connection, id: AudienceId) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(IN_USE)?.exists([id.uuid().into_bytes()])
}

/// Notes which audiences a notification names that is to be expanded.
pub(crate) fn plan(db: &Connection, notification: i64, plan: &Plan) -> Result<(), rusqlite::Error> {
    for id in plan.audiences() {
        db.prepare_cached(PLAN)?
            .execute((id.uuid().into_bytes(), notification))?;
    }
    Ok(())
}

/// Notes that a notification is expanded no further.
pub(crate) fn unplan(db: &Connection, notification: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(UNPLAN)?.execute([notification]).map(drop)
}

/// Deletes an audience: its lines are left as work.
pub(crate) fn leave(
    txn: &mut Txn<'_>,
    app: &AppId,
    row: i64,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let stage = unname(txn.connection(), app, row, now)?;
    event::work_due(txn, app, stage, now)
}

fn unname(
    db: &Connection,
    app: &AppId,
    row: i64,
    now: Timestamp,
) -> Result<Stage, rusqlite::Error> {
    db.prepare_cached(UNNAME)?.execute([row])?;
    let stage = Stage {
        kind: WorkKind::DeleteAudience,
        due: now,
    };
    work::insert(db, app, row, stage, None)?;
    Ok(stage)
}

/// Deletes the next `rows` audiences whose time is over and that are not in use; gives the Apps of which
/// it left work.
pub(crate) fn sweep(
    db: &Connection,
    now: Timestamp,
    rows: u32,
) -> Result<Vec<(AppId, Stage)>, rusqlite::Error> {
    let expired = db
        .prepare_cached(EXPIRED)?
        .query_map((millis(now), rows), |row| {
            Ok((row.get(0)?, parsed(row, 1)?))
        })?
        .collect::<Result<Vec<(i64, AppId)>, _>>()?;
    let mut left = Vec::new();
    for (row, app) in expired {
        let stage = unname(db, &app, row, now)?;
        left.push((app, stage));
    }
    Ok(left)
}

/// Deletes an audience of which no line is left.
pub(crate) fn delete(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([row]).map(drop)
}

/// The uploaded audiences of a plan to which nothing can be sent.
pub(crate) fn unusable(
    db: &Connection,
    app: &AppId,
    plan: &Plan,
) -> Result<Vec<Unusable>, rusqlite::Error> {
    let mut unusable = Vec::new();
    for id in plan.audiences() {
        let found = find(db, app, id)?;
        if found.is_none_or(|found| found.state != AudienceFileState::Ready) {
            let is_known = found.is_some();
            unusable.push(Unusable { id, is_known });
        }
    }
    Ok(unusable)
}

/// Seals the beginning of every line anew that has not been read.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(SEALED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, Vec<u8>)>, _>>()?;
    for (audience, rest) in all {
        let name = audience.to_string();
        if let Some(rest) = from.resealed(to, &place(&[&name]), &rest)? {
            db.prepare_cached(RESEAL)?.execute((audience, rest))?;
        }
    }
    Ok(())
}

const fn place<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: TABLE, row }
}
