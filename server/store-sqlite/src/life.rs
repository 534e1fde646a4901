//! Notices that a database is not the one that was closed last.
//!
//! A backup that is copied back forgets what came after it. Devices know entries of that lost future
//! by number, so every log must get a new epoch. Nobody has to say that a copy was put in place: the
//! database holds a random *epoch* and a *generation* that grows at each opening and closing, and a
//! file beside it holds both a second time. Where they differ, or where the file is missing, another
//! life begins. A copy that this crate makes has the generation 0, which no file beside ever has.
//!
//! Both files set back together agree. That is noticed later, by a device's cursor
//! ([`vestnik_rules::log::standing`]).

use std::{
    io,
    path::{Path, PathBuf},
};

/// The generation of a copy.
pub(crate) const COPY: u64 = 0;

/// Which life of a database it is, and how often it was opened and closed in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// Random, made when a life begins. The epochs of all logs are mixed from it.
    pub(crate) epoch: u32,
    /// Grows at each opening and closing.
    pub(crate) generation: u64,
}

impl Life {
    /// The same life after one more opening or closing.
    pub(crate) fn grown(self) -> Self {
        Self {
            epoch: self.epoch,
            generation: self.generation.saturating_add(1),
        }
    }
}

/// The lives that a database has had, and how far the rows of its users were given in each.
///
/// Rows of users are never given again within one life. Two databases that were restored from one backup give the
/// same numbers to other users: a row is of both only if it was given before they parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// The latest lives, the oldest first.
    pub(crate) lives: Vec<Beginning>,
    /// The last row of a user that was given.
    pub(crate) last_user: i64,
}

/// How a life began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// Its epoch.
    pub(crate) epoch: u32,
    /// The last row of a user that was given before it.
    pub(crate) last_user: i64,
}

impl Lineage {
    /// The last row that is of one user in both; `None` if no life is known to be in common.
    pub(crate) fn last_in_common(&self, other: &Self) -> Option<i64> {
        let mut lives = self.lives.iter().rev();
        let (one, two) = lives.find_map(|life| {
            let ends = (self.end_of(life.epoch), other.end_of(life.epoch));
            ends.0.zip(ends.1)
        })?;
        Some(one.min(two))
    }

    /// The last row that was given in a life, if this database had it.
    fn end_of(&self, epoch: u32) -> Option<i64> {
        let place = self.lives.iter().rposition(|life| life.epoch == epoch)?;
        let next = self.lives.get(place + 1);
        Some(next.map_or(self.last_user, |next| next.last_user))
    }
}

/// What a database was found to be when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was made just now.
    New,
    /// It is the one that was closed last.
    Same,
    /// It is a copy, or the file beside it is missing or belongs to another: all logs have new epochs
    /// and access tokens are void.
    Restored,
}

/// Compares a database with the file beside it.
///
/// The database is written before the file, so a process that is killed between the two leaves it
/// one generation ahead.
pub(crate) fn compare(database: Option<Life>, beside: Option<Life>) -> Found {
    match (database, beside) {
        (None, _) => Found::New,
        (Some(database), Some(beside))
            if database.generation != COPY
                && (database == beside || database == beside.grown()) =>
        {
            Found::Same
        }
        (Some(_), _) => Found::Restored,
    }
}

/// The file beside a database.
#[derive(Debug, Clone)]
pub(crate) struct LifeFile(PathBuf);

/// The first word of the file: its form.
const FORM: &str = "vestnik-life-1";

impl LifeFile {
    /// The file beside a database whose path is resolved.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".life");
        Self(name.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What the file says; `None` when it is missing or says nothing that can be read.
    pub(crate) fn read(&self) -> io::Result<Option<Life>> {
        match std::fs::read_to_string(&self.0) {
            Ok(text) => Ok(parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file, durably.
    pub(crate) fn write(&self, life: Life) -> io::Result<()> {
        let Life { epoch, generation } = life;
        let text = format!("{FORM} {epoch:08x} {generation}\n");
        vestnik_sqlite::write_private_file(&self.0, text.as_bytes())
    }
}

fn parse(text: &str) -> Option<Life> {
    let mut words = text.split_whitespace();
    let (form, epoch, generation) = (words.next()?, words.next()?, words.next()?);
    if form != FORM || words.next().is_some() {
        return None;
    }
    Some(Life {
        epoch: u32::from_str_radix(epoch, 16).ok()?,
        generation: generation.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn life(epoch: u32, generation: u64) -> Life {
        Life { epoch, generation }
    }

    #[test]
    fn only_the_file_that_was_closed_last_is_the_same() {
        let cases = [
            (None, None, Found::New),
            (None, Some(life(1, 5)), Found::New),
            (Some(life(1, 5)), Some(life(1, 5)), Found::Same),
            // Killed between the two writes.
            (Some(life(1, 6)), Some(life(1, 5)), Found::Same),
            // Copied back.
            (Some(life(1, 4)), Some(life(1, 5)), Found::Restored),
            (Some(life(1, 7)), Some(life(1, 5)), Found::Restored),
            (Some(life(2, 5)), Some(life(1, 5)), Found::Restored),
            (Some(life(1, 5)), None, Found::Restored),
            (Some(life(1, COPY)), Some(life(1, COPY)), Found::Restored),
            (Some(life(1, COPY)), Some(life(1, 5)), Found::Restored),
        ];
        for (database, beside, found) in cases {
            assert_eq!(compare(database, beside), found, "{database:?} {beside:?}");
        }
    }

    #[test]
    fn rows_are_of_one_user_up_to_where_databases_parted() {
        let lineage = |lives: &[(u32, i64)], last_user| Lineage {
            lives: lives
                .iter()
                .map(|(epoch, last_user)| Beginning {
                    epoch: *epoch,
                    last_user: *last_user,
                })
                .collect(),
            last_user,
        };
        let first = lineage(&[(1, 0)], 10);
        for (one, other, last) in [
            (first.clone(), lineage(&[(1, 0)], 15), Some(10)),
            // The other is a copy of it that lived on.
            (first.clone(), lineage(&[(1, 0), (2, 8)], 30), Some(8)),
            (
                first.clone(),
                lineage(&[(1, 0), (2, 10), (3, 12)], 30),
                Some(10),
            ),
            // Both are of one backup.
            (
                lineage(&[(1, 0), (2, 8)], 20),
                lineage(&[(1, 0), (3, 8)], 30),
                Some(8),
            ),
            (
                lineage(&[(1, 0), (2, 8), (4, 20)], 40),
                lineage(&[(1, 0), (2, 8), (5, 25)], 30),
                Some(20),
            ),
            (first, lineage(&[(7, 0)], 30), None),
        ] {
            assert_eq!(one.last_in_common(&other), last, "{one:?} {other:?}");
            assert_eq!(other.last_in_common(&one), last, "{one:?} {other:?}");
        }
    }

    #[test]
    fn the_file_says_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = LifeFile::beside(&folder.path().join("db"));
        assert_eq!(file.read().unwrap(), None);
        file.write(life(0xdead_beef, 3)).unwrap();
        file.write(life(0x0000_0001, u64::MAX)).unwrap();
        assert_eq!(file.read().unwrap(), Some(life(1, u64::MAX)));
    }

    #[test]
    fn a_file_that_cannot_be_read_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = LifeFile::beside(&folder.path().join("db"));
        let texts: [&[u8]; 6] = [
            b"",
            b"vestnik-life-1 00000001",
            b"vestnik-life-2 00000001 3",
            b"vestnik-life-1 00000001 3 4",
            b"vestnik-life-1 x -1",
            b"\xff\xfe",
        ];
        for text in texts {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(file.read().unwrap(), None, "{text:?}");
        }
    }
}
