//! The end of deliveries: their time runs out, or the sender cancels their notification.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::DeliveryStatus;
use vestnik_rules::delivery::{Advanced, Confirmation, cancel, expire};

use super::{
    attempt,
    change::Changes,
    count,
    delivery::{self, Owner},
    meta,
    notification::Found,
    user,
};
use crate::value::Unreadable;

/// What the position of a walk begins with that cancels.
const CANCELS: &str = "cancel ";

/// A part of a walk through the deliveries of a notification, in the order of their users' rows.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) found: &'a Found,
    /// The row of the last user that was walked.
    pub(crate) after: i64,
    /// The most deliveries to look at.
    pub(crate) rows: u32,
    pub(crate) now: Timestamp,
    pub(crate) unreadable: &'a Unreadable,
}

impl Pass<'_> {
    /// Where the next part goes on, for the row of work. A walk that cancels is told apart: if the time
    /// runs out before its next part, the walk begins anew as one that expires, so that it misses no
    /// delivery that was handed over.
    pub(crate) fn position(&self, after: i64) -> String {
        let what = if self.is_expired() { "" } else { CANCELS };
        format!("{what}{after}")
    }

    /// Goes on where a former part ended.
    pub(crate) fn go_on(&mut self, position: Option<&str>) {
        let position = position.unwrap_or_default();
        let after = match position.strip_prefix(CANCELS) {
            Some(_) if self.is_expired() => None,
            Some(after) => after.parse().ok(),
            None => position.parse().ok(),
        };
        self.after = after.unwrap_or(i64::MIN);
    }

    /// Whether the time of the notification has run out.
    pub(crate) fn is_expired(&self) -> bool {
        self.found.expires_at <= self.now
    }
}

/// Ends the deliveries of a part: by expiry when the time has run out, else by cancellation. Gives the
/// row of the user to go on behind, unless no delivery is left that could end.
pub(crate) fn end(
    db: &Connection,
    pass: &Pass<'_>,
    changes: &mut Changes,
) -> Result<Option<i64>, rusqlite::Error> {
    let subject = &pass.found.subject;
    let counts = count::of(db, subject.row)?;
    let open = if pass.is_expired() {
        counts.waiting() + counts.sent
    } else {
        counts.waiting()
    };
    if open == 0 {
        return Ok(None);
    }
    let rows = delivery::part(db, subject.row, pass.after, pass.rows)?;
    let is_end = rows.len() < pass.rows as usize;
    let mut last = None;
    for (user, found) in rows {
        last = Some(user);
        let Some(found) = pass.unreadable.pass_over("delivery", found)? else {
            continue;
        };
        let advanced = ended(db, pass, &found)?;
        if advanced.is_changed {
            let key = delivery::Key {
                notification: subject.row,
                user,
            };
            delivery::update(db, key, &advanced.state)?;
            changes.moved_in_part(subject, advanced.moved);
        }
    }
    Ok(last.filter(|_| !is_end))
}

fn ended(
    db: &Connection,
    pass: &Pass<'_>,
    found: &delivery::Found,
) -> Result<Advanced, rusqlite::Error> {
    if !pass.is_expired() {
        return Ok(cancel(found.state.clone(), pass.now));
    }
    expired(db, pass, found)
}

/// What becomes of a delivery whose time runs out, that of its notification or its own.
pub(crate) fn expired(
    db: &Connection,
    pass: &Pass<'_>,
    found: &delivery::Found,
) -> Result<Advanced, rusqlite::Error> {
    let proof = if found.state.status == DeliveryStatus::Sent {
        proof(db, pass, found)?
    } else {
        Confirmation::Missing
    };
    let is_stopped = pass.found.is_cancelled;
    Ok(expire(found.state.clone(), is_stopped, proof, pass.now))
}

/// What is known of what a delivery that was handed over came to.
fn proof(
    db: &Connection,
    pass: &Pass<'_>,
    found: &delivery::Found,
) -> Result<Confirmation, rusqlite::Error> {
    if has_evidence(db, pass, found)? {
        return Ok(Confirmation::Evident);
    }
    let key = delivery::Key {
        notification: pass.found.subject.row,
        user: found.user,
    };
    Ok(if attempt::is_sent_outside(db, key)? {
        Confirmation::Impossible
    } else {
        Confirmation::Missing
    })
}

fn has_evidence(
    db: &Connection,
    pass: &Pass<'_>,
    found: &delivery::Found,
) -> Result<bool, rusqlite::Error> {
    let Some((head, name)) = user::find_row(db, found.user)? else {
        return Ok(false);
    };
    let subject = &pass.found.subject;
    let owner = Owner {
        app: subject.app.as_str(),
        user: name.as_str(),
        epoch: head.place(meta::epoch(db)?).epoch.0,
    };
    delivery::has_evidence(db, subject.row, found, &owner)
}
