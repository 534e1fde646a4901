//! Whose a file is, and how it is brought up to date.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::OpenError;

/// Whose a database is, and its tables.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The mark of the program in the file's header (`PRAGMA application_id`). It must not be 0.
    pub application_id: i32,
    /// The statements that lead from each schema version to the next. The first makes version 1
    /// out of an empty database. The list is only ever appended to.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// The newest schema version.
    #[must_use]
    pub fn version(&self) -> u32 {
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }

    /// Brings a file to the newest version, all steps in one transaction.
    pub(crate) fn migrate(
        &self,
        path: &Path,
        connection: &mut Connection,
    ) -> Result<(), OpenError> {
        let refuse = |error| OpenError::from_opening(path, error);
        // A step that rebuilds a table must not delete the rows that refer to it. The switch does
        // nothing within a transaction.
        connection
            .pragma_update(None, "foreign_keys", false)
            .map_err(refuse)?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Exclusive)
            .map_err(refuse)?;
        let found = self.check_owner(path, &transaction)?;
        if found == self.version() {
            return Ok(());
        }
        self.run_steps(path, &transaction, found)?;
        check_references(path, &transaction, self.version())?;
        transaction
            .pragma_update(None, "user_version", self.version())
            .map_err(refuse)?;
        transaction
            .pragma_update(None, "application_id", self.application_id)
            .map_err(refuse)?;
        transaction.commit().map_err(refuse)
    }

    /// Answers the version of a file of ours.
    fn check_owner(&self, path: &Path, connection: &Connection) -> Result<u32, OpenError> {
        let Header {
            application_id,
            user_version,
            tables,
        } = Header::read(connection).map_err(|error| OpenError::from_sqlite(path, error))?;
        let path = path.to_owned();
        let is_ours = application_id == self.application_id;
        let is_new = application_id == 0 && tables == 0;
        match u32::try_from(user_version) {
            Ok(found) if is_ours && found > self.version() => Err(OpenError::TooNew {
                path,
                found,
                known: self.version(),
            }),
            Ok(found) if is_ours => Ok(found),
            Ok(0) if is_new => Ok(0),
            Ok(_) | Err(_) => Err(OpenError::Foreign { path }),
        }
    }

    fn run_steps(
        &self,
        path: &Path,
        transaction: &Transaction<'_>,
        found: u32,
    ) -> Result<(), OpenError> {
        for (version, step) in (1..).zip(self.migrations).skip(found as usize) {
            transaction
                .execute_batch(step)
                .map_err(|source| OpenError::Migrate {
                    path: path.to_owned(),
                    version,
                    source,
                })?;
        }
        Ok(())
    }
}

fn check_references(
    path: &Path,
    transaction: &Transaction<'_>,
    version: u32,
) -> Result<(), OpenError> {
    let broken = transaction
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut check| check.exists([]));
    match broken {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::Migrate {
            path: path.to_owned(),
            version,
            source: rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY),
                Some("the migrations leave rows that refer to nothing".to_owned()),
            ),
        }),
        Err(error) => Err(OpenError::from_sqlite(path, error)),
    }
}

/// What a file says of itself.
pub(crate) struct Header {
    pub(crate) application_id: i32,
    pub(crate) user_version: i32,
    pub(crate) tables: i64,
}

impl Header {
    pub(crate) fn read(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        Ok(Self {
            application_id: pragma("application_id")?,
            user_version: pragma("user_version")?,
            tables: connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        })
    }
}
