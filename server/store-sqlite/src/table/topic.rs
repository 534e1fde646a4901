//! Topics and subscriptions.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    AppId, TopicName,
    subscription::{Topic, TopicSettings},
};

use crate::sql::statements;

statements! {
    PUT = "INSERT INTO topic (app, name, self_subscribe) VALUES (?1, ?2, ?3)
         ON CONFLICT (app, name) DO UPDATE SET self_subscribe = excluded.self_subscribe";
    FIND = "SELECT row, self_subscribe, subscribers FROM topic WHERE app = ?1 AND name = ?2";
    UNNAME = "UPDATE topic SET name = NULL WHERE row = ?1";
    DELETE = "DELETE FROM topic WHERE row = ?1";
    COUNT = "UPDATE topic SET subscribers = subscribers + ?2 WHERE row = ?1";
    SUBSCRIBE = "INSERT INTO subscription (topic, user) VALUES (?1, ?2)
         ON CONFLICT (topic, user) DO NOTHING";
    UNSUBSCRIBE = "DELETE FROM subscription WHERE topic = ?1 AND user = ?2";
    IS_SUBSCRIBED = "SELECT 1 FROM subscription WHERE topic = ?1 AND user = ?2";
    NUMBER_OF_USER = "SELECT count(*) FROM
         (SELECT 1 FROM subscription WHERE user = ?1 LIMIT ?2)";
    SUBSCRIBERS = "SELECT user FROM subscription WHERE topic = ?1 AND user > ?2
         ORDER BY user LIMIT ?3";
    OF_USER = "SELECT topic FROM subscription WHERE user = ?1 ORDER BY topic LIMIT ?2";
    NAMES_OF = "SELECT t.name FROM subscription s CROSS JOIN topic t ON t.row = s.topic
         WHERE s.user = ?1 AND t.name IS NOT NULL";
    /// Through the rows of a part: a range of users.
    DELETE_PART = "DELETE FROM subscription WHERE topic = ?1 AND user <= ?2";
}

/// A topic's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) row: i64,
    pub(crate) is_open: bool,
    subscribers: u64,
}

impl Found {
    /// The topic as the App's backend sees it.
    pub(crate) fn view(self, name: TopicName) -> Topic {
        Topic {
            name,
            self_subscribe: self.is_open,
            subscribers: self.subscribers,
        }
    }
}

/// Sets a topic.
pub(crate) fn put(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
    settings: TopicSettings,
) -> Result<(), rusqlite::Error> {
    let TopicSettings { self_subscribe } = settings;
    db.prepare_cached(PUT)?
        .execute((app.as_str(), name.as_str(), self_subscribe))
        .map(drop)
}

/// A topic, if there is one of this name.
pub(crate) fn find(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((app.as_str(), name.as_str()), |row| {
            Ok(Found {
                row: row.get(0)?,
                is_open: row.get(1)?,
                subscribers: row.get(2)?,
            })
        })
        .optional()
}

/// Takes the name of a topic that is being deleted, so that it is free at once.
pub(crate) fn unname(db: &Connection, topic: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(UNNAME)?.execute([topic]).map(drop)
}

/// Subscribes a user; a user who is subscribed already stays so.
pub(crate) fn subscribe(db: &Connection, topic: i64, user: i64) -> Result<(), rusqlite::Error> {
    let added = db.prepare_cached(SUBSCRIBE)?.execute((topic, user))?;
    count(db, topic, i64::from(added == 1))
}

/// Takes a user out of a topic.
pub(crate) fn unsubscribe(db: &Connection, topic: i64, user: i64) -> Result<(), rusqlite::Error> {
    let removed = db.prepare_cached(UNSUBSCRIBE)?.execute((topic, user))?;
    count(db, topic, -i64::from(removed == 1))
}

fn count(db: &Connection, topic: i64, change: i64) -> Result<(), rusqlite::Error> {
    if change != 0 {
        db.prepare_cached(COUNT)?.execute((topic, change))?;
    }
    Ok(())
}

/// Whether a user is subscribed.
pub(crate) fn is_subscribed(
    db: &Connection,
    topic: i64,
    user: i64,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(IS_SUBSCRIBED)?.exists((topic, user))
}

/// In how many topics a user is, counted up to `limit`.
pub(crate) fn number_of(db: &Connection, user: i64, limit: u32) -> Result<u32, rusqlite::Error> {
    db.prepare_cached(NUMBER_OF_USER)?
        .query_row((user, limit), |row| row.get(0))
}

/// Deletes the next subscriptions of a topic that has no name any more, and the topic after the last.
/// Tells whether more are left.
pub(crate) fn delete_part(db: &Connection, topic: i64, rows: u32) -> Result<bool, rusqlite::Error> {
    let users = db
        .prepare_cached(SUBSCRIBERS)?
        .query_map((topic, i64::MIN, rows), |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    if let Some(last) = users.last() {
        db.prepare_cached(DELETE_PART)?.execute((topic, last))?;
    }
    if users.len() < rows as usize {
        db.prepare_cached(DELETE)?.execute([topic])?;
        return Ok(false);
    }
    Ok(true)
}

/// Takes a user out of some of their topics; tells how many.
pub(crate) fn leave_part(db: &Connection, user: i64, rows: u32) -> Result<usize, rusqlite::Error> {
    let topics = db
        .prepare_cached(OF_USER)?
        .query_map((user, rows), |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    for topic in &topics {
        unsubscribe(db, *topic, user)?;
    }
    Ok(topics.len())
}

/// The topics that a user subscribes to. A name that cannot be read is passed over.
pub(crate) fn names_of(db: &Connection, user: i64) -> Result<BTreeSet<TopicName>, rusqlite::Error> {
    let names = db
        .prepare_cached(NAMES_OF)?
        .query_map([user], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    let names = names.into_iter();
    Ok(names
        .filter_map(|name| TopicName::parse(name).ok())
        .collect())
}
