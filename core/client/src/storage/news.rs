//! What durable changes mean to those who watch.

use std::{collections::BTreeSet, path::PathBuf};

use jiff::Timestamp;
use vestnik_inbox::{Applied, History};
use vestnik_model::{Cursor, NotificationId, Open, ProblemCode, preference::OptOutChange};
use vestnik_sqlite::rusqlite;

use crate::machine::{engine::Done, report::Outbox};

/// What durable changes mean to those who watch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// New in the history, or changed.
    pub changed: BTreeSet<NotificationId>,
    /// So much changed that the history has to be read again.
    pub is_reread: bool,
    /// To be taken off the screen: read or deleted on another device, or recalled.
    pub withdrawn: BTreeSet<NotificationId>,
    /// Shown before, with new content: to be drawn again if it is still on the screen.
    pub redraw: BTreeSet<NotificationId>,
    /// How the history stands now, if it was looked at.
    pub counts: Option<Counts>,
    /// When the next show is due has changed, or one is due that was not: whoever waits for one looks again.
    pub has_show: bool,
    /// The history was damaged and made anew.
    pub rebuilt: Option<Rebuilt>,
    /// The public key that pushes are sealed for from now on, if it changed.
    pub envelope_key: Option<String>,
    /// A push could not be opened: the server is told of the device once more.
    pub tells_again: bool,
    /// What the user changed of what they do not want and the server has not answered, if that or what the
    /// server said is another than before.
    pub opt_outs: Option<OptOutChange>,
    /// Why the server refused such a change.
    pub opt_outs_refused: Option<Open<ProblemCode>>,
}

/// How a history stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many notifications are unread.
    pub unread: u64,
    /// What waits to be reported.
    pub outbox: Outbox,
    /// When the next show is due, by the server's clock; the epoch if it is due now.
    pub next_show: Option<Timestamp>,
}

/// A history that was damaged and made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the damaged file lies.
    pub aside: PathBuf,
    /// Where the new history stands in the log.
    pub cursor: Option<Cursor>,
}

impl Counts {
    /// Reads the counts of a history: each is one row or the first entry of an index.
    pub(super) fn read(history: &History<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            unread: history.unread_count()?,
            outbox: Outbox {
                waiting: history.facts_waiting()?,
                ready_at: history.next_report()?,
            },
            next_show: history.next_show()?,
        })
    }
}

impl News {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the engine is told of it, if it is to be told.
    #[must_use]
    pub fn done(&self) -> Option<Done> {
        let outbox = self.counts?.outbox;
        Some(match &self.rebuilt {
            Some(rebuilt) => Done::Rebuilt {
                cursor: rebuilt.cursor.clone(),
                outbox,
            },
            None => Done::Outbox(outbox),
        })
    }

    pub(super) fn add(&mut self, applied: Applied) {
        self.changed.extend(applied.inserted);
        self.changed.extend(applied.replaced);
        self.changed.extend(applied.changed);
        self.changed.extend(&applied.withdrawn);
        self.withdrawn.extend(applied.withdrawn);
        self.redraw.extend(applied.redraw);
    }
}
