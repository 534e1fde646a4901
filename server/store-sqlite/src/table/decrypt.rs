//! Pushes that devices could not decrypt: which are looked at when a device reports or tells its key.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, Channel, InstallationId};
use vestnik_rules::{
    attempt::Attempt,
    cascade::Course,
    decrypt::{Case, KeyMark, MAX_ANEW, uploaded},
    session::Session,
};

use super::{
    attempt,
    change::Subject,
    collapse,
    delivery::{self, Key},
    installation, notification, user,
};
use crate::{sql::statements, value::Unreadable};

statements! {
    /// The latest are the first. The words are those of the index, which is used by them.
    UNDECRYPTED = "SELECT DISTINCT notification FROM attempt INDEXED BY attempt_undecrypted
         WHERE installation = ?1 AND user = ?2
             AND state = 'failed' AND reason IN ('decrypt.failed', 'decrypt.unknown_key')
         ORDER BY notification DESC LIMIT ?3";
}

/// What was pushed of a notification to an installation of a user.
pub(crate) struct Pushed<'a> {
    pub(crate) notification: &'a notification::Found,
    /// The row of the user.
    pub(crate) user: i64,
    pub(crate) installation: InstallationId,
    /// The key that the installation has now.
    pub(crate) key: Option<KeyMark>,
    pub(crate) now: Timestamp,
}

impl Pushed<'_> {
    /// Asks a rule about each attempt, saves what follows, and has the delivery looked at if something does.
    /// Gives the channel of what was pushed then.
    pub(crate) fn ask(
        &self,
        db: &Connection,
        unreadable: &Unreadable,
        rule: impl Fn(&Case<'_>) -> Option<Attempt>,
    ) -> Result<Option<Channel>, rusqlite::Error> {
        let row = self.notification.subject.row;
        let key = Key {
            notification: row,
            user: self.user,
        };
        let read = unreadable.pass_over("delivery", delivery::find(db, key))?;
        let (Some(found), Some(course)) = (read.flatten(), delivery::course(db, key, self.now)?)
        else {
            return Ok(None);
        };
        let steps = notification::steps(db, row)?;
        let gave_way = collapse::gave_way(db, key, self.notification.collapse_key.as_deref())?;
        let mut follows = None;
        let mut attempts = attempt::of_delivery(db, key, unreadable)?;
        attempts.retain(|known| known.target.installation() == Some(self.installation));
        let is_delivered = attempts.iter().any(attempt::Found::is_delivered);
        for known in attempts {
            let changed = rule(&Case {
                state: &found.state,
                is_stopped: self.notification.is_cancelled || gave_way,
                expires_at: found.expires_at.unwrap_or(self.notification.expires_at),
                step: steps.get(course.step).map(|step| step.channel),
                attempt: &known.attempt,
                is_delivered,
                key: self.key,
                now: self.now,
            });
            if let Some(attempt) = changed {
                attempt::put(db, key, known.target, &attempt, self.now)?;
                follows = Some(known.target.channel());
            }
        }
        if follows.is_some() {
            let due_at = Some(self.now);
            delivery::set_course(db, key, &Course { due_at, ..course })?;
        }
        Ok(follows)
    }
}

/// The mark of the key that an installation has now, if it has one.
pub(crate) fn key_of(
    db: &Connection,
    app: &AppId,
    installation: InstallationId,
) -> Result<Option<KeyMark>, rusqlite::Error> {
    let key = installation::key_of(db, app, installation)?;
    Ok(key.as_deref().map(KeyMark::of))
}

/// Looks at what an installation could not decrypt, now that it has told its key. Gives the notifications of
/// which something is due.
pub(crate) fn send_anew(
    db: &Connection,
    session: &Session,
    unreadable: &Unreadable,
    now: Timestamp,
) -> Result<Vec<Subject>, rusqlite::Error> {
    let Session {
        app,
        user,
        installation,
        generation: _,
    } = session;
    let Some(head) = user::find(db, app, user)? else {
        return Ok(Vec::new());
    };
    let rows = db
        .prepare_cached(UNDECRYPTED)?
        .query_map(
            (installation::key(*installation), head.row, MAX_ANEW),
            |row| row.get(0),
        )?
        .collect::<Result<Vec<i64>, _>>()?;
    let key = if rows.is_empty() {
        None
    } else {
        key_of(db, app, *installation)?
    };
    let mut due = Vec::new();
    for row in rows {
        let found = notification::find_row(db, row)?.filter(|found| !found.is_forgotten);
        let Some(found) = found else { continue };
        let pushed = Pushed {
            notification: &found,
            user: head.row,
            installation: *installation,
            key,
            now,
        };
        if pushed.ask(db, unreadable, uploaded)?.is_some() {
            due.push(found.subject);
        }
    }
    Ok(due)
}
