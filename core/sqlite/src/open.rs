//! Opens a file: for one process, private, sound, up to date.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    Damage, Database, Note, OpenError, Schema, WalLimits,
    create::create_if_absent,
    file::{folder_of, lock_of, shm_of, wal_of},
    lock::Lock,
    mode, path, quarantine,
};

/// No `SQLITE_OPEN_URI`: a path is a path. No `SQLITE_OPEN_CREATE`: new files are made beside.
/// The path is resolved, so that a link in it was put there since.
pub(crate) const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX)
    .union(OpenFlags::SQLITE_OPEN_NOFOLLOW);

/// How many statements a connection keeps prepared.
const STATEMENTS: usize = 128;

/// What happens to a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDamage {
    /// Opening fails with [`OpenError::Corrupt`] and the file stays. For data that exists nowhere
    /// else.
    Refuse,
    /// The file is moved aside and a new one is begun ([`Note::Quarantined`]). For data that can be
    /// fetched again.
    Quarantine,
}

/// When the structure of a file is checked while it is opened (`PRAGMA quick_check`). The check
/// reads the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// If the process that had it open before did not close it.
    AfterUncleanEnd,
    /// Each time. For small files.
    Always,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Whose the file is, and its tables.
    pub schema: Schema,
    /// What happens to a damaged file.
    pub on_damage: OnDamage,
    /// When the structure of the file is checked.
    pub check: Check,
    /// Whether the missing folders of the path are made, with mode 0700.
    pub create_folder: bool,
    /// How large the write-ahead log may become.
    pub wal: WalLimits,
    /// How much of the file the writing connection keeps in memory, in KiB. Lower reads pages again
    /// within one commit.
    pub cache_kib: u32,
    /// How long a statement waits for a lock of another process.
    pub busy_timeout: Duration,
    /// Whether what is deleted is overwritten with zeros, in the file at least (`PRAGMA
    /// secure_delete`). Makes deletions write more.
    pub secure_delete: bool,
    /// The most pages the file may have; a write beyond it fails with [`Failure::Full`](crate::Failure::Full).
    /// `None` leaves the limit to the disk.
    pub max_pages: Option<u32>,
}

impl OpenOptions {
    /// The options of a server: a damaged file is refused, the folder must exist.
    #[must_use]
    pub fn new(schema: Schema) -> Self {
        Self {
            schema,
            on_damage: OnDamage::Refuse,
            check: Check::AfterUncleanEnd,
            create_folder: false,
            wal: WalLimits::default(),
            cache_kib: 32 * 1_024,
            busy_timeout: Duration::from_secs(5),
            secure_delete: false,
            max_pages: None,
        }
    }

    /// Opens a file, making it if it is not there. `now` marks a file that is moved aside.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, path: &Path, now: Timestamp) -> Result<Database, OpenError> {
        if self.create_folder {
            create_folder_of(path)?;
        }
        let path = path::resolve(path)?;
        let lock = Lock::take(&path)?;
        let mut notes = Vec::new();
        let connection = match self.connect(&path, &mut notes) {
            Err(OpenError::Corrupt { .. }) if self.on_damage == OnDamage::Quarantine => {
                let aside = quarantine::move_aside(&path, now)
                    .map_err(|source| OpenError::io(&path, source))?;
                notes.push(Note::Quarantined { aside });
                self.connect(&path, &mut notes)?
            }
            connected => connected?,
        };
        Database::new(connection, lock, &path, self, notes)
    }

    fn connect(&self, path: &Path, notes: &mut Vec<Note>) -> Result<Connection, OpenError> {
        let refuse = |error| OpenError::from_opening(path, error);
        create_if_absent(path, &self.schema)?;
        let was_left_open = wal_of(path).metadata().is_ok_and(|wal| wal.len() > 0);
        for part in [path.to_owned(), wal_of(path), shm_of(path), lock_of(path)] {
            tighten(&part, notes);
        }
        let mut connection = Connection::open_with_flags(path, FLAGS).map_err(refuse)?;
        connection.busy_timeout(self.busy_timeout).map_err(refuse)?;
        // Until the file is known to be ours and sound, closing must not move its log into it.
        keep_log_on_close(&connection, true).map_err(refuse)?;
        if was_left_open || self.check == Check::Always {
            quick_check(path, &connection)?;
        }
        if was_left_open {
            notes.push(Note::UncleanEnd);
        }
        self.schema.migrate(path, &mut connection)?;
        self.prepare(&connection).map_err(refuse)?;
        Ok(connection)
    }

    /// `FULL` makes each commit durable before it is answered; group commit pays for it.
    fn prepare(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        keep_log_on_close(connection, false)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        // Apple's fsync leaves data in the cache of the disk; elsewhere these change nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -i64::from(self.cache_kib))?;
        connection.pragma_update(None, "secure_delete", self.secure_delete)?;
        if let Some(pages) = self.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        crate::database::keep_plans(connection)?;
        self.wal.set_up(connection)
    }
}

fn create_folder_of(path: &Path) -> Result<(), OpenError> {
    let folder = folder_of(path);
    mode::create_private_folder(folder).map_err(|source| OpenError::io(folder, source))
}

fn tighten(path: &Path, notes: &mut Vec<Note>) {
    let path = path.to_owned();
    match mode::tighten(&path) {
        Ok(None) => {}
        Ok(Some(former)) => notes.push(Note::ModeTightened { path, former }),
        Err(_) => notes.push(Note::ModeNotTightened { path }),
    }
}

pub(crate) fn keep_log_on_close(
    connection: &Connection,
    keep: bool,
) -> Result<(), rusqlite::Error> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep)
        .map(drop)
}

/// A process that ended without closing may have met a disk that failed.
fn quick_check(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| OpenError::from_sqlite(path, error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(OpenError::Corrupt {
        path: path.to_owned(),
        source: Damage::Check { found },
    })
}
