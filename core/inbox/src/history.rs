//! The history as apps read it.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use vestnik_model::{CategoryName, Notification, NotificationId};

use crate::Suppression;

/// The most items of one page.
pub const MAX_PAGE: u32 = 200;

/// A notification in the history.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HistoryItem {
    /// Where it stands among the others.
    pub place: Place,
    /// The notification, with the newest content.
    pub notification: Notification,
    /// Whether the person has seen it, on this device or another.
    pub is_read: bool,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// Whether the person put it out of sight.
    pub is_archived: bool,
    /// When this device stored it, by the server's clock.
    pub received_at: Timestamp,
    /// Whether it was shown.
    pub show: ShowState,
}

/// Whether a notification was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowState {
    /// It will be.
    Due,
    /// A shell has its ticket.
    Taken,
    /// It was drawn.
    Shown,
    /// It is not shown. The reason is `None` if another version wrote one that this does not know.
    Suppressed(Option<Suppression>),
}

/// A place in the history. It stays where it is while notifications come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub(crate) i64);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a place in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a place in the history")]
pub struct ParsePlaceError;

impl FromStr for Place {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, ParsePlaceError> {
        text.parse().map(Self).map_err(|_| ParsePlaceError)
    }
}

/// Which part of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// From where on, and in which direction.
    pub start: Start,
    /// Which notifications.
    pub filter: Filter,
    /// The most items, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

impl Default for HistoryQuery {
    fn default() -> Self {
        Self {
            start: Start::Newest,
            filter: Filter::default(),
            limit: 50,
        }
    }
}

/// From where on a page is read. What lies at the place itself is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From the newest on, to older ones.
    Newest,
    /// Older than a place.
    Before(Place),
    /// Newer than a place.
    After(Place),
}

/// Which notifications of the history; what is deleted is never among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// By whether they are archived.
    pub shelf: Shelf,
    /// Only those that are unread.
    pub unread_only: bool,
    /// Only those of a category.
    pub category: Option<CategoryName>,
    /// Only those that this device stored at this time or later.
    pub since: Option<Timestamp>,
}

/// Notifications by whether they are archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shelf {
    /// Not archived.
    #[default]
    Inbox,
    /// Archived.
    Archive,
    /// Both.
    All,
}

/// A page of the history.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The items, newest first whatever the direction.
    pub items: Vec<HistoryItem>,
    /// Whether there are more in the direction that was asked for.
    pub has_more: bool,
    /// From where on to ask for the next page in that direction: the last row that was looked at.
    pub end: Option<Place>,
    /// How many rows were left out because this version cannot read them.
    pub unreadable: u32,
}

/// One search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// What to look for; see [what search matches](crate#search).
    pub text: String,
    /// Only notifications older than this place.
    pub before: Option<Place>,
    /// The most items, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

/// A notification for a shell to draw: the content of a show ticket.
///
/// Draw it under an identifier that is made of the notification's id, so that drawing it again
/// replaces. Then settle it by [`Inbox::settle_show`](crate::Inbox::settle_show).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Taken {
    /// What to draw.
    pub item: HistoryItem,
    /// It may be on the screen already: the process that took it before ended without settling it.
    pub again: bool,
    /// How often it was taken, this time included.
    pub attempt: u32,
}

impl Taken {
    /// The notification's id.
    #[must_use]
    pub const fn id(&self) -> NotificationId {
        self.item.notification.id
    }

    /// The revision that is drawn.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.item.notification.revision
    }
}

/// How a show ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The system took it.
    Shown,
    /// The system did not take it, and may take it later: it is due again after a pause, a bounded
    /// number of times. The reason is a short code that is reported if it never succeeds.
    Failed(String),
    /// It is not shown, for good.
    Suppressed(Suppression),
}
