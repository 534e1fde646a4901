//! Notifications enter the history.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use vestnik_model::{FactKind, Flag, Notification, NotificationId};

use super::{
    inbox::Inbox,
    table::{boundary, early, known, meta, notification, outbox::NewFact, search, show},
};
use crate::{
    Moment, Suppression,
    planted::Plant,
    rule::{
        admission::{Admission, Arriving, Drawn, FirstShow, Have, Quiet, admit, corrected},
        flag::{Mark, version_at},
    },
};

/// The mark of an extension that has a ticket; no process has it.
pub(super) const EXTENSION: i64 = 0;

/// A notification that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived<'a> {
    pub(super) notification: &'a Notification,
    pub(super) read_at: Option<Timestamp>,
    pub(super) drawn: Drawn,
    /// It came by a push service and not in the log.
    pub(super) is_ahead: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    Inserted {
        /// It came as read, and the history may have lost that it was shown.
        may_be_on_screen: bool,
    },
    Replaced {
        was_shown: bool,
        /// It came as read and was not.
        is_read_now: bool,
    },
    Known {
        /// It came as read and was not.
        is_read_now: bool,
    },
}

impl Inbox<'_> {
    pub(super) fn admit(
        &mut self,
        arrived: &Arrived<'_>,
        quiet: Option<Quiet>,
    ) -> Result<Admitted, rusqlite::Error> {
        let notification = arrived.notification;
        let have = have(self.db, notification.id)?;
        let arriving = Arriving {
            revision: notification.revision,
            accepted_at: notification.accepted_at,
            expires_at: notification.expires_at,
            is_read: arrived.read_at.is_some(),
            drawn: arrived.drawn,
            is_ahead: arrived.is_ahead,
        };
        match admit(&arriving, have, quiet, self.stamp.server_time()) {
            Admission::Insert(show) => {
                if have == Have::Settled {
                    known::forget(self.db, notification.id)?;
                }
                self.insert(arrived, show)?;
                let is_restored = quiet.is_some_and(|quiet| quiet.reason == Suppression::Restored);
                let may_be_on_screen = is_restored && arriving.is_read;
                Ok(Admitted::Inserted { may_be_on_screen })
            }
            Admission::Replace => self.replace(arrived),
            Admission::Confirm if notification::is_same(self.db, notification)? => {
                let is_read_now = self.met_again(arrived, false)?;
                Ok(Admitted::Known { is_read_now })
            }
            Admission::Confirm => self.replace(arrived),
            admission @ (Admission::Duplicate | Admission::Older) => {
                if arriving.is_ahead && Plant::DuplicateCountsAgain.is_on() {
                    self.count_unread(1);
                }
                let is_read_now = self.met_again(arrived, admission == Admission::Older)?;
                Ok(Admitted::Known { is_read_now })
            }
            Admission::Drop => Ok(Admitted::Known { is_read_now: false }),
        }
    }

    fn replace(&mut self, arrived: &Arrived<'_>) -> Result<Admitted, rusqlite::Error> {
        let (row, was_shown) = notification::replace(self.db, arrived.notification)?;
        search::replace(self.db, row, arrived.notification)?;
        let is_read_now = self.met_again(arrived, false)?;
        Ok(Admitted::Replaced {
            was_shown,
            is_read_now,
        })
    }

    fn insert(&mut self, arrived: &Arrived<'_>, show: FirstShow) -> Result<(), rusqlite::Error> {
        let notification = arrived.notification;
        let read = arrived
            .read_at
            .map_or(Mark::UNSET, |at| Mark::new(version_at(at), true));
        let new = notification::New {
            notification,
            // A clock that is behind does not make it older than it is.
            received_at: self.stamp.server_now().max(notification.accepted_at),
            read,
            read_at: arrived.read_at,
            show,
            is_ahead: arrived.is_ahead,
        };
        let row = notification::insert(self.db, &new)?;
        search::insert(self.db, row, notification)?;
        self.count_row(1);
        self.count_unread(i64::from(!read.value));
        self.receipt(FactKind::Delivered, notification.id)?;
        match show {
            FirstShow::Due | FirstShow::Taken => {}
            FirstShow::Shown => self.receipt(FactKind::Displayed, notification.id)?,
            FirstShow::Suppressed(reason) => self.tell_suppressed(notification.id, reason)?,
        }
        self.take_early(notification.id)
    }

    /// What was said of a notification before it came.
    fn take_early(&mut self, id: NotificationId) -> Result<(), rusqlite::Error> {
        for (flag, mark, at) in early::take(self.db, id)? {
            if let Some(standing) = notification::standing(self.db, id)? {
                self.set_mark(standing, (flag, mark), at)?;
            }
        }
        Ok(())
    }

    /// What a second arrival knows that the first did not; gives whether it is read now and was not.
    /// `is_older` says that the history has a newer revision.
    fn met_again(
        &mut self,
        arrived: &Arrived<'_>,
        is_older: bool,
    ) -> Result<bool, rusqlite::Error> {
        let id = arrived.notification.id;
        if !arrived.is_ahead
            && !is_older
            && let Some(row) = notification::reached(self.db, id)?
        {
            // A former place in the log is before it.
            boundary::forget_from(self.db, row)?;
        }
        let mut is_read_now = false;
        if let Some(at) = arrived.read_at
            && let Some(standing) = notification::standing(self.db, id)?
        {
            let mark = Mark::new(version_at(at), true);
            is_read_now = self.set_mark(standing, (Flag::Read, mark), at)?;
        }
        let is_news = match arrived.drawn {
            Drawn::No => false,
            Drawn::Perhaps => {
                show::lend(self.db, id, EXTENSION)?;
                false
            }
            Drawn::Unsettled => {
                show::lend_first(self.db, id, EXTENSION)?;
                false
            }
            Drawn::Blocked(reason) => {
                if !is_older {
                    self.block(id, reason)?;
                }
                false
            }
            Drawn::Yes if is_older => show::drawn_before(self.db, id, EXTENSION)?,
            Drawn::Yes => show::drawn(self.db, id)?,
        };
        if is_news {
            self.receipt(FactKind::Displayed, id)?;
        }
        Ok(is_read_now)
    }

    /// An extension was not let draw what nobody has drawn yet.
    fn block(&mut self, id: NotificationId, reason: Suppression) -> Result<(), rusqlite::Error> {
        let row = match show::ticket(self.db, id)? {
            Some(ticket) => {
                let holder = show::holder(self.db, ticket.row)?;
                (holder == Some(EXTENSION)).then_some(ticket.row)
            }
            None => {
                let standing = notification::standing(self.db, id)?;
                standing.and_then(|standing| standing.is_due.then_some(standing.row))
            }
        };
        let Some(row) = row else {
            return Ok(());
        };
        show::suppress(self.db, row, reason.as_str())?;
        self.tell_suppressed(id, reason)
    }

    /// Reports that a notification is not shown, if its reason is one to report.
    pub(super) fn tell_suppressed(
        &mut self,
        id: NotificationId,
        reason: Suppression,
    ) -> Result<(), rusqlite::Error> {
        match reason.fact() {
            Some(kind) => self.tell_not_shown(kind, id, reason.as_str()),
            None => Ok(()),
        }
    }

    pub(super) fn tell_not_shown(
        &mut self,
        kind: FactKind,
        id: NotificationId,
        reason: &str,
    ) -> Result<(), rusqlite::Error> {
        let fact = NewFact {
            notification: Some(id),
            body: Some(json!({ "reason": reason })),
            ..NewFact::default()
        };
        self.fact(kind, &fact)
    }

    /// What was accepted before which moment is quiet. A moment that was taken from a wrong clock is
    /// corrected as soon as the server's time is known.
    pub(super) fn quiet(&self) -> Result<Option<Quiet>, rusqlite::Error> {
        let Some(stored) = meta::quiet(self.db)? else {
            return Ok(None);
        };
        let Some(offset) = self.stamp.offset.difference() else {
            return Ok(Some(stored.quiet));
        };
        let time = self.stamp.server_time();
        let before = if stored.is_by_device {
            let is_first = meta::cursor(self.db)?.is_none();
            corrected(stored.quiet.before, offset, (time.now, is_first))
        } else {
            // The clock was set since.
            stored.quiet.before.min(time.now)
        };
        let quiet = Quiet {
            before,
            ..stored.quiet
        };
        let corrected = meta::StoredQuiet {
            quiet,
            is_by_device: false,
        };
        if corrected != stored && time.is_heard() {
            meta::set_quiet(self.db, corrected)?;
        }
        Ok(Some(quiet))
    }
}

/// Makes what was accepted before now quiet.
pub(super) fn be_quiet(
    db: &Connection,
    Moment { at, is_by_device }: Moment,
    reason: Suppression,
) -> Result<(), rusqlite::Error> {
    if reason == Suppression::FirstSync && Plant::FirstSyncIsLoud.is_on() {
        return Ok(());
    }
    let quiet = Quiet { before: at, reason };
    let stored = meta::StoredQuiet {
        quiet,
        is_by_device,
    };
    meta::set_quiet(db, stored)
}

pub(super) fn have(db: &Connection, id: NotificationId) -> Result<Have, rusqlite::Error> {
    match notification::revision(db, id)? {
        Some((revision, is_ahead)) => Ok(Have::Row { revision, is_ahead }),
        None => known::find(db, id),
    }
}
