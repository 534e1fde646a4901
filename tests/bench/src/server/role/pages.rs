//! Pages of logs, by one plain statement on a connection that only reads.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OpenFlags};

use crate::{clock, say};

/// Entries of a page, as the server gives them by default.
const ENTRIES: usize = 100;

const PAGE: &str = "SELECT l.seq, l.tag, l.at, n.id, n.content
     FROM log l JOIN notification n ON n.row = l.notification
     WHERE l.user = ?1 AND l.seq > ?2 ORDER BY l.seq LIMIT ?3";

/// What was read.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct PagesRead {
    pub(in super::super) pages: f64,
    pub(in super::super) messages: f64,
    pub(in super::super) seconds: f64,
    /// Seconds of processor time.
    pub(in super::super) cpu: f64,
}

impl PagesRead {
    /// Reads what the role prints.
    pub(in super::super) fn parse(text: &str) -> Result<Self> {
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || -> Result<f64> { Ok(numbers.next().context("too few figures")??) };
        Ok(Self {
            pages: next()?,
            messages: next()?,
            seconds: next()?,
            cpu: next()?,
        })
    }
}

/// Reads logs from beginning to end, one user after another, for a while.
pub(super) fn read(database: &Path, users: usize, millis: u64) -> Result<()> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = db.prepare(PAGE)?;
    let (begun, cpu) = (clock::now(), clock::thread_nanos());
    let end = begun + Duration::from_millis(millis);
    let (mut pages, mut messages, mut bytes) = (0_u64, 0_u64, 0_usize);
    let mut user = 0;
    while clock::now() < end {
        let mut after = 0_i64;
        loop {
            let mut rows = statement.query((user % users + 1, after, ENTRIES))?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                after = row.get(0)?;
                let (tag, at): (i64, i64) = (row.get(1)?, row.get(2)?);
                let (id, content): (Vec<u8>, String) = (row.get(3)?, row.get(4)?);
                // Nothing is skipped because nobody uses it.
                bytes = std::hint::black_box(bytes + id.len() + content.len());
                std::hint::black_box((tag, at));
                count += 1;
            }
            messages += count;
            if count == 0 {
                break;
            }
            pages += 1;
            if count < ENTRIES as u64 {
                break;
            }
        }
        user += 1;
    }
    let seconds = (clock::now() - begun).as_secs_f64();
    let cpu = (clock::thread_nanos() - cpu) as f64 / 1e9;
    say::out(format!("{pages} {messages} {seconds} {cpu}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let read = PagesRead::parse("10 1000 0.5 0.25\n").unwrap();
        assert_eq!((read.pages, read.messages), (10.0, 1_000.0));
        assert_eq!((read.seconds, read.cpu), (0.5, 0.25));
        assert!(PagesRead::parse("10 1000").is_err());
    }
}
