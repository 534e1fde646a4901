//! What waits because a service refused an App's credentials: tried at once when they are renewed.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, Channel, open::Word as _};
use vestnik_rules::{
    attempt::renewed,
    work::{Stage, WorkKind},
};

use super::{
    Txn, attempt,
    change::Subject,
    delivery::{self, Key},
    event, notification, work,
};
use crate::{sql::statements, value::Unreadable};

statements! {
    /// The words are those of the index, which is used by them.
    ANY_REFUSED = "SELECT 1 FROM attempt INDEXED BY attempt_refused
         WHERE channel = ?1 AND state = 'retrying' AND reason = 'config.provider_auth' LIMIT 1";
    REFUSED = "SELECT DISTINCT notification, user FROM attempt INDEXED BY attempt_refused
         WHERE channel = ?1 AND (notification, user) > (?2, ?3)
             AND state = 'retrying' AND reason = 'config.provider_auth'
         ORDER BY notification, user LIMIT ?4";
}

/// Leaves a row of work that walks through what waits for credentials at a service, if anything does.
pub(crate) fn wake(
    txn: &mut Txn<'_>,
    app: &AppId,
    channel: Channel,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let is_any = txn
        .prepare_cached(ANY_REFUSED)?
        .exists([channel.as_str()])?;
    if !is_any {
        return Ok(());
    }
    let stage = Stage {
        kind: WorkKind::Resume,
        due: now,
    };
    let start = Position {
        channel,
        after: Key {
            notification: 0,
            user: 0,
        },
    };
    work::insert(txn, app, 0, stage, Some(&start.to_string()))?;
    event::work_due(txn, app, stage, now)
}

/// Where the next part begins: the service, and the delivery to go on behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) channel: Channel,
    after: Key,
}

impl Position {
    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            channel: Channel::from_word(words.next()?)?,
            after: Key {
                notification: words.next()?.parse().ok()?,
                user: words.next()?.parse().ok()?,
            },
        })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Key { notification, user } = self.after;
        write!(f, "{} {notification} {user}", self.channel.as_str())
    }
}

/// A part of what waits.
pub(crate) struct Part<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) position: Position,
    pub(crate) rows: u32,
    pub(crate) now: Timestamp,
    pub(crate) unreadable: &'a Unreadable,
}

/// Makes due what waits. Gives the notifications of which something is due, and where the next part begins.
pub(crate) fn resume(
    db: &Connection,
    part: &Part<'_>,
) -> Result<(Vec<Subject>, Option<Position>), rusqlite::Error> {
    let Position { channel, after } = part.position;
    let waiting = db
        .prepare_cached(REFUSED)?
        .query_map(
            (channel.as_str(), after.notification, after.user, part.rows),
            |row| {
                Ok(Key {
                    notification: row.get(0)?,
                    user: row.get(1)?,
                })
            },
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let mut due: Vec<Subject> = Vec::new();
    for key in &waiting {
        let found = notification::find_row(db, key.notification)?;
        let found = found.filter(|found| {
            found.subject.app == *part.app && !found.is_forgotten && !found.is_cancelled
        });
        let Some(found) = found.filter(|found| found.expires_at > part.now) else {
            continue;
        };
        let is_known = due.last().is_some_and(|last| last.row == key.notification);
        if resume_one(db, *key, part)? && !is_known {
            due.push(found.subject);
        }
    }
    let is_end = waiting.len() < part.rows as usize;
    let last = waiting.last().filter(|_| !is_end);
    let next = last.map(|after| Position {
        channel,
        after: *after,
    });
    Ok((due, next))
}

fn resume_one(db: &Connection, key: Key, part: &Part<'_>) -> Result<bool, rusqlite::Error> {
    let mut is_due = false;
    for found in attempt::of_delivery(db, key, part.unreadable)? {
        if found.target.channel() != part.position.channel {
            continue;
        }
        if let Some(next) = renewed(&found.attempt, part.now) {
            attempt::put(db, key, found.target, &next, part.now)?;
            is_due = true;
        }
    }
    if is_due {
        delivery::set_due(db, key, part.now)?;
    }
    Ok(is_due)
}
