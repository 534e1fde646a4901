//! Events on their way to the shell, which may be slow.
//!
//! Shows wait in the database, everything else is put together while it waits: nothing here grows.

use std::collections::{BTreeSet, VecDeque};

use vestnik_model::NotificationId;

use crate::{event::Event, store::ShowItem};

/// How many shows are taken from the database at a time.
pub(super) const SHOWS: u32 = 16;

/// Events that wait for the shell.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    first: VecDeque<Event>,
    withdrawn: BTreeSet<NotificationId>,
    changed: BTreeSet<NotificationId>,
    shows: VecDeque<ShowItem>,
    /// The database may hold shows that were not taken yet.
    pub(super) more_shows: bool,
    needs_identity: bool,
}

impl Announcements {
    pub(super) fn new(first: Vec<Event>) -> Self {
        Self {
            first: first.into(),
            more_shows: true,
            ..Self::default()
        }
    }

    pub(super) fn withdraw(&mut self, ids: impl IntoIterator<Item = NotificationId>) {
        let ids: BTreeSet<_> = ids.into_iter().collect();
        self.shows
            .retain(|show| !ids.contains(&show.item.notification.id));
        self.changed.extend(ids.iter().copied());
        self.withdrawn.extend(ids);
    }

    pub(super) fn change(&mut self, ids: impl IntoIterator<Item = NotificationId>) {
        self.changed.extend(ids);
    }

    pub(super) fn ask_for_identity(&mut self) {
        self.needs_identity = true;
    }

    pub(super) fn show(&mut self, shows: Vec<ShowItem>) {
        self.more_shows = shows.len() >= SHOWS as usize;
        self.shows.extend(shows);
    }

    /// Whether shows should be taken from the database.
    pub(super) fn wants_shows(&self) -> bool {
        self.more_shows && self.shows.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
            && self.withdrawn.is_empty()
            && self.changed.is_empty()
            && self.shows.is_empty()
            && !self.needs_identity
    }

    /// The next event: what is known first, what is drawn before what is only re-read.
    pub(super) fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.pop_front() {
            return Some(event);
        }
        if std::mem::take(&mut self.needs_identity) {
            return Some(Event::NeedsIdentity);
        }
        if !self.withdrawn.is_empty() {
            let ids = std::mem::take(&mut self.withdrawn);
            return Some(Event::Withdraw(ids.into_iter().collect()));
        }
        if let Some(ShowItem { item, again }) = self.shows.pop_front() {
            return Some(Event::Show {
                item: Box::new(item),
                again,
            });
        }
        if !self.changed.is_empty() {
            let ids = std::mem::take(&mut self.changed);
            return Some(Event::Changed(ids.into_iter().collect()));
        }
        None
    }
}
