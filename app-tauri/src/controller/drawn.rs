//! The toasts that were given to the system and may still be on the screen.
//!
//! What is read, recalled or deleted takes its toast along by the core's events. Where those were too many
//! to be listed, and after everything was marked read, the toasts themselves are looked up. Those of an
//! earlier process are not known here.

use std::collections::VecDeque;

use vestnik_model::NotificationId;

use super::input::ChangedRows;
use crate::{toast::Toast, view::Language};

/// More toasts are not remembered, the latest count: no system keeps as many on the screen.
const MOST: usize = 256;

/// The toasts, in the order in which they were drawn.
#[derive(Debug, Default)]
pub(super) struct Drawn(VecDeque<Toast>);

/// What follows from what the history has of toasts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stale {
    /// Those that leave: what was read, and what the history of the present user does not have.
    pub(super) leaving: Vec<NotificationId>,
    /// Those that have other contents now.
    pub(super) changed: Vec<NotificationId>,
}

impl Drawn {
    /// A toast was given to the system.
    pub(super) fn drew(&mut self, toast: Toast) {
        self.left(&[toast.id]);
        self.0.push_back(toast);
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// A toast has new contents, if it is there.
    pub(super) fn redrew(&mut self, toast: &Toast) {
        if let Some(known) = self.0.iter_mut().find(|known| known.id == toast.id) {
            known.clone_from(toast);
        }
    }

    /// Toasts have left the screen.
    pub(super) fn left(&mut self, ids: &[NotificationId]) {
        self.0.retain(|toast| !ids.contains(&toast.id));
    }

    /// No toast is looked up any more.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those to be looked up.
    pub(super) fn ids(&self) -> Vec<NotificationId> {
        self.0.iter().map(|toast| toast.id).collect()
    }

    /// What is to be done about toasts, by what the history has of them. One that could not be looked up
    /// stays.
    pub(super) fn stale(&self, found: &ChangedRows, language: Language) -> Stale {
        let ChangedRows { rows, removed } = found;
        let mut stale = Stale::default();
        for toast in &self.0 {
            let row = rows.iter().find(|row| row.notification.id == toast.id);
            match row {
                Some(row) if row.is_read => stale.leaving.push(toast.id),
                Some(row) if Toast::of(row, language) != *toast => stale.changed.push(toast.id),
                Some(_) => {}
                None if removed.contains(&toast.id) => stale.leaving.push(toast.id),
                None => {}
            }
        }
        stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Row, sample};

    fn toast(row: &Row) -> Toast {
        Toast::of(row, Language::En)
    }

    fn drawn(numbers: impl IntoIterator<Item = usize>) -> Drawn {
        let mut drawn = Drawn::default();
        for number in numbers {
            drawn.drew(toast(&sample::row(number)));
        }
        drawn
    }

    fn other_contents(number: usize) -> Row {
        let mut row = sample::row(number);
        row.notification.title = sample::row(number + 100).notification.title;
        row
    }

    #[test]
    fn what_is_read_or_gone_leaves_and_what_is_unread_or_unknown_stays() {
        let found = ChangedRows {
            rows: vec![sample::row(1), sample::read(2), sample::read(9)],
            removed: vec![sample::id(3), sample::id(8)],
        };
        let stale = drawn(1..=4).stale(&found, Language::En);
        assert_eq!(stale.leaving, [sample::id(2), sample::id(3)]);
        assert_eq!(stale.changed, []);
    }

    #[test]
    fn a_toast_is_there_once_and_as_it_was_drawn_last() {
        let mut drawn = drawn([1, 2, 1]);
        assert_eq!(drawn.ids(), [sample::id(2), sample::id(1)]);
        drawn.left(&[sample::id(2)]);
        assert_eq!(drawn.ids(), [sample::id(1)]);
        drawn.forget();
        assert!(drawn.is_empty());
    }

    #[test]
    fn contents_that_differ_from_what_was_drawn_are_drawn_again_once() {
        let mut drawn = drawn([1, 2]);
        let found = ChangedRows {
            rows: vec![other_contents(1), sample::row(2)],
            removed: Vec::new(),
        };
        let changed = |drawn: &Drawn| drawn.stale(&found, Language::En).changed;
        assert_eq!(changed(&drawn), [sample::id(1)]);
        drawn.redrew(&toast(&other_contents(1)));
        assert_eq!(changed(&drawn), []);
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let drawn = drawn(1..=MOST + 1);
        assert_eq!(drawn.ids().len(), MOST);
        assert_eq!(drawn.ids()[0], sample::id(2));
    }
}
