//! The history, read.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{CategoryName, Cursor, NotificationId, UserId};

use super::table::{
    meta::{self, Counter},
    notification, outbox,
    page::{self, Direction},
    search, show,
};
use crate::{
    HistoryItem, HistoryPage, HistoryQuery, MAX_PAGE, Place, SearchQuery, ShowState, Start,
    rule::word::wanted,
};

/// How many parked facts are told.
const PARKED: u32 = 32;
/// How many categories are told.
const CATEGORIES: usize = 100;

/// A history within one snapshot of its database.
#[derive(Debug, Clone, Copy)]
pub struct History<'t> {
    db: &'t Connection,
}

impl<'t> History<'t> {
    /// The history of a snapshot or a transaction of its database.
    #[must_use]
    pub const fn new(db: &'t Connection) -> Self {
        Self { db }
    }

    /// Whose history it is.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn user(&self) -> Result<Option<UserId>, rusqlite::Error> {
        meta::user(self.db)
    }

    /// Where the device stands in the log; `None` at its beginning.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn cursor(&self) -> Result<Option<Cursor>, rusqlite::Error> {
        meta::cursor(self.db)
    }

    /// How many notifications of the inbox are unread. Nothing is counted.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn unread_count(&self) -> Result<u64, rusqlite::Error> {
        meta::count(self.db, Counter::Unread)
    }

    /// How many facts wait to be reported. Nothing is counted.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn facts_waiting(&self) -> Result<u64, rusqlite::Error> {
        meta::count(self.db, Counter::FactsWaiting)
    }

    /// When the next show is due, by the server's clock; the epoch if one is due already.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn next_show(&self) -> Result<Option<Timestamp>, rusqlite::Error> {
        show::next_at(self.db)
    }

    /// When the next fact may be reported, by the server's clock; the epoch if one may be already.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn next_report(&self) -> Result<Option<Timestamp>, rusqlite::Error> {
        outbox::next_at(self.db)
    }

    /// The newest facts that the server refused, as pairs of their kind and the code of the refusal.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn parked(&self) -> Result<Vec<(String, String)>, rusqlite::Error> {
        outbox::parked(self.db, PARKED)
    }

    /// The categories that the user was notified in, in their order: at most 100, of what is still kept.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn categories(&self) -> Result<Vec<CategoryName>, rusqlite::Error> {
        notification::categories(self.db, CATEGORIES)
    }

    /// A notification that is not deleted. `None` also if this version cannot read it.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn get(&self, id: NotificationId) -> Result<Option<HistoryItem>, rusqlite::Error> {
        notification::get(self.db, id)
    }

    /// Whether a notification ought not be on the screen: it was read, deleted or recalled, or has left
    /// the history. If that came while its ticket was out, it may have been drawn afterwards: ask when
    /// the ticket is settled.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn is_unwanted(&self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        let standing = notification::standing(self.db, id)?;
        Ok(standing.is_none_or(|standing| standing.read.value || standing.deleted.value))
    }

    /// Whether a notification [ought not be on the screen](Self::is_unwanted), or was never to be shown.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn is_put_away(&self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        let show = self.get(id)?.map(|item| item.show);
        Ok(self.is_unwanted(id)? || matches!(show, Some(ShowState::Suppressed(_))))
    }

    /// A page, newest first, cut by place and not by count, so that what comes meanwhile moves nothing.
    /// Rows that this version cannot read are left out and counted.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn page(&self, query: &HistoryQuery) -> Result<HistoryPage, rusqlite::Error> {
        let (direction, from) = match query.start {
            Start::Newest => (Direction::Older, i64::MAX),
            Start::Before(place) => (Direction::Older, place.0),
            Start::After(place) => (Direction::Newer, place.0),
        };
        let limit = query.limit.clamp(1, MAX_PAGE);
        let mut rows = page::rows(self.db, direction, from, &query.filter, limit + 1)?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let mut page = HistoryPage {
            has_more,
            end: rows.last().map(|(row, _)| Place(*row)),
            ..HistoryPage::default()
        };
        if direction == Direction::Newer {
            rows.reverse();
        }
        for (_, item) in rows {
            add(&mut page, item);
        }
        Ok(page)
    }

    /// Searches titles and texts, newest first; see [what search matches](crate#search).
    ///
    /// # Errors
    /// If a statement fails.
    pub fn search(&self, query: &SearchQuery) -> Result<HistoryPage, rusqlite::Error> {
        let Some(wanted) = wanted(&query.text) else {
            return Ok(HistoryPage::default());
        };
        let limit = query.limit.clamp(1, MAX_PAGE);
        let before = query.before.map_or(i64::MAX, |place| place.0);
        let mut rows = search::search(self.db, &wanted, before, limit + 1)?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let mut page = HistoryPage {
            has_more,
            end: rows.last().map(|(row, _)| Place(*row)),
            ..HistoryPage::default()
        };
        for (_, item) in rows {
            add(&mut page, item);
        }
        Ok(page)
    }
}

fn add(page: &mut HistoryPage, item: Option<HistoryItem>) {
    match item {
        Some(item) => page.items.push(item),
        None => page.unreadable += 1,
    }
}
