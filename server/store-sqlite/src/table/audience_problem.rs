//! Lines of uploaded audiences that name nobody.

use rusqlite::Connection;
use vestnik_model::{LineProblem, Open};

use crate::sql::statements;

statements! {
    INSERT = "INSERT INTO audience_problem (audience, line, field, code, detail)
         VALUES (?1, ?2, ?3, ?4, ?5)";
    PAGE = "SELECT line, field, code, detail FROM audience_problem
         WHERE audience = ?1 AND line > ?2 ORDER BY line LIMIT ?3";
    NEXT = "SELECT line FROM audience_problem WHERE audience = ?1 ORDER BY line LIMIT ?2";
    DELETE = "DELETE FROM audience_problem WHERE audience = ?1 AND line <= ?2";
}

/// Adds problems.
pub(crate) fn add(
    db: &Connection,
    audience: i64,
    problems: &[LineProblem],
) -> Result<(), rusqlite::Error> {
    let mut insert = db.prepare_cached(INSERT)?;
    for problem in problems {
        let LineProblem {
            line,
            field,
            code,
            detail,
        } = problem;
        let field = field.as_ref().map(Open::as_str);
        insert.execute((audience, line, field, code.as_str(), detail))?;
    }
    Ok(())
}

/// The problems of lines behind one, at most so many.
pub(crate) fn page(
    db: &Connection,
    audience: i64,
    (after, limit): (u64, u32),
) -> Result<Vec<LineProblem>, rusqlite::Error> {
    db.prepare_cached(PAGE)?
        .query_map((audience, after, limit), |row| {
            let field: Option<String> = row.get(1)?;
            Ok(LineProblem {
                line: row.get(0)?,
                field: field.as_deref().map(Open::read),
                code: Open::read(row.get_ref(2)?.as_str()?),
                detail: row.get(3)?,
            })
        })?
        .collect()
}

/// Deletes the next problems of an audience; tells whether more are left.
pub(crate) fn delete_part(
    db: &Connection,
    audience: i64,
    rows: u32,
) -> Result<bool, rusqlite::Error> {
    let lines = db
        .prepare_cached(NEXT)?
        .query_map((audience, rows), |row| row.get(0))?
        .collect::<Result<Vec<u64>, _>>()?;
    if let Some(last) = lines.last() {
        db.prepare_cached(DELETE)?.execute((audience, last))?;
    }
    Ok(lines.len() == rows as usize)
}
