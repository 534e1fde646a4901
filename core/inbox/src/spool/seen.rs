//! What an extension is not to draw any more.
//!
//! An extension knows nothing of the history. So the app leaves a mark for each notification whose show it has
//! begun or decided, in the folder `seen` of the spool: an empty file whose name has the notification and its
//! revision. Marks are hints and not durable: if one is lost, a notification is drawn again under the same
//! identifier.
//!
//! What is not to be on the screen any more has a [mark of its own](mark_put_away): where the system draws each
//! push in any case, a push that comes once more has no content then. An extension that is given such a push
//! leaves a mark, too, by which the app takes off the screen what the system has put there.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use vestnik_model::NotificationId;
use vestnik_sqlite::create_private_folder;

use super::{
    file::{ticket, withdrawn},
    withdrawn::is_withdrawn,
};
use crate::planted::Plant;

/// The most marks that are kept, of what is put away and of the others each, the newest ones. A push service keeps fewer pushes for a device.
const KEPT: usize = 512;
/// How many more there may be until the oldest are removed.
const SLACK: usize = 128;
/// How the name of a mark ends that says that a text without content was drawn.
const ANNOUNCED: &str = ".announced";
/// How the name of a mark ends that says that a notification was read, suppressed or put away.
const PUT_AWAY: &str = ".put_away";
/// How the name of a mark ends that says that a push came of which nothing new is to be drawn.
const REPEATED: &str = ".repeated";
/// A mark from farther in the future was left before the clock was set back: it counts as the oldest.
const AHEAD: Duration = Duration::from_secs(60);

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
    leave(folder, &path(folder, notification, revision))
}

/// Marks that a notification is not to come back on the screen: it was read, suppressed or put away. Without a
/// spool nothing is marked.
///
/// # Errors
/// If the file system refuses.
pub fn mark_put_away(folder: &Path, notification: NotificationId) -> io::Result<()> {
    leave(folder, &named(folder, notification, PUT_AWAY))
}

fn leave(folder: &Path, mark: &Path) -> io::Result<()> {
    if !folder.is_dir() || Plant::MarksAreNotLeft.is_on() {
        return Ok(());
    }
    match File::create_new(mark) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(marks(folder))?;
            File::create(mark).map(drop)
        }
        Err(error) => Err(error),
    }
}

/// Marks that an extension was given a push of which nothing is to be drawn, or nothing new. If that cannot be
/// marked, what the system draws of it may stay on the screen until the app looks at all of it.
pub(crate) fn mark_repeated(folder: &Path, notification: NotificationId) {
    if let Err(error) = make(folder, &named(folder, notification, REPEATED)) {
        tracing::warn!(%error, "it is not marked that a push came once more");
    }
}

/// What came once more, and its marks.
pub(super) fn repeated(folder: &Path) -> Vec<(NotificationId, PathBuf)> {
    let of = |name: &str| Some((id_before(name, REPEATED)?, marks(folder).join(name)));
    names(folder).filter_map(|name| of(&name)).collect()
}

/// The notifications that have marks, each revision of whom was not marked.
#[must_use]
pub fn seen(folder: &Path) -> BTreeSet<NotificationId> {
    let of = |name: &str| {
        let (id, revision) = name.split_once('.')?;
        revision.parse::<u32>().ok()?;
        Some(NotificationId::from_uuid(id.parse().ok()?))
    };
    names(folder).filter_map(|name| of(&name)).collect()
}

/// The notifications that have a mark that they were put away.
#[must_use]
pub fn put_away(folder: &Path) -> BTreeSet<NotificationId> {
    let ids = names(folder).filter_map(|name| id_before(&name, PUT_AWAY));
    ids.collect()
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

/// Whether a notification is announced by a text without content.
#[must_use]
pub fn is_announced(folder: &Path, notification: NotificationId) -> bool {
    named(folder, notification, ANNOUNCED).exists()
}

fn mark_announced(folder: &Path, notification: NotificationId) -> io::Result<bool> {
    make(folder, &named(folder, notification, ANNOUNCED))
}

/// Makes a mark of an extension's; gives whether it is new.
fn make(folder: &Path, mark: &Path) -> io::Result<bool> {
    create_private_folder(folder)?;
    fs::create_dir_all(marks(folder))?;
    let made = match File::create_new(mark) {
        Ok(file) => file.metadata()?.modified()?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    };
    // The app, which prunes otherwise, may not run for long.
    prune(folder, made, Some(mark))?;
    Ok(true)
}

/// Takes the mark that a notification was put away: a later revision of it is drawn.
pub(crate) fn take_put_away(folder: &Path, notification: NotificationId) {
    // There is none as a rule.
    drop(fs::remove_file(named(folder, notification, PUT_AWAY)));
}

/// Takes the mark of a notification that was announced; gives whether it was.
pub fn take_announced(folder: &Path, notification: NotificationId) -> bool {
    fs::remove_file(named(folder, notification, ANNOUNCED)).is_ok()
}

/// Takes the marks of everything that was announced.
pub(super) fn take_all_announced(folder: &Path) -> Vec<NotificationId> {
    let ids = names(folder).filter_map(|name| id_before(&name, ANNOUNCED));
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

/// Removes the oldest marks beyond a number. What was left before the device's clock was set back, so that it is
/// later than `now`, counts as the oldest.
///
/// # Errors
/// If the file system refuses.
pub fn prune_seen(folder: &Path, now: Timestamp) -> io::Result<()> {
    prune(folder, SystemTime::from(now), None)
}

/// The same, of all but one that is new.
fn prune(folder: &Path, now: SystemTime, new: Option<&Path>) -> io::Result<()> {
    let entries = match fs::read_dir(marks(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let latest = now + AHEAD;
    let marks: Vec<Mark> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let left = entry.metadata().ok()?.modified().ok()?;
            Some((left <= latest, left, entry.path()))
        })
        .collect();
    let is_away = |(_, _, mark): &Mark| mark.to_string_lossy().ends_with(PUT_AWAY);
    let (away, others) = marks.into_iter().partition(is_away);
    // What is put away must not push out what was drawn: that would be drawn again.
    [away, others]
        .into_iter()
        .try_for_each(|marks| remove_oldest(marks, new))
}

/// Whether a mark is not from the future, when it was left, and its file.
type Mark = (bool, SystemTime, PathBuf);

fn remove_oldest(mut marks: Vec<Mark>, new: Option<&Path>) -> io::Result<()> {
    if marks.len() <= KEPT + SLACK {
        return Ok(());
    }
    let over = marks.len() - KEPT;
    marks.retain(|(_, _, mark)| Some(&**mark) != new);
    marks.sort();
    super::file::remove_all(marks.into_iter().take(over).map(|(_, _, path)| path))
}

/// Whether an extension is not to draw a revision any more: this one was seen to, or a later one, which a
/// slow push of an earlier one must not replace.
pub(super) fn is_seen(folder: &Path, notification: NotificationId, revision: u32) -> bool {
    if path(folder, notification, None).exists() {
        return true;
    }
    let id = notification.uuid().simple().to_string();
    names(folder).any(|name| {
        let seen = name
            .strip_prefix(&id)
            .and_then(|rest| rest.strip_prefix('.'));
        let seen = seen.and_then(|seen| seen.parse::<u32>().ok());
        seen.is_some_and(|seen| seen >= revision)
    })
}

/// Whether a notification is not to come back on the screen: it was read, suppressed or put away, left the
/// history, or never enters it, or was withdrawn, which the app may not know yet.
pub(crate) fn is_put_away(folder: &Path, notification: NotificationId) -> bool {
    path(folder, notification, None).exists()
        || named(folder, notification, PUT_AWAY).exists()
        || is_withdrawn(folder, notification)
}

/// The names of the marks.
pub(super) fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(marks(folder)).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

fn id_before(name: &str, ending: &str) -> Option<NotificationId> {
    let id = name.strip_suffix(ending)?.parse().ok()?;
    Some(NotificationId::from_uuid(id))
}

fn named(folder: &Path, notification: NotificationId, ending: &str) -> PathBuf {
    let id = notification.uuid().simple();
    marks(folder).join(format!("{id}{ending}"))
}

fn marks(folder: &Path) -> PathBuf {
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
        prune_seen(&absent, Timestamp::UNIX_EPOCH).unwrap();
        assert!(!absent.exists());
    }

    #[test]
    fn the_oldest_marks_go() {
        let folder = tempfile::tempdir().unwrap();
        let most = KEPT + SLACK + 1;
        for number in 0..most {
            mark_seen(folder.path(), id(number as u128), None).unwrap();
            let path = path(folder.path(), id(number as u128), None);
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64);
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(at).unwrap();
        }
        let now = Timestamp::from_second(most as i64).unwrap();
        prune_seen(folder.path(), now).unwrap();
        let left = (0..most).filter(|number| is_seen(folder.path(), id(*number as u128), 0));
        assert_eq!(left.collect::<Vec<_>>(), Vec::from_iter(most - KEPT..most));
    }

    fn date(mark: &Path, at: SystemTime) {
        let file = File::options().write(true).open(mark).unwrap();
        file.set_modified(at).unwrap();
    }

    /// The clock was ahead by a year when the device was new.
    #[test]
    fn marks_that_are_left_after_the_clock_was_set_back_stay() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_second(2_900_000_000).unwrap();
        let ahead = SystemTime::from(now) + Duration::from_secs(365 * 86_400);
        for number in 0..KEPT + SLACK {
            mark_seen(folder.path(), id(number as u128), None).unwrap();
            let mark = path(folder.path(), id(number as u128), None);
            date(&mark, ahead + Duration::from_secs(number as u64));
        }
        mark_seen(folder.path(), id(1_000), None).unwrap();
        assert!(announce(folder.path(), id(1_001)));
        assert!(!announce(folder.path(), id(1_001)), "it went at once");
        prune_seen(folder.path(), now).unwrap();
        assert!(is_seen(folder.path(), id(1_000), 0));
        assert!(!is_seen(folder.path(), id(0), 0), "it is the oldest");
    }

    /// The clock may lie before all others.
    #[test]
    fn an_announcement_does_not_remove_its_own_mark() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..KEPT + SLACK {
            mark_seen(folder.path(), id(number as u128), None).unwrap();
            let mark = path(folder.path(), id(number as u128), None);
            let left = mark.metadata().unwrap().modified().unwrap();
            date(&mark, left + AHEAD / 2);
        }
        assert!(announce(folder.path(), id(1_001)));
        assert!(!announce(folder.path(), id(1_001)));
    }

    #[test]
    fn what_is_put_away_does_not_push_out_what_was_drawn() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..KEPT as u128 {
            mark_seen(folder.path(), id(number), Some(0)).unwrap();
        }
        for number in 0..KEPT as u128 {
            mark_put_away(folder.path(), id(number)).unwrap();
        }
        let first = path(folder.path(), id(0), Some(0));
        let now = first.metadata().unwrap().modified().unwrap();
        prune_seen(folder.path(), now.try_into().unwrap()).unwrap();
        for number in 0..KEPT as u128 {
            assert!(is_seen(folder.path(), id(number), 0), "{number}");
        }
        assert_eq!(put_away(folder.path()).len(), KEPT);
    }

    #[test]
    fn what_is_put_away_is_not_seen_in_each_revision() {
        let folder = tempfile::tempdir().unwrap();
        mark_seen(folder.path(), id(1), Some(2)).unwrap();
        mark_put_away(folder.path(), id(1)).unwrap();
        mark_seen(folder.path(), id(2), None).unwrap();
        assert!(is_put_away(folder.path(), id(1)) && !is_seen(folder.path(), id(1), 3));
        assert_eq!(seen(folder.path()).into_iter().collect::<Vec<_>>(), [id(1)]);
    }
}
