//! Topics and who is in them.

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    AppId, TopicName, UserId,
    subscription::{Topic, TopicSettings},
};
use vestnik_store::SubscribeOutcome;

use super::user;

pub(crate) fn put(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
    settings: TopicSettings,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO topic (app, name, self_subscribe) VALUES (?1, ?2, ?3)
         ON CONFLICT (app, name) DO UPDATE SET self_subscribe = excluded.self_subscribe",
    )?
    .execute((app.as_str(), name.as_str(), settings.self_subscribe))
    .map(drop)
}

pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
) -> Result<Option<Topic>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT self_subscribe, (SELECT count(*) FROM subscription WHERE topic = topic.row)
         FROM topic WHERE app = ?1 AND name = ?2",
    )?
    .query_row((app.as_str(), name.as_str()), |row| {
        Ok(Topic {
            name: name.clone(),
            self_subscribe: row.get(0)?,
            subscribers: row.get(1)?,
        })
    })
    .optional()
}

pub(crate) fn delete(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached("DELETE FROM topic WHERE app = ?1 AND name = ?2")?
        .execute((app.as_str(), name.as_str()))
        .map(|deleted| deleted > 0)
}

pub(crate) fn subscribe(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
    who: &UserId,
    by_self: bool,
) -> Result<SubscribeOutcome, rusqlite::Error> {
    match find(db, app, name)? {
        Some((topic, self_subscribe)) if self_subscribe || !by_self => {
            let user = user::ensure(db, app, who)?;
            db.prepare_cached(
                "INSERT INTO subscription (topic, user) VALUES (?1, ?2)
                 ON CONFLICT (topic, user) DO NOTHING",
            )?
            .execute((topic, user))?;
            Ok(SubscribeOutcome::Subscribed)
        }
        Some(_) | None => Ok(SubscribeOutcome::Unavailable),
    }
}

pub(crate) fn unsubscribe(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
    who: &UserId,
) -> Result<bool, rusqlite::Error> {
    let Some((topic, _)) = find(db, app, name)? else {
        return Ok(false);
    };
    if let Some((user, _)) = user::find(db, app, who)? {
        db.prepare_cached("DELETE FROM subscription WHERE topic = ?1 AND user = ?2")?
            .execute((topic, user))?;
    }
    Ok(true)
}

fn find(
    db: &Connection,
    app: &AppId,
    name: &TopicName,
) -> Result<Option<(i64, bool)>, rusqlite::Error> {
    db.prepare_cached("SELECT row, self_subscribe FROM topic WHERE app = ?1 AND name = ?2")?
        .query_row((app.as_str(), name.as_str()), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}
