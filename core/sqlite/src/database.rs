//! An open database.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::{
    Failure, Note, OpenError, OpenOptions, checkpointer::Checkpointer, file::wal_of, lock::Lock,
    place::Place, wal::WalKeeper,
};

/// An open database: the one connection that writes, and the lock that keeps other processes out.
///
/// One thread may use it as it is; [`Writer`](crate::Writer) takes it to serve several.
#[derive(Debug)]
pub struct Database {
    // Fields are dropped in this order: the lock outlives the connections.
    wal: WalKeeper,
    connection: Connection,
    place: Place,
    notes: Vec<Note>,
    _lock: Lock,
}

impl Database {
    pub(crate) fn new(
        connection: Connection,
        lock: Lock,
        path: &Path,
        options: &OpenOptions,
        notes: Vec<Note>,
    ) -> Result<Self, OpenError> {
        let wal = WalKeeper::new(wal_of(path), options.wal, options.busy_timeout);
        let place = Place::of(path.to_owned()).map_err(|source| OpenError::io(path, source))?;
        Ok(Self {
            connection,
            wal,
            place,
            notes,
            _lock: lock,
        })
    }

    /// The file, with all links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// What was done while opening that an operator should know of.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Does work in one transaction, which is durable when this returns. A failure or a panic of
    /// the work changes nothing.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::Busy`], [`Failure::Corrupt`] or [`Failure::Other`].
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Failure> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        self.after_commit();
        Ok(value)
    }

    /// Reads in one snapshot.
    ///
    /// # Errors
    /// [`Failure::Busy`], [`Failure::Corrupt`] or [`Failure::Other`].
    pub fn read<T>(
        &mut self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Failure> {
        let snapshot = self.connection.transaction()?;
        Ok(read(&snapshot)?)
    }

    /// Writes and commits without changing anything, and looks whether the file still has its name.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::Replaced`] and the rest of [`write`](Self::write).
    pub fn probe(&mut self) -> Result<(), Failure> {
        if !self.place.is_kept() {
            return Err(Failure::Replaced);
        }
        self.write(rewrite_header)
    }

    /// Writes the file anew (`VACUUM`) and empties its log, so that nothing is left of what was deleted.
    /// Takes as much room again as the file has, and time in proportion.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::Busy`], [`Failure::Corrupt`] or [`Failure::Other`].
    pub fn rewrite(&mut self) -> Result<(), Failure> {
        self.connection.execute_batch("VACUUM")?;
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Moves the log into the file and closes it.
    ///
    /// # Errors
    /// The failure of the last statement. What was committed stays.
    pub fn close(self) -> Result<(), Failure> {
        let Self {
            connection,
            mut wal,
            _lock,
            ..
        } = self;
        // The last connection to be closed moves the log.
        wal.end();
        connection.close().map_err(|(_, error)| error.into())
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Moves the log on a thread of its own from now on.
    pub(crate) fn move_log_beside(&mut self) -> std::io::Result<()> {
        let checkpointer = Checkpointer::start(self.path())?;
        self.wal.move_beside(checkpointer);
        Ok(())
    }

    /// Has the log cut to nothing after the next commit at which no reader prevents it.
    pub(crate) fn cut_log(&mut self) {
        self.wal.cut();
    }

    /// Call after each commit that did not go through [`write`](Self::write).
    pub(crate) fn after_commit(&mut self) {
        self.wal.after_commit(&self.connection);
    }

    pub(crate) fn wal_truncations(&self) -> u64 {
        self.wal.truncations()
    }
}

/// Writes the first page again: setting the version writes it also when the value stays.
pub(crate) fn rewrite_header(connection: &Connection) -> Result<(), rusqlite::Error> {
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)
}

/// Opens a file for reading only, beside whoever writes it.
pub(crate) fn connect_read_only(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    keep_plans(&connection)?;
    Ok(connection)
}

/// A statement keeps its plan whatever its parameters are. Without this SQLite compares parameters with the
/// conditions of partial indexes, and prepares a statement again each time that it is bound; the plans would not
/// be those that tests look at, either.
pub(crate) fn keep_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}
