//! Notifications that come beside the log: by a push service, through the app or an extension.

use jiff::Timestamp;
use vestnik_model::{FactKind, NotificationId, Reason};

use super::{
    apply::note,
    inbox::Inbox,
    insert::{Arrived, EXTENSION},
    table::{known, meta, notification, show},
};
use crate::{
    Applied, Payload, Withdrawal,
    planted::Plant,
    rule::admission::{Drawn, Have},
};

impl Inbox<'_> {
    /// Stores the notification of a push payload that the app itself was given. The cursor stays: the
    /// log gives the same notification again, which then changes nothing. `None` if the payload is
    /// addressed to another user.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn handle_push(&mut self, payload: &Payload) -> Result<Option<Applied>, rusqlite::Error> {
        let mut applied = Applied::default();
        if !self.ingest(payload, Drawn::No, &mut applied)? {
            return Ok(None);
        }
        self.complete(&mut applied)?;
        Ok(Some(applied))
    }

    /// Takes the withdrawal of a push that the app itself was given: the notification leaves the history, or will
    /// not be shown when it comes. The log says the same later, which then changes nothing. `None` if it is
    /// addressed to another user.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn handle_withdrawal(
        &mut self,
        withdrawal: &Withdrawal,
    ) -> Result<Option<Applied>, rusqlite::Error> {
        let mut applied = Applied::default();
        if !self.withdraw(withdrawal, &mut applied)? {
            return Ok(None);
        }
        self.complete(&mut applied)?;
        Ok(Some(applied))
    }

    /// Gives whether the withdrawal is for this user.
    pub(crate) fn withdraw(
        &mut self,
        withdrawal: &Withdrawal,
        applied: &mut Applied,
    ) -> Result<bool, rusqlite::Error> {
        let is_ours = meta::user(self.db)?.as_ref() == Some(&withdrawal.user);
        if is_ours {
            self.counted(|inbox| inbox.recall(withdrawal.withdraws, applied))?;
        }
        Ok(is_ours)
    }

    /// Reports that a push of a notification was dropped, unless the notification is in the history: then it
    /// came by another way, and was reported as delivered.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn report_dropped(
        &mut self,
        id: NotificationId,
        reason: Reason,
    ) -> Result<(), rusqlite::Error> {
        if self.has(id)? || Plant::DropIsNotReported.is_on() {
            return Ok(());
        }
        self.counted(|inbox| inbox.tell_not_shown(FactKind::NotShown, id, reason.as_str()))
    }

    /// Whether a notification is in the history.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn has(&self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        Ok(notification::revision(self.db, id)?.is_some())
    }

    /// Whether a notification was recalled before it came.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn is_recalled(&self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        Ok(!self.has(id)? && known::find(self.db, id)? == Have::Recalled)
    }

    /// Gives whether the payload is for this user. If it was drawn, and ought not be on the screen, it is
    /// to be withdrawn: an extension does not know what was read, recalled or whose turn it is.
    pub(crate) fn ingest(
        &mut self,
        payload: &Payload,
        drawn: Drawn,
        applied: &mut Applied,
    ) -> Result<bool, rusqlite::Error> {
        let id = payload.notification.id;
        let user = meta::user(self.db)?;
        let is_ours =
            payload.user.is_none() || payload.user == user || Plant::FormerPushIsTaken.is_on();
        if is_ours {
            self.admit_payload(payload, drawn, applied)?;
        }
        let is_drawn = match drawn {
            Drawn::Yes | Drawn::Unsettled => true,
            Drawn::No | Drawn::Perhaps | Drawn::Blocked(_) => false,
        };
        if is_drawn && (!is_ours || self.history().is_unwanted(id)?) {
            applied.withdrawn.push(id);
        }
        Ok(is_ours)
    }

    fn admit_payload(
        &mut self,
        payload: &Payload,
        drawn: Drawn,
        applied: &mut Applied,
    ) -> Result<(), rusqlite::Error> {
        let id = payload.notification.id;
        let quiet = self.quiet()?;
        let arrived = Arrived {
            notification: &payload.notification,
            read_at: None,
            drawn,
            is_ahead: true,
        };
        note(
            self.counted(|inbox| inbox.admit(&arrived, quiet))?,
            id,
            applied,
        );
        Ok(())
    }

    /// The notifications whose tickets extensions have.
    pub(crate) fn lent(&self) -> Result<Vec<NotificationId>, rusqlite::Error> {
        show::lent(self.db, EXTENSION)
    }

    /// An extension that had the ticket of a notification ended without settling it.
    pub(crate) fn release_extension(&mut self, id: NotificationId) -> Result<(), rusqlite::Error> {
        let Some(ticket) = show::ticket(self.db, id)? else {
            return Ok(());
        };
        if show::holder(self.db, ticket.row)? != Some(EXTENSION) {
            return Ok(());
        }
        self.counted(|inbox| inbox.release(id, ticket))
    }

    /// The time of day by the device's clock.
    pub(crate) const fn device_now(&self) -> Timestamp {
        self.stamp.now
    }

    /// What the transaction knows besides what it changed.
    pub(crate) fn completed(&self, mut applied: Applied) -> Result<Applied, rusqlite::Error> {
        self.complete(&mut applied)?;
        Ok(applied)
    }
}
