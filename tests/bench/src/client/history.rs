//! The history that is measured.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use jiff::SignedDuration;
use rusqlite::Connection;
use tempfile::TempDir;
use vestnik_inbox::{HistoryFile, Inbox, Offset, Outcome, Stamp, Stretch, Suspicion, history_path};
use vestnik_model::{Cursor, Entry, UserId, contract::Page};
use vestnik_sqlite::Database;

use super::{content, options::Size};
use crate::{clock, say, stat::Figures};

/// How many notifications one page of the log brings while the history is made.
const PAGE: u64 = 500;

/// A history of many notifications.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) size: Size,
    database: Option<Database>,
    /// Moves the log of the database into its file.
    mover: Connection,
    folder: PathBuf,
    /// Removes the folder.
    _temporary: Option<TempDir>,
    /// The number of the next notification.
    pub(super) next: u64,
    stamps: u64,
}

pub(super) fn user() -> Result<UserId> {
    Ok("anna".parse()?)
}

impl Bench {
    /// Makes a history, or opens the one that was kept.
    pub(super) fn make(size: Size) -> Result<Self> {
        let temporary = match &size.keep {
            Some(_) => None,
            None => Some(TempDir::new()?),
        };
        let folder = temporary.as_ref().map(|folder| folder.path().to_owned());
        let folder = size.keep.clone().or(folder).context("there is no folder")?;
        let path = history_path(&folder, &user()?);
        let is_there = path.exists();
        let mut stamps = 0;
        let stamp = stamp(&mut stamps);
        let database = HistoryFile::open(&folder, &user()?, Suspicion::None, &stamp)?.database;
        let mut bench = Self {
            size,
            database: Some(database),
            mover: Connection::open(path)?,
            folder,
            _temporary: temporary,
            next: 0,
            stamps,
        };
        if is_there {
            let newest = "SELECT max(row) FROM notification";
            let database = bench.database()?;
            bench.next = database.read(|db| db.query_row(newest, [], |row| row.get(0)))?;
        } else {
            bench.fill()?;
        }
        bench.settle()?;
        Ok(bench)
    }

    /// The open history.
    pub(super) fn database(&mut self) -> Result<&mut Database> {
        self.database.as_mut().context("the history is closed")
    }

    /// Closes the history, for another process.
    pub(super) fn close(&mut self) -> Result<()> {
        match self.database.take() {
            Some(database) => Ok(database.close()?),
            None => Ok(()),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn fill(&mut self) -> Result<()> {
        let begun = clock::now();
        while self.next < self.size.rows {
            let count = PAGE.min(self.size.rows - self.next);
            let stretch = self.stretch(count)?;
            self.apply(&stretch)?;
            if self.next.is_multiple_of(100_000) {
                say::progress(format!("{} notifications are there", self.next));
            }
        }
        let seconds = (clock::now() - begun).as_secs_f64();
        say::progress(format!(
            "a history of {} was made in {seconds:.0} s, {:.0} µs each",
            self.next,
            seconds * 1e6 / self.next as f64,
        ));
        Ok(())
    }

    /// All but the newest are read and nothing is due; the log lies in the file.
    fn settle(&mut self) -> Result<()> {
        let read = self.next.saturating_sub(self.size.unread);
        let unread = self.next - read;
        self.database()?.write(|db| {
            db.execute_batch(&format!(
                "UPDATE notification SET is_read = row <= {read}, show = 'shown'
                     WHERE show = 'due' OR is_read <> (row <= {read});
                 UPDATE meta SET value = '{unread}' WHERE name = 'unread';
                 DELETE FROM outbox;
                 UPDATE meta SET value = '0' WHERE name = 'facts_waiting';"
            ))
        })?;
        self.move_log()
    }

    /// Moves the log of the database into its file, so that no side pays for the other's.
    pub(super) fn move_log(&mut self) -> Result<()> {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        Ok(self.mover.query_row(checkpoint, [], |_| Ok(()))?)
    }

    /// The next notifications of the log.
    pub(super) fn stretch(&mut self, count: u64) -> Result<Stretch> {
        let after = self.next;
        let entries: Result<Vec<Entry>> = (after + 1..=after + count).map(entry).collect();
        self.next += count;
        let page = Page {
            after: place(after)?,
            cursor: place(self.next)?,
            entries: entries?,
            more: false,
        };
        let own = if after == 0 {
            None
        } else {
            Some(place(after)?)
        };
        Ok(Stretch::page(user()?, own, page))
    }

    /// Applies a stretch as a driver does, in a transaction of its own.
    pub(super) fn apply(&mut self, stretch: &Stretch) -> Result<()> {
        let stamp = self.stamp();
        let outcome = self
            .database()?
            .write(|db| Inbox::new(db, stamp).apply(stretch))?;
        ensure!(
            matches!(outcome, Outcome::Applied(_)),
            "a page does not follow the history"
        );
        Ok(())
    }

    pub(super) fn stamp(&mut self) -> Stamp {
        stamp(&mut self.stamps)
    }
}

fn entry(number: u64) -> Result<Entry> {
    let notification = content::notification(number)?;
    let id = notification.id;
    Ok(serde_json::from_value(serde_json::json!({
        "kind": "notification", "id": id, "at": notification.accepted_at,
        "deliveryId": id.to_string().replace("ntf", "dlv"), "notification": notification,
    }))?)
}

pub(super) fn place(number: u64) -> Result<Cursor> {
    Ok(Cursor::parse(format!("e:{number}:t"))?)
}

/// A moment after the last notification; each is another.
fn stamp(stamps: &mut u64) -> Stamp {
    *stamps += 1;
    let mut random = [7; 32];
    random[..8].copy_from_slice(&stamps.to_le_bytes());
    Stamp {
        now: content::begin() + SignedDuration::from_hours(24 * 20),
        offset: Offset::Heard(SignedDuration::ZERO),
        random,
    }
}

/// How long a side takes, in seconds: one of the two of a figure.
pub(super) fn seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begun = clock::now();
    work()?;
    Ok((clock::now() - begun).as_secs_f64())
}

/// The seconds of the two sides of a figure, run by run.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) inbox: Vec<f64>,
    pub(super) plain: Vec<f64>,
}

impl Sides {
    /// The inbox over the plain statements.
    pub(super) fn ratio(&self) -> Figures {
        let pairs = self.inbox.iter().zip(&self.plain);
        pairs.map(|(inbox, plain)| inbox / plain).collect()
    }

    /// The inbox beyond the plain statements, in milliseconds.
    pub(super) fn beyond(&self) -> Figures {
        let pairs = self.inbox.iter().zip(&self.plain);
        pairs.map(|(inbox, plain)| (inbox - plain) * 1e3).collect()
    }

    /// The inbox, in milliseconds.
    pub(super) fn millis(&self) -> Figures {
        self.inbox.iter().map(|seconds| seconds * 1e3).collect()
    }
}
