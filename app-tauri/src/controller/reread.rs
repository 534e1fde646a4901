//! Which rows of the history are to be read again. One reading is under way at a time, so that an
//! older content can never overtake a newer one; what changes meanwhile is read after it, once.

use std::collections::BTreeSet;

use vestnik_model::NotificationId;

/// More rows than this are not listed: the window reads its list again.
pub(super) const MOST: usize = 100;

/// The rows that wait to be read.
#[derive(Debug, Default)]
pub(super) struct Reread {
    waiting: BTreeSet<NotificationId>,
    is_reading: bool,
    reading: Reading,
}

/// Whose history a reading is of: it changes when everything is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reading(u64);

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing yet.
    Wait,
    /// Read these rows and say when it is done.
    Read(Vec<NotificationId>),
    /// Too much has changed to be listed.
    TooMany,
}

impl Reread {
    /// Rows have changed.
    pub(super) fn want(&mut self, ids: Vec<NotificationId>) -> Next {
        self.waiting.extend(ids);
        self.next()
    }

    /// The reading is done.
    pub(super) fn done(&mut self) -> Next {
        self.is_reading = false;
        self.next()
    }

    /// The history is another one: what is being read of the former is of no use.
    pub(super) fn forget(&mut self) {
        *self = Self {
            reading: Reading(self.reading.0 + 1),
            ..Self::default()
        };
    }

    /// Of which history what is read now is.
    pub(super) const fn reading(&self) -> Reading {
        self.reading
    }

    /// Whether a reading is of the present history.
    pub(super) fn is_present(&self, reading: Reading) -> bool {
        self.reading == reading
    }

    fn next(&mut self) -> Next {
        if self.is_reading || self.waiting.is_empty() {
            return Next::Wait;
        }
        let ids = std::mem::take(&mut self.waiting);
        if ids.len() > MOST {
            return Next::TooMany;
        }
        self.is_reading = true;
        Next::Read(ids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> NotificationId {
        format!("ntf_{number:032x}").parse().unwrap()
    }

    #[test]
    fn one_reading_at_a_time_and_each_row_once() {
        let mut reread = Reread::default();
        assert_eq!(reread.want(vec![id(1)]), Next::Read(vec![id(1)]));
        assert_eq!(reread.want(vec![id(2), id(1)]), Next::Wait);
        assert_eq!(reread.want(vec![id(2)]), Next::Wait);
        assert_eq!(reread.done(), Next::Read(vec![id(1), id(2)]));
        assert_eq!(reread.done(), Next::Wait);
    }

    #[test]
    fn too_many_rows_are_not_listed() {
        let mut reread = Reread::default();
        assert_eq!(reread.want((0..=MOST).map(id).collect()), Next::TooMany);
        assert_eq!(reread.want(vec![id(1)]), Next::Read(vec![id(1)]));
    }

    #[test]
    fn after_everything_is_forgotten_an_older_reading_counts_for_nothing() {
        let mut reread = Reread::default();
        assert_eq!(reread.want(vec![id(1)]), Next::Read(vec![id(1)]));
        assert_eq!(reread.want(vec![id(2)]), Next::Wait);
        let former = reread.reading();
        reread.forget();
        assert!(!reread.is_present(former));
        assert_eq!(reread.want(vec![id(3)]), Next::Read(vec![id(3)]));
        assert!(reread.is_present(reread.reading()));
    }
}
