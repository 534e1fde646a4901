//! What an extension is not to draw any more.
//!
//! An extension knows nothing of the history. So the app leaves a mark for each notification whose show it has
//! begun or decided, in the folder `seen` of the spool: an empty file whose name has the notification and its
//! revision. Marks are hints and not durable: if one is lost, a notification is drawn again under the same
//! identifier.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use vestnik_model::NotificationId;
use vestnik_sqlite::create_private_folder;

use super::{
    file::{ticket, withdrawn},
    withdrawn::is_withdrawn,
};
use crate::planted::Plant;

/// The most marks that are kept, the newest ones. A push service keeps fewer pushes for a device.
const KEPT: usize = 512;
/// How many more there may be until the oldest are removed.
const SLACK: usize = 128;
/// How the name of a mark ends that says that a text without content was drawn.
const ANNOUNCED: &str = ".announced";

/// Marks a revision of a notification; without one, every revision. Without a spool there is no extension, and
/// nothing is marked.
///
/// # Errors
/// If the file system refuses.
pub fn mark_seen(
    folder: &Path,
    notification: NotificationId,
    revision: Option<u32>,
) -> io::Result<()> {
    if !folder.is_dir() || Plant::MarksAreNotLeft.is_on() {
        return Ok(());
    }
    let path = path(folder, notification, revision);
    match File::create_new(&path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(marks(folder))?;
            File::create(&path).map(drop)
        }
        Err(error) => Err(error),
    }
}

/// Marks that a notification is announced by a text without content; gives whether it was not before. If that
/// cannot be marked, it is announced once too often.
#[must_use]
pub fn announce(folder: &Path, notification: NotificationId) -> bool {
    let is_new = mark_announced(folder, notification);
    is_new.unwrap_or_else(|error| {
        tracing::warn!(%error, "it is not marked that a notification is announced");
        true
    })
}

fn mark_announced(folder: &Path, notification: NotificationId) -> io::Result<bool> {
    create_private_folder(folder)?;
    fs::create_dir_all(marks(folder))?;
    match File::create_new(announced(folder, notification)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    }
    // The app, which prunes otherwise, may not run for long.
    prune_seen(folder)?;
    Ok(true)
}

/// Takes the mark of a notification that was announced; gives whether it was.
pub fn take_announced(folder: &Path, notification: NotificationId) -> bool {
    fs::remove_file(announced(folder, notification)).is_ok()
}

/// Takes the marks of everything that was announced.
pub(super) fn take_all_announced(folder: &Path) -> Vec<NotificationId> {
    let entries = fs::read_dir(marks(folder)).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let ids = names.filter_map(|name| {
        let id = name.strip_suffix(ANNOUNCED)?.parse().ok()?;
        Some(NotificationId::from_uuid(id))
    });
    ids.filter(|id| take_announced(folder, *id)).collect()
}

/// Marks what a file of the spool was about, if it was drawn or withdrawn.
pub(super) fn mark_drawn(file: &Path) -> io::Result<()> {
    if let (Some(folder), Some(notification)) = (file.parent(), withdrawn(file)) {
        return mark_seen(folder, notification, None);
    }
    match (file.parent(), ticket(file)) {
        (Some(folder), Some((notification, revision))) => {
            mark_seen(folder, notification, Some(revision))
        }
        (None, _) | (_, None) => Ok(()),
    }
}

/// Removes the oldest marks beyond a number.
///
/// # Errors
/// If the file system refuses.
pub fn prune_seen(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(marks(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut marks: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    if marks.len() <= KEPT + SLACK {
        return Ok(());
    }
    marks.sort();
    let over = marks.len() - KEPT;
    super::file::remove_all(marks.into_iter().take(over).map(|(_, path)| path))
}

/// Whether an extension is not to draw a revision any more: this one was seen to, or a later one, which a
/// slow push of an earlier one must not replace.
pub(super) fn is_seen(folder: &Path, notification: NotificationId, revision: u32) -> bool {
    if path(folder, notification, None).exists() {
        return true;
    }
    let entries = fs::read_dir(marks(folder)).into_iter().flatten();
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let id = notification.uuid().simple().to_string();
    names.any(|name| {
        let seen = name
            .strip_prefix(&id)
            .and_then(|rest| rest.strip_prefix('.'));
        let seen = seen.and_then(|seen| seen.parse::<u32>().ok());
        seen.is_some_and(|seen| seen >= revision)
    })
}

/// Whether no revision of a notification is to be drawn: it left the history, or never enters it, or was
/// withdrawn, which the app may not know yet.
pub(crate) fn is_gone(folder: &Path, notification: NotificationId) -> bool {
    path(folder, notification, None).exists() || is_withdrawn(folder, notification)
}

fn announced(folder: &Path, notification: NotificationId) -> PathBuf {
    let id = notification.uuid().simple();
    marks(folder).join(format!("{id}{ANNOUNCED}"))
}

pub(super) fn marks(folder: &Path) -> PathBuf {
    folder.join("seen")
}

fn path(folder: &Path, notification: NotificationId, revision: Option<u32>) -> PathBuf {
    let id = notification.uuid().simple();
    let name = revision.map_or_else(|| id.to_string(), |revision| format!("{id}.{revision}"));
    marks(folder).join(name)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> NotificationId {
        NotificationId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_revision_is_seen_or_each_is() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            mark_seen(folder.path(), id(1), Some(2)).unwrap();
            mark_seen(folder.path(), id(2), None).unwrap();
        }
        let seen = |number, revision| is_seen(folder.path(), id(number), revision);
        assert!(seen(1, 2) && !seen(1, 3));
        assert!(seen(1, 0), "a slow push brings back what was replaced");
        assert!(seen(2, 0) && seen(2, 9) && !seen(3, 0));
    }

    #[test]
    fn without_a_spool_nothing_is_marked() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("spool");
        mark_seen(&absent, id(1), None).unwrap();
        prune_seen(&absent).unwrap();
        assert!(!absent.exists());
    }

    #[test]
    fn the_oldest_marks_go() {
        let folder = tempfile::tempdir().unwrap();
        let most = KEPT + SLACK + 1;
        for number in 0..most {
            mark_seen(folder.path(), id(number as u128), None).unwrap();
            let path = path(folder.path(), id(number as u128), None);
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(at).unwrap();
        }
        prune_seen(folder.path()).unwrap();
        let left = (0..most).filter(|number| is_seen(folder.path(), id(*number as u128), 0));
        assert_eq!(left.collect::<Vec<_>>(), Vec::from_iter(most - KEPT..most));
    }
}
