//! Trying anew what was lost of a notification, a part at a time.

use rusqlite::Connection;
use vestnik_rules::retry::{Round, is_lost, round};

use super::{
    attempt,
    change::Changes,
    delivery::{self, Key},
    expiry::Pass,
    findings::{About, Owner},
    user,
};

/// What a part came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Retried {
    /// How many deliveries are tried anew.
    pub(crate) count: u64,
    /// The row of the user to go on behind; absent when every delivery was looked at.
    pub(crate) after: Option<i64>,
}

/// Tries anew the deliveries of a part. Those that are `is_routed` are looked at by a dispatch.
pub(crate) fn retry(
    db: &Connection,
    pass: &Pass<'_>,
    is_routed: bool,
    changes: &mut Changes,
) -> Result<Retried, rusqlite::Error> {
    let subject = &pass.found.subject;
    let rows = delivery::part(db, subject.row, pass.after, pass.rows)?;
    let is_end = rows.len() < pass.rows as usize;
    let about = About::load(db, pass.found, pass.unreadable)?;
    let mut retried = Retried::default();
    for (user, found) in rows {
        retried.after = Some(user);
        let found = pass.unreadable.pass_over("delivery", found)?;
        let Some(found) = found.filter(|found| is_lost(&found.state)) else {
            continue;
        };
        if let Some(round) = look(db, (pass, &about), found, is_routed)? {
            let key = Key {
                notification: subject.row,
                user,
            };
            save(db, key, pass, &round)?;
            // It expires when it would have.
            let own = delivery::own_expiry(db, key)?;
            delivery::set_release(db, key, own)?;
            changes.moved_in_part(subject, round.advanced.moved);
            retried.count += 1;
        }
    }
    retried.after = retried.after.filter(|_| !is_end);
    Ok(retried)
}

/// How a delivery to a user is tried anew, if it is.
fn look(
    db: &Connection,
    (pass, about): (&Pass<'_>, &About<'_>),
    found: delivery::Found,
    is_routed: bool,
) -> Result<Option<Round>, rusqlite::Error> {
    let Some((head, name)) = user::find_row(db, found.user)? else {
        return Ok(None);
    };
    let owner = Owner {
        app: &pass.found.subject.app,
        user: &name,
        now: pass.now,
    };
    let findings = about.of_delivery(db, (&owner, &head), found, pass.unreadable)?;
    Ok(round(&findings, is_routed, pass.now))
}

fn save(db: &Connection, key: Key, pass: &Pass<'_>, round: &Round) -> Result<(), rusqlite::Error> {
    delivery::update(db, key, &round.advanced.state)?;
    if let Some(course) = &round.course {
        delivery::set_course(db, key, course)?;
    }
    for (target, attempt) in &round.reopened {
        attempt::put(db, key, *target, attempt, pass.now)?;
    }
    Ok(())
}
