//! A former user's history goes.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use vestnik_model::UserId;
use vestnik_sqlite::Held;

use super::{
    damage::{remove_if_present, remove_set_aside},
    file::{EXTENSION, PREFIX, Suspicion, history_name, history_path, options},
    inbox::Inbox,
    insert::be_quiet,
    table::{boundary, early, known, meta, notification, opaque, outbox, search},
};
use crate::{Stamp, StoreError, Suppression, planted::Plant};

impl Inbox<'_> {
    /// Forgets the history, the cursor and the facts that wait. The ids of what was shown stay, so that
    /// the same user, when they come back, gets their history and is shown nothing twice.
    ///
    /// The deleted content is overwritten in the file; [`wipe`] writes the whole file anew besides.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn wipe(&mut self) -> Result<(), rusqlite::Error> {
        known::settle_history(self.db, self.stamp.latest_now())?;
        notification::delete_all(self.db)?;
        search::delete_all(self.db)?;
        opaque::delete_all(self.db)?;
        early::delete_all(self.db)?;
        boundary::delete_all(self.db)?;
        outbox::delete_all(self.db)?;
        let cursor = meta::cursor(self.db)?;
        meta::clear(self.db)?;
        if let Some(cursor) = cursor.filter(|_| Plant::WipeKeepsCursor.is_on()) {
            meta::set_cursor(self.db, &cursor)?;
        }
        be_quiet(self.db, self.stamp.moment(), Suppression::FirstSync)
    }
}

/// Wipes the history of a user that nobody has open: as [`Inbox::wipe`], then the file is written anew,
/// so that nothing is left of its content, and damaged files that were set aside are removed. A file
/// that cannot be wiped, because it is damaged, of a newer version, or because the disk is full, is
/// removed as a whole.
///
/// To seal a former user's history instead, leave the file as it is.
///
/// # Errors
/// [`StoreError::Busy`] if the history is open, or [`StoreError::Other`].
pub fn wipe(folder: &Path, user: &UserId, stamp: &Stamp) -> Result<(), StoreError> {
    wipe_file(&history_path(folder, user), stamp).map(drop)
}

/// Wipes every history of a folder, as [`wipe`](fn@wipe) does, except that of one user; gives how many
/// were. A file that is none of a user's, whatever it is, is removed.
///
/// Call it at each login, at each logout and at each opening: then no end of the process in the middle
/// of a change of users leaves content of a former one. A history that is wiped already is left as it is.
///
/// # Errors
/// As [`wipe`](fn@wipe). The other histories are wiped all the same.
pub fn wipe_others(folder: &Path, keep: Option<&UserId>, stamp: &Stamp) -> Result<u32, StoreError> {
    let kept = keep.map(|user| history_path(folder, user));
    let (mut wiped, mut failure) = (0, None);
    for path in histories(folder).map_err(other)? {
        if kept.as_ref() == Some(&path) {
            continue;
        }
        match wipe_file(&path, stamp) {
            Ok(had_content) => wiped += u32::from(had_content),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(wiped), Err)
}

/// The histories of a folder, those included of which there is only what belongs to one.
fn histories(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        entries => entries?,
    };
    let mut found = BTreeSet::new();
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if let Some((stem, _)) = name.split_once(EXTENSION)
            && stem.starts_with(PREFIX)
        {
            found.insert(folder.join(format!("{stem}{EXTENSION}")));
        }
    }
    Ok(found)
}

/// Gives whether there was anything to wipe.
fn wipe_file(path: &Path, stamp: &Stamp) -> Result<bool, StoreError> {
    let removed = remove_set_aside(path, None).map_err(other)?;
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return remove_parts(path).map(|()| removed).map_err(other);
        }
        Err(error) => return Err(other(error)),
        // No history of ours; where it leads is not ours to touch.
        Ok(found) if found.is_symlink() => {
            return fs::remove_file(path).map(|()| true).map_err(other);
        }
        Ok(found) if found.is_dir() => return Ok(removed),
        Ok(_) => {}
    }
    match rewrite(path, stamp) {
        Ok(had_content) => Ok(had_content || removed),
        Err(StoreError::Busy) => Err(StoreError::Busy),
        Err(error) => {
            tracing::warn!(%error, "a former user's history cannot be wiped and is removed");
            remove(path).map(|()| true)
        }
    }
}

fn rewrite(path: &Path, stamp: &Stamp) -> Result<bool, StoreError> {
    let mut database = options(Suspicion::None).open(path, stamp.now)?;
    let (user, is_wiped) = database.read(|db| Ok((meta::user(db)?, meta::is_wiped(db)?)))?;
    if !user.is_some_and(|user| path.ends_with(history_name(&user))) {
        drop(database);
        return remove(path).map(|()| true);
    }
    if !is_wiped {
        database.write(|db| Inbox::new(db, *stamp).wipe())?;
        database.rewrite()?;
        // Last: until here it has to be done again.
        database.write(|db| meta::set_wiped(db, true))?;
    }
    database.close()?;
    Ok(!is_wiped)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let held = Held::take(path)?;
    remove_parts(held.path())
        .and_then(|()| remove_if_present(path))
        .map_err(other)
}

/// Removes what lies beside a history and may hold content of it.
fn remove_parts(path: &Path) -> io::Result<()> {
    for part in ["-wal", "-shm", "-journal", ".new", ".new-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(part);
        remove_if_present(Path::new(&name))?;
    }
    Ok(())
}

fn other(source: io::Error) -> StoreError {
    StoreError::Other {
        source: std::sync::Arc::new(source),
    }
}
