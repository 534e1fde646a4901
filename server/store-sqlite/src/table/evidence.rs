//! Evidence that an installation has a delivery: what is noted of it, and what that makes up for if the
//! notification was recalled, or gave way to a later one, before it was known.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::InstallationId;
use vestnik_rules::withdrawal::{CatchUp, catch_up};

use super::{
    attempt, collapse,
    delivery::{self, Key},
    notification, provider, recall,
    user::Head,
    withdrawal::{self, trace},
};
use crate::value::Unreadable;

/// Evidence that is being noted.
pub(crate) struct Evidence<'a> {
    pub(crate) notification: &'a notification::Found,
    /// The delivery as it stood before.
    pub(crate) delivery: &'a delivery::Found,
    pub(crate) installation: InstallationId,
    /// The tag of an entry is derived from it.
    pub(crate) seed: &'a [u8; 32],
    pub(crate) now: Timestamp,
    pub(crate) unreadable: &'a Unreadable,
}

impl Evidence<'_> {
    /// Notes it. Gives whether the user's log has grown by that, and whether a withdrawal has begun.
    pub(crate) fn take(
        &self,
        db: &Connection,
        head: &mut Head,
        note: impl FnOnce() -> Result<(), rusqlite::Error>,
    ) -> Result<CatchUp, rusqlite::Error> {
        if !self.is_withdrawn(db)? {
            note()?;
            return Ok(CatchUp::default());
        }
        let before = self.attempts(db)?;
        note()?;
        let after = self.attempts(db)?;
        let traces = [&before, &after].map(|found| found.iter().map(trace).collect::<Vec<_>>());
        let [before, after_traces] = &traces;
        let caught_up = catch_up(self.delivery.recall_seq.is_some(), before, after_traces);
        self.catch_up(db, head, (caught_up, &after))
    }

    /// Whether the delivery was recalled, or gave way to a later one.
    fn is_withdrawn(&self, db: &Connection) -> Result<bool, rusqlite::Error> {
        if self.notification.is_forgotten || self.notification.is_recalled {
            return Ok(!self.notification.is_forgotten);
        }
        let collapse_key = self.notification.collapse_key.as_deref();
        collapse::gave_way(db, self.key(), collapse_key)
    }

    fn catch_up(
        &self,
        db: &Connection,
        head: &mut Head,
        (caught_up, attempts): (CatchUp, &[attempt::Found]),
    ) -> Result<CatchUp, rusqlite::Error> {
        let CatchUp { is_told, is_begun } = caught_up;
        if !is_told && !is_begun {
            return Ok(caught_up);
        }
        let subject = &self.notification.subject;
        let seq = recall::tell(db, subject, self.delivery, (head, self.seed), self.now)?;
        let is_begun = is_begun && provider::has_any(db, &subject.app)?;
        if is_begun {
            withdrawal::begin(db, self.key(), (seq, self.now), attempts)?;
        }
        Ok(CatchUp { is_told, is_begun })
    }

    /// The attempts at the installation.
    fn attempts(&self, db: &Connection) -> Result<Vec<attempt::Found>, rusqlite::Error> {
        let mut found = attempt::of_delivery(db, self.key(), self.unreadable)?;
        found.retain(|found| found.target.installation() == Some(self.installation));
        Ok(found)
    }

    const fn key(&self) -> Key {
        Key {
            notification: self.notification.subject.row,
            user: self.delivery.user,
        }
    }
}
