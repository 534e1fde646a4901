//! Marking what was read up to a place of a log, from newer to older.

use rusqlite::Connection;
use vestnik_rules::{
    receipt::{MarkRead, mark_read},
    work::{Stage, WorkKind},
};

use super::{log, notification, report::Desk, work};
use crate::value::to_json;

/// Marks the next entries before a place, at most `rows`. Gives the rest, if there is one.
pub(crate) fn mark(
    db: &Connection,
    desk: &mut Desk<'_>,
    mark: MarkRead,
    rows: u32,
) -> Result<Option<MarkRead>, rusqlite::Error> {
    let entries = log::before(db, desk.head.row, mark.before, rows)?;
    let is_end = entries.len() < rows as usize;
    let mut before = mark.before;
    for (seq, notification) in entries {
        before = seq;
        let Some(found) = notification::find_row(db, notification)? else {
            continue;
        };
        if found.is_forgotten {
            continue;
        }
        let id = found.subject.id;
        let Some(target) = desk.target(db, found.clone())? else {
            continue;
        };
        let change = mark_read(id, &desk.reporter, target.subject(&[], 0), mark.at);
        if let Some(change) = change {
            desk.save(db, &target, &change)?;
            desk.confirm(db, (&found, &target), (change.at, true))?;
        }
    }
    Ok((!is_end).then_some(MarkRead { before, ..mark }))
}

/// Leaves the rest as work. A user has one such row for an installation: the higher place stays.
pub(crate) fn leave(
    db: &Connection,
    desk: &mut Desk<'_>,
    rest: &MarkRead,
) -> Result<(), rusqlite::Error> {
    desk.has_rest = true;
    let position = to_json(rest)?;
    let stage = Stage {
        kind: WorkKind::MarkRead,
        due: desk.reporter.now,
    };
    for (id, known) in work::marks_of(db, desk.head.row)? {
        let known = known.and_then(|known| serde_json::from_str::<MarkRead>(&known).ok());
        let Some(known) = known.filter(|known| known.installation == rest.installation) else {
            continue;
        };
        if known.before < rest.before {
            work::set(db, id, stage, Some(&position))?;
        }
        return Ok(());
    }
    work::insert(db, desk.app, desk.head.row, stage, Some(&position)).map(drop)
}
