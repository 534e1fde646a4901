//! Notifications with a collapse key: which one a recipient is left with.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::UserId;
use vestnik_rules::collapse::{MOST_WAITING, is_superseded, supersede};

use super::{
    change::{Changes, Subject, Told},
    delivery::{self, Key},
    expiry::Pass,
    notification, provider, recall,
};
use crate::{sql::statements, value::Unreadable};

statements! {
    /// The last notification with a key in a user's log, but one. Of those in a log, a later one is never
    /// before an earlier one.
    LATEST = "SELECT notification FROM delivery INDEXED BY delivery_collapse
         WHERE user = ?1 AND collapse = ?2 AND seq IS NOT NULL AND notification <> ?3
         ORDER BY seq DESC LIMIT 1";
    /// The earlier ones that wait for their own time.
    WAITING = "SELECT notification FROM delivery INDEXED BY delivery_collapse
         WHERE user = ?1 AND collapse = ?2 AND seq IS NULL AND notification < ?3 AND status = 'scheduled'
         LIMIT ?4";
}

/// A notification with a collapse key that comes into logs.
pub(crate) struct Collapse<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) subject: &'a Subject,
    pub(crate) key: &'a str,
    pub(crate) seed: &'a [u8; 32],
    pub(crate) now: Timestamp,
    pub(crate) unreadable: &'a Unreadable,
}

impl Collapse<'_> {
    /// Whether a later notification has come into a user's log.
    pub(crate) fn is_too_late(&self, user: i64) -> Result<bool, rusqlite::Error> {
        let row = self.subject.row;
        Ok(is_superseded(row, latest(self.db, (row, user), self.key)?))
    }

    /// Has the earlier notifications give way to this one, which has come into the user's log. Gives them.
    pub(crate) fn take_place(
        &self,
        (user, name): (i64, &UserId),
        changes: &mut Changes,
    ) -> Result<Vec<Subject>, rusqlite::Error> {
        let row = self.subject.row;
        let latest = latest(self.db, (row, user), self.key)?;
        let earlier = latest.into_iter().chain(self.waiting(user)?);
        let mut gave_way = Vec::new();
        for earlier in earlier {
            let Some(found) = notification::find_row(self.db, earlier)? else {
                continue;
            };
            let pass = Pass {
                found: &found,
                after: user,
                rows: 1,
                now: self.now,
                unreadable: self.unreadable,
            };
            self.give_way(&pass, (user, name), changes)?;
            gave_way.push(found.subject);
        }
        Ok(gave_way)
    }

    fn waiting(&self, user: i64) -> Result<Vec<i64>, rusqlite::Error> {
        let of = (user, self.key, self.subject.row, MOST_WAITING);
        self.db
            .prepare_cached(WAITING)?
            .query_map(of, |row| row.get(0))?
            .collect()
    }

    /// Ends an earlier delivery, and withdraws it from where it can be.
    fn give_way(
        &self,
        pass: &Pass<'_>,
        (user, name): (i64, &UserId),
        changes: &mut Changes,
    ) -> Result<(), rusqlite::Error> {
        let key = Key {
            notification: pass.found.subject.row,
            user,
        };
        let read = delivery::find(self.db, key);
        let read = self.unreadable.pass_over("delivery", read)?;
        let Some(found) = read.flatten() else {
            return Ok(());
        };
        // What its sender recalled is withdrawn by that.
        if !pass.found.is_recalled && recall::can_be_on_a_device(self.db, pass, (key, &found))? {
            let has_provider = provider::has_any(self.db, &self.subject.app)?;
            recall::withdraw(self.db, pass, (key, &found), (self.seed, has_provider))?;
        }
        let advanced = supersede(found.state, self.now);
        if advanced.is_changed {
            delivery::update(self.db, key, &advanced.state)?;
            changes.moved(&pass.found.subject, Told::of(user, name, &advanced));
        }
        Ok(())
    }
}

/// Whether a later notification with the same key has come into the log of a delivery's user.
pub(crate) fn gave_way(
    db: &Connection,
    key: Key,
    collapse: Option<&str>,
) -> Result<bool, rusqlite::Error> {
    let Some(collapse) = collapse else {
        return Ok(false);
    };
    let latest = latest(db, (key.notification, key.user), collapse)?;
    Ok(is_superseded(key.notification, latest))
}

fn latest(
    db: &Connection,
    (own, user): (i64, i64),
    key: &str,
) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached(LATEST)?
        .query_row((user, key, own), |row| row.get(0))
        .optional()
}
