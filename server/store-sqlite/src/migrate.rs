//! Brings a file up to date, one numbered step at a time, all in one transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use vestnik_store::OpenError;

use super::failure::{corrupt, unusable};

/// Marks the file as ours ("Vstn"), so that another program's database is not taken for one.
const APPLICATION_ID: i32 = 0x5673_746E;
/// Every step, in order; only ever appended to.
const STEPS: &[&str] = &[include_str!("migrations/0001_initial.sql")];

/// Migrates a file to the newest schema.
pub(super) fn run(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let refuse = |error| unusable(path, error);
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(refuse)?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(OpenError::TooNew {
            path: path.to_owned(),
            found,
            known,
        });
    }
    check_owner(path, connection)?;
    if found == known {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .map_err(refuse)?;
    for step in &STEPS[found as usize..] {
        transaction.execute_batch(step).map_err(refuse)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(refuse)?;
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(refuse)?;
    transaction.commit().map_err(refuse)
}

/// A file with tables that are not ours is somebody else's.
fn check_owner(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let refuse = |error| unusable(path, error);
    let owner: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(refuse)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(refuse)?;
    if owner == APPLICATION_ID || (owner == 0 && tables == 0) {
        return Ok(());
    }
    let detail = "it is another program's database".to_owned();
    Err(corrupt(path, detail))
}
