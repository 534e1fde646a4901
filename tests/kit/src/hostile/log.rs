//! A user's log, as the good server keeps it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A page's entries unless the device says otherwise.
const DEFAULT_PAGE: usize = 100;

/// A user's log. Cursors of different users look alike, so that a device which mixes them up shows it.
#[derive(Debug, Clone, Default)]
pub(super) struct UserLog {
    epoch: u32,
    entries: Vec<Value>,
}

/// Pages of the test's own, by the cursor that they are asked from; the first one by the empty text.
pub(super) type Pages = BTreeMap<String, Value>;

impl UserLog {
    /// Adds entries and gives the live call that says so.
    pub(super) fn append(&mut self, entries: &[Value]) -> Value {
        let after = self.end();
        self.entries.extend_from_slice(entries);
        json!({"after": after, "cursor": self.end(), "entries": entries})
    }

    /// The end of the log.
    pub(super) fn end(&self) -> String {
        self.cursor(self.entries.len())
    }

    /// How many entries follow a cursor.
    pub(super) fn behind_by(&self, cursor: Option<&str>) -> usize {
        self.entries.len() - self.place(cursor)
    }

    /// A page, bounded in number only.
    pub(super) fn page(&self, cursor: Option<&str>, limit: Option<u64>) -> Value {
        let begin = self.place(cursor);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let end = begin.saturating_add(limit.unwrap_or(DEFAULT_PAGE).max(1));
        let end = end.min(self.entries.len());
        json!({
            "after": self.cursor(begin), "cursor": self.cursor(end),
            "entries": self.entries[begin..end], "more": end < self.entries.len(),
        })
    }

    /// Begins another epoch with the first entries, as a restored backup does.
    pub(super) fn restore(&mut self, keep: usize) {
        self.epoch += 1;
        self.entries.truncate(keep);
    }

    fn cursor(&self, seq: usize) -> String {
        format!("{:08x}:{seq}:c0ffee00", self.epoch)
    }

    /// Where a cursor stands; the beginning for one that the log does not know.
    fn place(&self, cursor: Option<&str>) -> usize {
        let mut places = 0..=self.entries.len();
        let found = places.find(|seq| cursor == Some(&self.cursor(*seq)));
        found.unwrap_or_default()
    }
}
