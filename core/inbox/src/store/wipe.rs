//! A former user's history goes.

use std::{io, path::Path};

use vestnik_model::UserId;
use vestnik_sqlite::Held;

use super::{
    damage::{is_damage, remove_if_present, remove_set_aside},
    file::{Suspicion, history_path, options},
    inbox::Inbox,
    insert::be_quiet,
    table::{known, meta, notification, opaque, outbox, search},
};
use crate::{Stamp, StoreError, Suppression};

impl Inbox<'_> {
    /// Forgets the history, the cursor and the facts that wait. The ids of what was shown stay, so that
    /// the same user, when they come back, gets their history and is shown nothing twice.
    ///
    /// The deleted content is overwritten in the file; [`wipe`] writes the whole file anew besides.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn wipe(&mut self) -> Result<(), rusqlite::Error> {
        known::settle_history(self.db, self.stamp.server_now())?;
        notification::delete_all(self.db)?;
        search::delete_all(self.db)?;
        opaque::delete_all(self.db)?;
        outbox::delete_all(self.db)?;
        meta::clear(self.db)?;
        be_quiet(self.db, &self.stamp, Suppression::FirstSync)
    }
}

/// Wipes the history of a user that nobody has open: as [`Inbox::wipe`], then the file is written anew,
/// so that nothing is left of its content, and damaged files that were set aside are removed. A file
/// that is damaged is removed as a whole.
///
/// To seal a former user's history instead, leave the file as it is.
///
/// # Errors
/// [`StoreError::Busy`] if the history is open, [`StoreError::Full`] or [`StoreError::Other`].
pub fn wipe(folder: &Path, user: &UserId, stamp: &Stamp) -> Result<(), StoreError> {
    let path = history_path(folder, user);
    remove_set_aside(&path, None).map_err(other)?;
    if !path.exists() {
        return Ok(());
    }
    match rewrite(&path, stamp) {
        Err(StoreError::Corrupt { .. }) => remove(&path),
        wiped => wiped,
    }
}

fn rewrite(path: &Path, stamp: &Stamp) -> Result<(), StoreError> {
    let mut database = match options(Suspicion::None).open(path, stamp.now) {
        Err(error) if is_damage(path, &error) => {
            return Err(StoreError::Corrupt {
                source: std::sync::Arc::new(error),
            });
        }
        opened => opened?,
    };
    database.write(|db| Inbox::new(db, *stamp).wipe())?;
    database.rewrite()?;
    Ok(database.close()?)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let held = Held::take(path)?;
    for part in [held.beside("-wal"), held.beside("-shm"), path.to_owned()] {
        remove_if_present(&part).map_err(other)?;
    }
    Ok(())
}

fn other(source: io::Error) -> StoreError {
    StoreError::Other {
        source: std::sync::Arc::new(source),
    }
}
