//! Opens the history's file of a user.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use vestnik_model::UserId;
use vestnik_sqlite::{Check, Database, OnDamage, OpenOptions, WalLimits};

use super::{
    damage::{file_name, last_set_aside, log_notes, open_sound, set_aside},
    insert::be_quiet,
    recover::{Recovered, recover},
    schema::SCHEMA,
    table::{known, meta, notification},
};
use crate::{Stamp, StoreError, Suppression};

/// How much a file is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// It is checked only if it was not closed properly.
    None,
    /// Its structure is checked, which reads all of it.
    Check,
    /// It is damaged: it is set aside without being checked.
    Damaged,
}

/// An open history.
#[derive(Debug)]
pub struct HistoryFile {
    /// The database, to be used as it is or given to a
    /// [`Writer`](vestnik_sqlite::Writer).
    pub database: Database,
    /// How it was found.
    pub opening: Opening,
}

/// How a history was found when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// It was not there, or was damaged; there is a new one. What was accepted before now is quiet.
    pub is_new: bool,
    /// Where the damaged file lies.
    pub aside: Option<PathBuf>,
    /// What was recovered from the damaged file.
    pub recovered: Option<Recovered>,
}

/// The file of a user's history in the app's data folder. The name says nothing of the user.
#[must_use]
pub fn history_path(folder: &Path, user: &UserId) -> PathBuf {
    folder.join(history_name(user))
}

pub(super) const PREFIX: &str = "history-";
pub(super) const EXTENSION: &str = ".sqlite";

pub(super) fn history_name(user: &UserId) -> String {
    let digest = Sha256::digest(user.as_str().as_bytes());
    let hex: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{PREFIX}{hex}{EXTENSION}")
}

impl HistoryFile {
    /// Opens a user's history, making it if it is not there.
    ///
    /// A damaged file is set aside, what can be read of it is carried over, and the log is read from
    /// its beginning again; nothing that was accepted before is shown again. If the process ends in the
    /// middle of that, the next opening completes it. The newest damaged file is kept, older ones are
    /// removed.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it, [`StoreError::TooNew`], [`StoreError::Full`] or
    /// [`StoreError::Other`].
    pub fn open(
        folder: &Path,
        user: &UserId,
        suspicion: Suspicion,
        stamp: &Stamp,
    ) -> Result<Self, StoreError> {
        let path = history_path(folder, user);
        let mut opening = Opening {
            is_new: !path.exists(),
            ..Opening::default()
        };
        let opened = match suspicion {
            Suspicion::Damaged if path.exists() => None,
            Suspicion::None | Suspicion::Check | Suspicion::Damaged => {
                open_sound(&options(suspicion), &path, stamp, owner)?
            }
        };
        // Rows under another user's name may be anybody's. Such a file is closed before it is set aside.
        let opened = opened.filter(|(_, owner)| match owner {
            Owner::User(found) => found == user,
            Owner::Nobody => true,
            Owner::Lost => false,
        });
        let mut database = match opened {
            Some((database, Owner::User(_) | Owner::Lost)) => database,
            Some((database, Owner::Nobody)) => {
                opening.is_new = true;
                database
            }
            None => {
                opening.is_new = true;
                opening.aside = Some(set_aside(&path, stamp)?);
                options(Suspicion::None).open(&path, stamp.now)?
            }
        };
        if opening.is_new {
            // The process may have ended before there was a new file.
            let aside = opening
                .aside
                .take()
                .map_or_else(|| last_set_aside(&path), |aside| Ok(Some(aside)));
            begin(&mut database, user, stamp, aside.map_err(other)?.as_deref())?;
        }
        if let Some(name) = database.read(meta::recovering)? {
            // A damaged name leads nowhere else.
            let aside = folder.join(Path::new(&name).file_name().unwrap_or_default());
            opening.is_new = true;
            opening.recovered = Some(recover(&aside, user, &mut database)?);
            opening.aside = Some(aside);
        }
        if database.read(meta::is_wiped)? {
            database.write(|db| meta::set_wiped(db, false))?;
        }
        log_notes(database.notes());
        Ok(Self { database, opening })
    }
}

/// Whose a history is.
enum Owner {
    User(UserId),
    /// It has just been made, or the process ended when it was being made.
    Nobody,
    /// It does not say whose its rows are.
    Lost,
}

fn owner(db: &Connection) -> Result<Owner, rusqlite::Error> {
    Ok(match meta::user(db)? {
        Some(user) => Owner::User(user),
        None if notification::newest_row(db)?.is_none() && known::is_empty(db)? => Owner::Nobody,
        None => Owner::Lost,
    })
}

/// Makes a new history its user's, in which the file `aside` is to be carried over.
fn begin(
    database: &mut Database,
    user: &UserId,
    stamp: &Stamp,
    aside: Option<&Path>,
) -> Result<(), StoreError> {
    let reason = match aside {
        Some(_) => Suppression::Restored,
        None => Suppression::FirstSync,
    };
    Ok(database.write(|db| {
        meta::set_user(db, user)?;
        meta::set_recovering(db, aside.and_then(file_name))?;
        if aside.is_some() {
            meta::set_begun(db)?;
        }
        be_quiet(db, stamp.moment(), reason)
    })?)
}

fn other(source: io::Error) -> StoreError {
    StoreError::Other {
        source: Arc::new(source),
    }
}

pub(super) fn options(suspicion: Suspicion) -> OpenOptions {
    OpenOptions {
        on_damage: OnDamage::Refuse,
        check: match suspicion {
            Suspicion::None => Check::AfterUncleanEnd,
            Suspicion::Check | Suspicion::Damaged => Check::Always,
        },
        create_folder: true,
        // A phone's share of a server's.
        wal: WalLimits {
            checkpoint_pages: 1_000,
            kept_bytes: 4 * 1_024 * 1_024,
            truncate_bytes: 16 * 1_024 * 1_024,
        },
        cache_kib: 2 * 1_024,
        busy_timeout: Duration::from_secs(5),
        secure_delete: true,
        ..OpenOptions::new(SCHEMA)
    }
}
