//! What entries are applied from, and what became of them.

use jiff::Timestamp;
use vestnik_model::{
    Cursor, Entry, NotificationId, UserId,
    contract::{Entries, Page},
};

use crate::rule::chain::Basis;

/// A stretch of a user's log, as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Whose log it is: the user of the session that it came in.
    pub user: UserId,
    /// The place that the entries follow.
    pub after: Cursor,
    /// The place behind them.
    pub cursor: Cursor,
    /// The entries.
    pub entries: Vec<Entry>,
    /// How it came.
    pub origin: Origin,
}

/// How a stretch of the log came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// By a live call.
    Live,
    /// As the answer to a `Sync` from this cursor; `None` is the beginning of the log.
    Asked(Option<Cursor>),
}

impl Stretch {
    /// A live call.
    #[must_use]
    pub fn live(user: UserId, entries: Entries) -> Self {
        let Entries {
            after,
            cursor,
            entries,
        } = entries;
        Self {
            user,
            after,
            cursor,
            entries,
            origin: Origin::Live,
        }
    }

    /// The answer to a `Sync` from a cursor.
    #[must_use]
    pub fn page(user: UserId, asked_from: Option<Cursor>, page: Page) -> Self {
        let Page {
            after,
            cursor,
            entries,
            more: _,
        } = page;
        Self {
            user,
            after,
            cursor,
            entries,
            origin: Origin::Asked(asked_from),
        }
    }

    pub(crate) fn basis(&self) -> Basis<'_> {
        match &self.origin {
            Origin::Live => Basis::Live,
            Origin::Asked(from) => Basis::Asked(from.as_ref()),
        }
    }
}

/// What became of a stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was applied.
    Applied(Applied),
    /// It does not follow what the device has; nothing was changed. Read on from the cursor.
    Stale {
        /// Where the device stands.
        cursor: Option<Cursor>,
    },
    /// It belongs to another user than the history; nothing was changed.
    OtherUser,
}

/// What a transaction changed, and what it knows besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Where the device stands now.
    pub cursor: Option<Cursor>,
    /// The server began another history ([a restored backup](vestnik_model::contract#the-log)).
    pub is_rebased: bool,
    /// New in the history, oldest first.
    pub inserted: Vec<NotificationId>,
    /// Got new content in the history.
    pub replaced: Vec<NotificationId>,
    /// Those of them that were shown: if one is still on the screen, it is drawn again under the same
    /// identifier, which is no second show.
    pub redraw: Vec<NotificationId>,
    /// To be taken off the screen: read or deleted on another device, or recalled.
    pub withdrawn: Vec<NotificationId>,
    /// Changed in another way.
    pub changed: Vec<NotificationId>,
    /// When the next show is due, by the server's clock; the epoch if it is due now.
    pub next_show: Option<Timestamp>,
    /// How many are unread.
    pub unread: u64,
    /// How many facts wait.
    pub facts_waiting: u64,
}
