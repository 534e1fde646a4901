//! A user's log.

use vestnik_model::{Cursor, Entry};

/// A user's log.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) epoch: u64,
    entries: Vec<LogEntry>,
}

#[derive(Debug, Clone)]
pub(super) struct LogEntry {
    pub(super) tag: u32,
    pub(super) entry: Entry,
}

/// What a cursor says to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is a place of the log: so many entries are known.
    Known(u64),
    /// The device reads from the beginning.
    Beginning,
    /// It proves another history: the log needs a new epoch.
    Other,
}

impl Log {
    pub(super) const fn new(epoch: u64) -> Self {
        Self {
            epoch,
            entries: Vec::new(),
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The cursor behind so many entries.
    pub(super) fn cursor(&self, seq: u64) -> Cursor {
        let tag = self.tag(seq);
        Cursor::parse(format!("{:08x}:{seq}:{tag:08x}", self.epoch))
            .expect("a short printable text")
    }

    pub(super) fn end(&self) -> Cursor {
        self.cursor(self.length())
    }

    fn tag(&self, seq: u64) -> u32 {
        let index = usize::try_from(seq).ok().and_then(|seq| seq.checked_sub(1));
        index
            .and_then(|index| self.entries.get(index))
            .map_or(0, |entry| entry.tag)
    }

    pub(super) fn append(&mut self, tag: u32, entry: Entry) -> u64 {
        self.entries.push(LogEntry {
            tag: tag.max(1),
            entry,
        });
        self.length()
    }

    pub(super) fn standing(&self, cursor: Option<&Cursor>) -> Standing {
        let Some((epoch, seq, tag)) = cursor.and_then(read) else {
            return Standing::Beginning;
        };
        if epoch != self.epoch {
            Standing::Beginning
        } else if seq > self.length() || self.tag(seq) != tag {
            Standing::Other
        } else {
            Standing::Known(seq)
        }
    }

    /// So many entries behind a place, with their numbers.
    pub(super) fn after(&self, seq: u64, limit: usize) -> impl Iterator<Item = (u64, &Entry)> {
        let skipped = usize::try_from(seq).unwrap_or(usize::MAX);
        let numbered = (1..).zip(&self.entries).skip(skipped).take(limit);
        numbered.map(|(seq, entry)| (seq, &entry.entry))
    }
}

fn read(cursor: &Cursor) -> Option<(u64, u64, u32)> {
    let mut parts = cursor.as_str().split(':');
    let epoch = u64::from_str_radix(parts.next()?, 16).ok()?;
    let seq = parts.next()?.parse().ok()?;
    let tag = u32::from_str_radix(parts.next()?, 16).ok()?;
    parts.next().is_none().then_some((epoch, seq, tag))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_of_a_lost_future_is_recognised() {
        let entry = || serde_json::from_value::<Entry>(json!({"kind": "later"})).unwrap();
        let mut log = Log::new(7);
        log.append(1, entry());
        let kept = log.clone();
        log.append(2, entry());
        let lost = log.end();
        let mut restored = kept;
        assert_eq!(restored.standing(Some(&lost)), Standing::Other);
        restored.append(3, entry());
        assert_eq!(restored.standing(Some(&lost)), Standing::Other);
        assert_eq!(restored.standing(Some(&log.cursor(1))), Standing::Known(1));
        assert_eq!(restored.standing(None), Standing::Beginning);
        restored.epoch = 8;
        assert_eq!(restored.standing(Some(&lost)), Standing::Beginning);
    }
}
