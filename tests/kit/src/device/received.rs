//! What came, and what it makes of what the device keeps. Pure.

use vestnik_model::{
    Cursor, Entry, NotificationId,
    contract::{Entries, Page},
};

use super::store::Stored;

/// What a device has of one notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// How often it was applied. More than once only if the server was restored, and even then not
    /// shown again.
    pub applied: u32,
    /// How often it would have been shown: when it was not in the history.
    pub shown: u32,
    /// Its title.
    pub title: String,
    /// Whether it was read, here or on another device.
    pub is_read: bool,
    /// Whether it was recalled.
    pub is_recalled: bool,
}

/// What a page told the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPage {
    /// The log goes on.
    More,
    /// The device stands at the end of its log.
    End,
}

impl Stored {
    /// Applies live entries if they follow the device's cursor; otherwise the device has to read on.
    pub fn apply_live(&mut self, entries: Entries) -> bool {
        let Entries {
            after,
            cursor,
            entries,
        } = entries;
        if self.cursor.as_ref() != Some(&after) {
            self.passed_over += 1;
            return false;
        }
        self.live += entries.len();
        self.apply(cursor, entries);
        true
    }

    /// Applies a page that was asked from `asked`. A page that begins elsewhere means that the server
    /// does not know that cursor: the device keeps its history and goes on from the page's cursor.
    pub fn apply_page(&mut self, asked: Option<&Cursor>, page: Page) -> ReadPage {
        if asked.is_some_and(|asked| *asked != page.after) {
            self.restored += 1;
        }
        self.pages += 1;
        self.apply(page.cursor, page.entries);
        if page.more {
            ReadPage::More
        } else {
            ReadPage::End
        }
    }

    fn apply(&mut self, cursor: Cursor, entries: Vec<Entry>) {
        for entry in entries {
            self.apply_one(entry);
        }
        self.cursor = Some(cursor);
    }

    fn apply_one(&mut self, entry: Entry) {
        match entry {
            Entry::Notification(arrival) => {
                let is_new = !self.received.contains_key(&arrival.id);
                let received = self.received.entry(arrival.id).or_default();
                received.applied += 1;
                if is_new {
                    received.title = arrival.notification.title.as_str().to_owned();
                    received.is_read = arrival.read_at.is_some();
                    received.shown = 1;
                    self.order.push(arrival.id);
                    self.queue_delivered(arrival.id);
                }
            }
            Entry::Recall(recall) => {
                if let Some(received) = self.received.get_mut(&recall.id) {
                    received.is_recalled = true;
                }
                self.recalls.push(recall.id);
            }
            Entry::State(change) => {
                if change.flag == vestnik_model::Flag::Read
                    && let Some(received) = self.received.get_mut(&change.id)
                {
                    received.is_read |= change.value;
                }
                self.states.push(change);
            }
            Entry::Unknown(unknown) => self.unknown.push(unknown),
        }
    }

    /// How often a notification was applied.
    #[must_use]
    pub fn count(&self, id: NotificationId) -> u32 {
        self.received
            .get(&id)
            .map_or(0, |received| received.applied)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recall() -> serde_json::Value {
        json!({"kind": "recall", "id": "ntf_00000000000000000000000000000001",
            "at": "2026-11-28T09:00:00Z"})
    }

    #[test]
    fn entries_are_applied_only_behind_the_cursor() {
        let mut stored = Stored::default();
        let entries = |after: &str, cursor: &str| -> Entries {
            let wire = json!({"after": after, "cursor": cursor,
                "entries": [recall(), {"kind": "later", "id": 7}]});
            serde_json::from_value(wire).unwrap()
        };
        assert!(!stored.apply_live(entries("a", "b")));
        stored.cursor = Some("a".parse().unwrap());
        assert!(stored.apply_live(entries("a", "b")));
        assert!(!stored.apply_live(entries("a", "b")), "they came before");
        let counts = (
            stored.recalls.len(),
            stored.unknown.len(),
            stored.passed_over,
        );
        assert_eq!(counts, (1, 1, 2));
        assert_eq!(stored.cursor, Some("b".parse().unwrap()));
    }

    #[test]
    fn a_page_from_elsewhere_is_the_sign_of_a_restored_server() {
        let mut stored = Stored::default();
        let page = |after: &str, cursor: &str, more: bool| -> Page {
            let wire = json!({"after": after, "cursor": cursor, "entries": [], "more": more});
            serde_json::from_value(wire).unwrap()
        };
        let cursor: Cursor = "a".parse().unwrap();
        assert_eq!(
            stored.apply_page(None, page("a", "b", true)),
            ReadPage::More
        );
        assert_eq!(
            stored.apply_page(Some(&cursor), page("a", "b", false)),
            ReadPage::End
        );
        assert_eq!(stored.restored, 0);
        stored.apply_page(Some(&cursor), page("x", "y", false));
        assert_eq!(stored.restored, 1);
        assert_eq!(stored.cursor, Some("y".parse().unwrap()));
    }
}
