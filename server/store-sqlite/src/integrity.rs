//! What can be checked about a whole file.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use vestnik_sqlite::Depth;
use vestnik_store::{OpenError, StoreError};

use crate::{SqliteStore, failure::open_error};

/// Looks at the pages, the references and what must hold between tables; nothing found is an empty
/// list. Reads the whole file, on a connection of its own.
pub(crate) async fn check(store: &SqliteStore) -> Result<Vec<String>, StoreError> {
    let path = store.writer().path().to_owned();
    let checking = tokio::task::spawn_blocking(move || check_file(&path));
    match checking.await {
        Ok(found) => found.map_err(|error| StoreError::Failed(Arc::new(error))),
        Err(panicked) => Err(StoreError::Failed(Arc::new(panicked))),
    }
}

fn check_file(path: &Path) -> Result<Vec<String>, OpenError> {
    let mut found = vestnik_sqlite::inspect(path, Depth::Everything)
        .map_err(|error| open_error(path, error))?
        .faults;
    let db = vestnik_sqlite::open_read_only(path).map_err(|error| open_error(path, error))?;
    let faults = contradictions(&db).map_err(|error| OpenError::Corrupt {
        path: path.to_owned(),
        detail: error.to_string(),
    })?;
    found.extend(faults);
    Ok(found)
}

/// In one snapshot.
fn contradictions(db: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let snapshot = db.unchecked_transaction()?;
    let mut found = Vec::new();
    for (query, what) in MUST_BE_EMPTY {
        let count: u64 =
            snapshot.query_row(&format!("SELECT count(*) FROM ({query})"), [], |row| {
                row.get(0)
            })?;
        if count > 0 {
            found.push(format!("{what}: {count}"));
        }
    }
    Ok(found)
}

/// Queries that find what must not be, each with what it means.
const MUST_BE_EMPTY: &[(&str, &str)] = &[
    (
        "SELECT 1 FROM refresh_family f
         LEFT JOIN installation i ON i.app = f.app AND i.id = f.installation
         WHERE i.user IS NULL OR i.generation <> f.generation",
        "refresh families of sessions that have ended",
    ),
    (
        "SELECT 1 FROM presence p
         LEFT JOIN installation i ON i.app = p.app AND i.id = p.installation
         WHERE i.user IS NOT p.user",
        "connections of users who are not logged in there",
    ),
    (
        "SELECT 1 FROM installation i WHERE i.user IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM user u WHERE u.app = i.app AND u.id = i.user)",
        "installations of users who are not known",
    ),
    (
        "SELECT 1 FROM identity_key WHERE (substr(key, 1, 1) = x'01')
         <> EXISTS (SELECT 1 FROM meta WHERE name = 'seal.check')",
        "identity keys that are not stored as the file says",
    ),
];
