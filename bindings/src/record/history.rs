//! The history as the app reads it.

use std::time::SystemTime;

use jiff::Timestamp;
use vestnik_inbox::{self as inbox, Filter, MAX_PAGE, Start};

use super::{notification::Notification, parse, suppression::Suppression};
use crate::error::VestnikError;

/// A notification in the history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryItem {
    /// The notification, with the newest content.
    pub notification: Notification,
    /// Where it stands among the others; see [`HistoryQuery`].
    pub place: String,
    /// Whether the person has seen it, on this device or another.
    pub is_read: bool,
    /// When it was read.
    pub read_at: Option<SystemTime>,
    /// Whether the person put it out of sight.
    pub is_archived: bool,
    /// When this device stored it, by the server's clock.
    pub received_at: SystemTime,
    /// Whether it was shown.
    pub show: ShowState,
}

/// Whether a notification was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ShowState {
    /// It will be.
    Due,
    /// The app has its ticket.
    Taken,
    /// It was drawn.
    Shown,
    /// It is not shown.
    Suppressed {
        /// Why.
        reason: Suppression,
    },
}

/// Which part of the history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryQuery {
    /// Only what is older than this place; not together with `after`.
    #[uniffi(default = None)]
    pub before: Option<String>,
    /// Only what is newer than this place.
    #[uniffi(default = None)]
    pub after: Option<String>,
    /// The most items, 1 to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
    /// By whether it is archived.
    #[uniffi(default = None)]
    pub shelf: Option<Shelf>,
    /// Only what is unread.
    #[uniffi(default = false)]
    pub unread_only: bool,
    /// Only a category.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// Only what this device stored at this time or later.
    #[uniffi(default = None)]
    pub since: Option<SystemTime>,
}

/// Notifications by whether they are archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Shelf {
    /// Not archived.
    Inbox,
    /// Archived.
    Archive,
    /// Both.
    All,
}

/// One search.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SearchQuery {
    /// Words, all of which must be there; the last may be the beginning of one.
    pub text: String,
    /// Only what is older than this place.
    #[uniffi(default = None)]
    pub before: Option<String>,
    /// The most items, 1 to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
}

/// A page of the history, newest first whatever the direction.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryPage {
    /// The items.
    pub items: Vec<HistoryItem>,
    /// Whether there are more in the direction that was asked for.
    pub has_more: bool,
    /// From where on to ask for the next page in that direction.
    pub end: Option<String>,
    /// How many were left out because this version cannot read them.
    pub unreadable: u32,
}

impl HistoryQuery {
    /// Checks what the app gave.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] that names the field.
    pub(crate) fn parse(self) -> Result<inbox::HistoryQuery, VestnikError> {
        let Self {
            before,
            after,
            limit,
            shelf,
            unread_only,
            category,
            since,
        } = self;
        let start = match (before, after) {
            (None, None) => Start::Newest,
            (Some(before), None) => Start::Before(parse("before", &before)?),
            (None, Some(after)) => Start::After(parse("after", &after)?),
            (Some(_), Some(_)) => {
                return Err(VestnikError::invalid("after", "excludes before"));
            }
        };
        let filter = Filter {
            shelf: shelf.map_or(inbox::Shelf::Inbox, Into::into),
            unread_only,
            category: category.map(|name| parse("category", &name)).transpose()?,
            since: since.map(|at| timestamp("since", at)).transpose()?,
        };
        Ok(inbox::HistoryQuery {
            start,
            filter,
            limit: page("limit", limit)?,
        })
    }
}

impl SearchQuery {
    /// Checks what the app gave.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] that names the field.
    pub(crate) fn parse(self) -> Result<inbox::SearchQuery, VestnikError> {
        let Self {
            text,
            before,
            limit,
        } = self;
        Ok(inbox::SearchQuery {
            text,
            before: before.map(|place| parse("before", &place)).transpose()?,
            limit: page("limit", limit)?,
        })
    }
}

fn page(field: &str, limit: u32) -> Result<u32, VestnikError> {
    if !(1..=MAX_PAGE).contains(&limit) {
        let detail = format!("must be 1 to {MAX_PAGE}");
        return Err(VestnikError::invalid(field, detail));
    }
    Ok(limit)
}

fn timestamp(field: &str, at: SystemTime) -> Result<Timestamp, VestnikError> {
    at.try_into()
        .map_err(|error| VestnikError::invalid(field, error))
}

impl From<Shelf> for inbox::Shelf {
    fn from(shelf: Shelf) -> Self {
        match shelf {
            Shelf::Inbox => Self::Inbox,
            Shelf::Archive => Self::Archive,
            Shelf::All => Self::All,
        }
    }
}

impl From<inbox::HistoryItem> for HistoryItem {
    fn from(item: inbox::HistoryItem) -> Self {
        let inbox::HistoryItem {
            place,
            notification,
            is_read,
            read_at,
            is_archived,
            received_at,
            show,
            ..
        } = item;
        Self {
            notification: notification.into(),
            place: place.to_string(),
            is_read,
            read_at: read_at.map(Into::into),
            is_archived,
            received_at: received_at.into(),
            show: show.into(),
        }
    }
}

impl From<inbox::ShowState> for ShowState {
    fn from(state: inbox::ShowState) -> Self {
        match state {
            inbox::ShowState::Due => Self::Due,
            inbox::ShowState::Taken => Self::Taken,
            inbox::ShowState::Shown => Self::Shown,
            inbox::ShowState::Suppressed(reason) => Self::Suppressed {
                reason: reason.map_or(Suppression::Other, Into::into),
            },
        }
    }
}

impl From<inbox::HistoryPage> for HistoryPage {
    fn from(page: inbox::HistoryPage) -> Self {
        let inbox::HistoryPage {
            items,
            has_more,
            end,
            unreadable,
            ..
        } = page;
        Self {
            items: items.into_iter().map(Into::into).collect(),
            has_more,
            end: end.map(|place| place.to_string()),
            unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> HistoryQuery {
        HistoryQuery {
            before: None,
            after: None,
            limit: 50,
            shelf: None,
            unread_only: false,
            category: None,
            since: None,
        }
    }

    #[test]
    fn a_query_without_wishes_is_the_newest_page() {
        assert_eq!(query().parse().unwrap(), inbox::HistoryQuery::default());
    }

    #[test]
    fn a_wrong_field_is_named() {
        let place = || Some("7".to_owned());
        let cases = [
            (
                "limit",
                HistoryQuery {
                    limit: 0,
                    ..query()
                },
            ),
            (
                "limit",
                HistoryQuery {
                    limit: 201,
                    ..query()
                },
            ),
            (
                "before",
                HistoryQuery {
                    before: Some("x".to_owned()),
                    ..query()
                },
            ),
            (
                "after",
                HistoryQuery {
                    before: place(),
                    after: place(),
                    ..query()
                },
            ),
            (
                "category",
                HistoryQuery {
                    category: Some(String::new()),
                    ..query()
                },
            ),
        ];
        for (expected, query) in cases {
            let Err(VestnikError::InvalidArgument { field, .. }) = query.parse() else {
                panic!("{expected} is taken");
            };
            assert_eq!(field, expected);
        }
    }
}
