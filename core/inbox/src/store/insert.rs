//! Notifications enter the history.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use vestnik_model::{FactKind, Flag, Notification, NotificationId};

use super::{
    inbox::Inbox,
    table::{known, meta, notification, outbox::NewFact, search, show},
};
use crate::{
    Stamp, Suppression,
    rule::{
        admission::{Admission, Arriving, Drawn, FirstShow, Have, Quiet, admit},
        clock::shifted,
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
    Inserted,
    Replaced { was_shown: bool },
    Known,
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
        };
        match admit(&arriving, have, quiet, self.stamp.server_time()) {
            Admission::Insert(show) => {
                if have == Have::Settled {
                    known::forget(self.db, notification.id)?;
                }
                self.insert(arrived, show)?;
                Ok(Admitted::Inserted)
            }
            Admission::Replace => {
                let (row, was_shown) = notification::replace(self.db, notification)?;
                search::replace(self.db, row, notification)?;
                self.met_again(arrived)?;
                Ok(Admitted::Replaced { was_shown })
            }
            Admission::Duplicate => {
                self.met_again(arrived)?;
                Ok(Admitted::Known)
            }
            Admission::Drop => Ok(Admitted::Known),
        }
    }

    fn insert(&mut self, arrived: &Arrived<'_>, show: FirstShow) -> Result<(), rusqlite::Error> {
        let notification = arrived.notification;
        let read = arrived
            .read_at
            .map_or(Mark::UNSET, |at| Mark::new(version_at(at), true));
        let new = notification::New {
            notification,
            received_at: self.stamp.server_now(),
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
            FirstShow::Due | FirstShow::Taken => Ok(()),
            FirstShow::Shown => self.receipt(FactKind::Displayed, notification.id),
            FirstShow::Suppressed(reason) => self.tell_suppressed(notification.id, reason),
        }
    }

    /// What a second arrival knows that the first did not.
    fn met_again(&mut self, arrived: &Arrived<'_>) -> Result<(), rusqlite::Error> {
        let id = arrived.notification.id;
        if !arrived.is_ahead {
            notification::reached(self.db, id)?;
        }
        if let Some(at) = arrived.read_at
            && let Some(standing) = notification::standing(self.db, id)?
        {
            let mark = Mark::new(version_at(at), true);
            self.set_mark(standing, (Flag::Read, mark), at)?;
        }
        match arrived.drawn {
            Drawn::No => Ok(()),
            Drawn::Perhaps => show::lend(self.db, id, EXTENSION),
            Drawn::Yes if show::drawn(self.db, id)? => self.receipt(FactKind::Displayed, id),
            Drawn::Yes => Ok(()),
        }
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

    /// What was accepted before which moment is quiet. A moment that was taken from the device's clock
    /// is corrected as soon as the server's is known.
    pub(super) fn quiet(&self) -> Result<Option<Quiet>, rusqlite::Error> {
        let Some(stored) = meta::quiet(self.db)? else {
            return Ok(None);
        };
        match self.stamp.offset {
            Some(offset) if stored.is_by_device => {
                let quiet = Quiet {
                    before: shifted(stored.quiet.before, offset),
                    ..stored.quiet
                };
                let corrected = meta::StoredQuiet {
                    quiet,
                    is_by_device: false,
                };
                meta::set_quiet(self.db, corrected)?;
                Ok(Some(quiet))
            }
            Some(_) | None => Ok(Some(stored.quiet)),
        }
    }
}

/// Makes what was accepted before now quiet.
pub(super) fn be_quiet(
    db: &Connection,
    stamp: &Stamp,
    reason: Suppression,
) -> Result<(), rusqlite::Error> {
    let stored = meta::StoredQuiet {
        quiet: Quiet {
            before: stamp.server_now(),
            reason,
        },
        is_by_device: stamp.offset.is_none(),
    };
    meta::set_quiet(db, stored)
}

fn have(db: &Connection, id: NotificationId) -> Result<Have, rusqlite::Error> {
    match notification::revision(db, id)? {
        Some(revision) => Ok(Have::Row { revision }),
        None => known::find(db, id),
    }
}
