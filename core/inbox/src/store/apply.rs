//! The log on its way into the history.

use jiff::SignedDuration;
use vestnik_model::{
    Arrival, Cursor, Entry, Flag, NotificationId, Open, StateChange, fact::MAX_VERSION,
};

use super::{
    inbox::Inbox,
    insert::{Admitted, Arrived, be_quiet, have},
    table::{boundary, early, known, meta, notification, opaque, search, show},
};
use crate::{
    Applied, DeviceState, Moment, Opening, Outcome, Stretch, Suppression,
    planted::Plant,
    rule::{
        admission::{Drawn, Have, Quiet},
        chain::{Chain, chain},
        clock::shifted,
        flag::Mark,
    },
};

impl Inbox<'_> {
    /// Stores a stretch of the log, the cursor behind it and the facts that it calls for, if it follows
    /// what the device has. Applying the same again changes nothing.
    ///
    /// The cursor is compared here, in the transaction, and nowhere else: a caller may be wrong about
    /// where the device stands.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn apply(&mut self, stretch: &Stretch) -> Result<Outcome, rusqlite::Error> {
        if meta::user(self.db)?.as_ref() != Some(&stretch.user) {
            return Ok(Outcome::OtherUser);
        }
        let own = meta::cursor(self.db)?;
        let is_rebased = match chain(own.as_ref(), &stretch.after, stretch.basis()) {
            Chain::Follows => false,
            Chain::Rebases => true,
            Chain::Stale => return Ok(Outcome::Stale { cursor: own }),
        };
        let mut applied = Applied {
            is_rebased,
            ..Applied::default()
        };
        self.entries(&stretch.entries, &mut applied)?;
        meta::set_cursor(self.db, &stretch.cursor)?;
        self.reach(&stretch.cursor, is_rebased)?;
        self.complete(&mut applied)?;
        Ok(Outcome::Applied(applied))
    }

    /// What a history learns of its device when it is opened: that a user logged in, if no
    /// [`begin_session`](Self::begin_session) said it, and that the device's files were set back since it was
    /// open last. Then what was accepted before that was found may have been shown and is quiet, what was due
    /// included. A history that is new although nobody has just logged in was lost: what was accepted before
    /// now is quiet for the same reason.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn begin(
        &mut self,
        device: &DeviceState,
        opening: &Opening,
    ) -> Result<(), rusqlite::Error> {
        let was_begun = meta::is_begun(self.db)?;
        if let Some(login) = device.login {
            self.begin_session(login)?;
        }
        let mark = device.restored.map(|restored| restored.mark);
        let is_known = meta::restored(self.db)? == mark;
        if !is_known {
            meta::set_restored(self.db, mark)?;
        }
        let found = device.restored.map(|restored| restored.found);
        let before = match (was_begun, device.login) {
            // It was damaged besides, and is quiet as of now; nobody knows when.
            (true, _) if !is_known && opening.aside.is_some() => self.stamp.moment(),
            (true, _) if is_known => return Ok(()),
            (true, _) => found.unwrap_or_else(|| self.stamp.moment()),
            // A login begins it: nothing was lost.
            (false, Some(_)) => return Ok(()),
            // It was lost.
            (false, None) => {
                meta::set_begun(self.db)?;
                self.stamp.moment()
            }
        };
        // A later login is not the first.
        meta::set_begun(self.db)?;
        show::suppress_all(self.db, Suppression::Restored.as_str())?;
        be_quiet(self.db, before, Suppression::Restored)
    }

    /// A user logged in here. If it is the first time since the history was made or wiped, what was
    /// accepted before the login goes into it quietly. Otherwise what came between the two logins is due,
    /// whether or not a page was read in the first session.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn begin_session(&mut self, login: Moment) -> Result<(), rusqlite::Error> {
        if meta::is_begun(self.db)? {
            return Ok(());
        }
        meta::set_begun(self.db)?;
        be_quiet(self.db, login, Suppression::FirstSync)
    }

    /// The device's clock was set by so much, before the server said in this process what time it is: a moment
    /// that was taken from it is moved along.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn clock_was_set(&mut self, by: SignedDuration) -> Result<(), rusqlite::Error> {
        match meta::quiet(self.db)? {
            Some(mut stored) if stored.is_by_device => {
                stored.quiet.before = shifted(stored.quiet.before, by);
                meta::set_quiet(self.db, stored)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Tries to read the entries again that an older version of the app could not read, once for each
    /// `reader`, the version of the app. What is readable now takes its place in the history; whether
    /// it is shown is decided as if it came now.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn reread_opaque(&mut self, reader: &str) -> Result<Applied, rusqlite::Error> {
        let mut applied = Applied::default();
        if meta::reader(self.db)?.as_deref() != Some(reader) {
            meta::set_reader(self.db, reader)?;
            for (row, entry) in opaque::all(self.db)? {
                if !is_opaque(&entry) {
                    opaque::delete(self.db, row)?;
                    self.entries(std::slice::from_ref(&entry), &mut applied)?;
                }
            }
            if !applied.inserted.is_empty() {
                // The new rows are older in the log than their neighbours.
                boundary::delete_all(self.db)?;
            }
        }
        self.complete(&mut applied)?;
        Ok(applied)
    }

    /// What the history has is before this cursor, unless it is ahead of the log.
    fn reach(&self, cursor: &Cursor, is_rebased: bool) -> Result<(), rusqlite::Error> {
        if is_rebased {
            boundary::delete_all(self.db)?;
        }
        match notification::newest_row(self.db)? {
            Some(row) => boundary::reach(self.db, row, cursor),
            None => Ok(()),
        }
    }

    /// What a transaction knows besides what it changed.
    pub(super) fn complete(&self, applied: &mut Applied) -> Result<(), rusqlite::Error> {
        applied.cursor = meta::cursor(self.db)?;
        applied.next_show = show::next_at(self.db)?;
        applied.unread = meta::count(self.db, meta::Counter::Unread)?;
        applied.facts_waiting = meta::count(self.db, meta::Counter::FactsWaiting)?;
        Ok(())
    }

    fn entries(&mut self, entries: &[Entry], applied: &mut Applied) -> Result<(), rusqlite::Error> {
        let quiet = self.quiet()?;
        self.counted(|inbox| {
            entries
                .iter()
                .try_for_each(|entry| inbox.entry(entry, quiet, applied))
        })
    }

    fn entry(
        &mut self,
        entry: &Entry,
        quiet: Option<Quiet>,
        applied: &mut Applied,
    ) -> Result<(), rusqlite::Error> {
        match entry {
            Entry::Notification(arrival) => self.arrival(arrival, quiet, applied),
            Entry::Recall(recall) => self.recall(recall.id, applied),
            Entry::State(change) => match change.flag {
                Open::Known(flag) => self.state(entry, (change, flag), applied),
                Open::Unknown(_) => self.keep_opaque(entry),
            },
            Entry::Unknown(_) => self.keep_opaque(entry),
        }
    }

    fn arrival(
        &mut self,
        arrival: &Arrival,
        quiet: Option<Quiet>,
        applied: &mut Applied,
    ) -> Result<(), rusqlite::Error> {
        let id = arrival.notification.id;
        let arrived = Arrived {
            notification: &arrival.notification,
            read_at: arrival.read_at,
            drawn: Drawn::No,
            is_ahead: false,
        };
        note(self.admit(&arrived, quiet)?, id, applied);
        Ok(())
    }

    /// A recalled notification leaves the history, and never comes back.
    pub(super) fn recall(
        &mut self,
        id: NotificationId,
        applied: &mut Applied,
    ) -> Result<(), rusqlite::Error> {
        let now = self.stamp.latest_now();
        match have(self.db, id)? {
            // It may be on the screen all the same; and its push may come yet, which an extension would draw.
            Have::Nothing | Have::Pruned | Have::Settled => applied.withdrawn.push(id),
            Have::Row { .. } | Have::Recalled => {}
        }
        known::keep(self.db, id, known::State::Recalled, now)?;
        early::forget(self.db, id)?;
        if let Some(standing) = notification::standing(self.db, id)? {
            notification::delete(self.db, standing.row)?;
            search::delete(self.db, standing.row)?;
            self.count_row(-1);
            self.count_unread(-i64::from(standing.counts()));
            applied.withdrawn.push(id);
        }
        Ok(())
    }

    fn state(
        &mut self,
        entry: &Entry,
        (change, flag): (&StateChange, Flag),
        applied: &mut Applied,
    ) -> Result<(), rusqlite::Error> {
        let mark = Mark::new(change.version.min(MAX_VERSION), change.value);
        let Some(standing) = notification::standing(self.db, change.id)? else {
            // The notification may be one that a later version of the app can read, or one that comes.
            return if opaque::concerns(self.db, change.id)? {
                self.keep_opaque(entry)
            } else if matches!(
                known::find(self.db, change.id)?,
                Have::Nothing | Have::Settled
            ) {
                early::keep(self.db, change.id, (flag, mark), change.at)
            } else {
                Ok(())
            };
        };
        if self.set_mark(standing, (flag, mark), change.at)? {
            let takes_away =
                change.value && flag != Flag::Archived && !Plant::ReadStaysOnScreen.is_on();
            let list = if takes_away {
                &mut applied.withdrawn
            } else {
                &mut applied.changed
            };
            list.push(change.id);
        }
        Ok(())
    }

    fn keep_opaque(&self, entry: &Entry) -> Result<(), rusqlite::Error> {
        opaque::keep(self.db, entry, self.stamp.server_now())
    }
}

/// Whether this version cannot read an entry.
const fn is_opaque(entry: &Entry) -> bool {
    match entry {
        Entry::Unknown(_) => true,
        Entry::State(change) => matches!(change.flag, Open::Unknown(_)),
        Entry::Notification(_) | Entry::Recall(_) => false,
    }
}

pub(super) fn note(admitted: Admitted, id: NotificationId, applied: &mut Applied) {
    match admitted {
        Admitted::Inserted { may_be_on_screen } => {
            applied.inserted.push(id);
            applied.withdrawn.extend(may_be_on_screen.then_some(id));
        }
        Admitted::Replaced {
            was_shown,
            is_read_now,
        } => {
            applied.replaced.push(id);
            if is_read_now {
                applied.withdrawn.push(id);
            } else if was_shown {
                applied.redraw.push(id);
            }
        }
        Admitted::Known { is_read_now: true } => applied.withdrawn.push(id),
        Admitted::Known { is_read_now: false } => {}
    }
}
