//! Recalls: an entry in the log of every user who may have the notification, and a withdrawal at each
//! installation that may show it.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{Entry, Recall, UserId};
use vestnik_rules::{delivery::cancel, withdrawal};
use vestnik_store::effect::News;

use super::{
    attempt,
    change::{Changes, Subject},
    delivery,
    expiry::Pass,
    log, provider,
    user::{self, Head},
    withdrawal as withdrawals,
};

/// What a part of a recall came to.
#[derive(Debug, Default)]
pub(crate) struct Recalled {
    /// The row of the user to go on behind; absent at the end.
    pub(crate) after: Option<i64>,
    /// Whose logs have grown.
    pub(crate) users: Vec<UserId>,
}

/// Recalls the deliveries of a part: those that wait are cancelled, and each log gets an entry.
pub(crate) fn recall(
    db: &Connection,
    pass: &Pass<'_>,
    seed: &[u8; 32],
    changes: &mut Changes,
) -> Result<Recalled, rusqlite::Error> {
    let subject = &pass.found.subject;
    let rows = delivery::part(db, subject.row, pass.after, pass.rows)?;
    let is_end = rows.len() < pass.rows as usize;
    let mut recalled = Recalled::default();
    let has_provider = provider::has_any(db, &subject.app)?;
    for (user, found) in rows {
        recalled.after = Some(user);
        let key = delivery::Key {
            notification: subject.row,
            user,
        };
        let Some(found) = pass.unreadable.pass_over("delivery", found)? else {
            continue;
        };
        if can_be_on_a_device(db, pass, (key, &found))? {
            let whose = withdraw(db, pass, (key, &found), (seed, has_provider))?;
            if let Some(name) = whose {
                changes.happened(subject, (user, &name), News::Recalled);
                recalled.users.push(name);
            }
        }
        let advanced = cancel(found.state, pass.now);
        if advanced.is_changed {
            delivery::update(db, key, &advanced.state)?;
            changes.moved_in_part(subject, advanced.moved);
        }
    }
    recalled.after = recalled.after.filter(|_| !is_end);
    Ok(recalled)
}

/// Whether a delivery can be on any device.
pub(crate) fn can_be_on_a_device(
    db: &Connection,
    pass: &Pass<'_>,
    (key, found): (delivery::Key, &delivery::Found),
) -> Result<bool, rusqlite::Error> {
    let attempts = || {
        let found = attempt::of_delivery(db, key, pass.unreadable)?;
        Ok::<_, rusqlite::Error>(found.into_iter().map(|found| found.attempt).collect())
    };
    withdrawal::can_be_on_a_device(&found.state, found.seq.is_some(), attempts)
}

/// Says in the log of a user that a delivery is withdrawn, and begins a withdrawal at each installation that
/// may show it. Gives the user.
pub(crate) fn withdraw(
    db: &Connection,
    pass: &Pass<'_>,
    (key, found): (delivery::Key, &delivery::Found),
    (seed, has_provider): (&[u8; 32], bool),
) -> Result<Option<UserId>, rusqlite::Error> {
    let Some((mut head, name)) = user::find_row(db, key.user)? else {
        return Ok(None);
    };
    let seq = tell(db, &pass.found.subject, found, (&mut head, seed), pass.now)?;
    if has_provider {
        let attempts = attempt::of_delivery(db, key, pass.unreadable)?;
        withdrawals::begin(db, key, (seq, pass.now), &attempts)?;
    }
    Ok(Some(name))
}

/// Says in the user's log that a delivery was recalled, unless that says so already. Gives the place of the
/// entry.
pub(crate) fn tell(
    db: &Connection,
    subject: &Subject,
    found: &delivery::Found,
    (head, seed): (&mut Head, &[u8; 32]),
    now: Timestamp,
) -> Result<u64, rusqlite::Error> {
    if let Some(seq) = found.recall_seq {
        return Ok(seq);
    }
    let entry = Entry::Recall(Recall {
        id: subject.id,
        at: now,
    });
    let new = log::New {
        notification: subject.row,
        at: now,
        only: found.addressed.only.as_deref(),
        body: Some(&entry),
    };
    log::append(db, head, seed, &new)?;
    let key = delivery::Key {
        notification: subject.row,
        user: found.user,
    };
    delivery::set_recall_seq(db, key, head.seq)?;
    Ok(head.seq)
}
