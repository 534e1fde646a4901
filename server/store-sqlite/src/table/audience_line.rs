//! The lines of uploaded audiences: users, and what is found by an address or is an installation.

use rusqlite::{Connection, Row};
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_rules::{
    audience::Naming,
    audience_file::{Line, Recipient},
    contact::{Contact, ContactHash, ContactKey},
};

use super::{contact, present, user};
use crate::{
    sql::statements,
    value::{Unreadable, parsed},
};

statements! {
    ADD_USER = "INSERT INTO audience_user (audience, user) VALUES (?1, ?2)
         ON CONFLICT (audience, user) DO NOTHING";
    ADD_LINE = "INSERT INTO audience_line (audience, is_installation, line, value)
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (value, audience) DO NOTHING";
    USERS = "SELECT u.row, u.id FROM audience_user a CROSS JOIN user u ON u.row = a.user
         WHERE a.audience = ?1 AND a.user > ?2 AND u.id IS NOT NULL ORDER BY a.user LIMIT ?3";
    LINES = "SELECT line, value FROM audience_line
         WHERE audience = ?1 AND is_installation = ?2 AND line > ?3 ORDER BY line LIMIT ?4";
    HAS_USER = "SELECT 1 FROM audience_user WHERE audience = ?1 AND user = ?2";
    HAS_VALUE = "SELECT 1 FROM audience_line WHERE value = ?1 AND audience = ?2";
    OF_USER = "SELECT audience FROM audience_user WHERE user = ?1 ORDER BY audience LIMIT ?2";
    LEAVE = "DELETE FROM audience_user WHERE audience = ?1 AND user = ?2";
    /// In every audience: an address has another hash in each App.
    DELETE_VALUE = "DELETE FROM audience_line WHERE value = ?1";
    /// In every audience of the App: another App's may name an installation with the same id.
    DELETE_INSTALLATION = "DELETE FROM audience_line WHERE value = ?1
         AND (SELECT app FROM audience WHERE row = audience_line.audience) = ?2";
    NEXT_USERS = "SELECT user FROM audience_user WHERE audience = ?1 ORDER BY user LIMIT ?2";
    DELETE_USERS = "DELETE FROM audience_user WHERE audience = ?1 AND user <= ?2";
    NEXT_LINES = "SELECT line FROM audience_line WHERE audience = ?1 AND is_installation = ?2
         ORDER BY line LIMIT ?3";
    DELETE_LINES = "DELETE FROM audience_line
         WHERE audience = ?1 AND is_installation = ?2 AND line <= ?3";
}

/// Adds the recipients of lines; tells how many are new.
pub(crate) fn add(
    db: &Connection,
    key: &ContactKey,
    (app, audience): (&AppId, i64),
    lines: &[Line],
) -> Result<u64, rusqlite::Error> {
    let (mut add_user, mut add_line) = (db.prepare_cached(ADD_USER)?, db.prepare_cached(ADD_LINE)?);
    let mut new = 0;
    for Line { number, recipient } in lines {
        new += match recipient {
            Recipient::User(name) => {
                let head = user::ensure(db, app, name)?;
                add_user.execute((audience, head.row))?
            }
            Recipient::Phone(phone) => {
                let hash = key.hash(app, Contact::Phone(phone));
                add_line.execute((audience, false, number, hash.bytes()))?
            }
            Recipient::Email(email) => {
                let hash = key.hash(app, Contact::Email(email));
                add_line.execute((audience, false, number, hash.bytes()))?
            }
            Recipient::Installation(id) => {
                add_line.execute((audience, true, number, id.uuid().as_bytes()))?
            }
        };
    }
    Ok(new as u64)
}

/// Where a walk through the lines of an audience goes on, and how far at the most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) audience: i64,
    pub(crate) after: i64,
    pub(crate) limit: u32,
}

/// A line that names an address or an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Contact(ContactHash),
    Installation(InstallationId),
}

/// The next users whom lines name, by their rows.
pub(crate) fn users(
    db: &Connection,
    window: Window,
    unreadable: &Unreadable,
) -> Result<Vec<(i64, Option<UserId>)>, rusqlite::Error> {
    let Window {
        audience,
        after,
        limit,
    } = window;
    db.prepare_cached(USERS)?
        .query_map((audience, after, limit), |row| {
            Ok((row.get(0)?, unreadable.pass_over("user", parsed(row, 1))?))
        })?
        .collect()
}

/// The next lines that name users otherwise, by their numbers. One that cannot be read names nobody.
pub(crate) fn values(
    db: &Connection,
    is_installation: bool,
    window: Window,
) -> Result<Vec<(i64, Option<Value>)>, rusqlite::Error> {
    let Window {
        audience,
        after,
        limit,
    } = window;
    db.prepare_cached(LINES)?
        .query_map((audience, is_installation, after, limit), |row| {
            Ok((row.get(0)?, value(row, is_installation)?))
        })?
        .collect()
}

fn value(row: &Row<'_>, is_installation: bool) -> Result<Option<Value>, rusqlite::Error> {
    let bytes = row.get_ref(1)?.as_blob()?;
    Ok(if is_installation {
        let id = uuid::Uuid::from_slice(bytes).ok();
        id.map(|id| Value::Installation(InstallationId::from_uuid(id)))
    } else {
        let hash = bytes.try_into().ok();
        hash.map(|hash| Value::Contact(ContactHash::of_bytes(hash)))
    })
}

/// Whether an audience names an installation.
pub(crate) fn has_installation(
    db: &Connection,
    audience: i64,
    id: InstallationId,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(HAS_VALUE)?
        .exists((id.uuid().as_bytes(), audience))
}

/// A user, and by what they can be named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person<'a> {
    pub(crate) row: i64,
    pub(crate) contacts: &'a [ContactHash],
    pub(crate) installations: &'a [InstallationId],
}

/// Whether a line of an audience names a user.
pub(crate) fn names(
    db: &Connection,
    audience: i64,
    person: Person<'_>,
) -> Result<bool, rusqlite::Error> {
    if db
        .prepare_cached(HAS_USER)?
        .exists((audience, person.row))?
    {
        return Ok(true);
    }
    for hash in person.contacts {
        if db
            .prepare_cached(HAS_VALUE)?
            .exists((hash.bytes(), audience))?
        {
            return Ok(true);
        }
    }
    for id in person.installations {
        if has_installation(db, audience, *id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes a user out of some of the audiences that name them by their name; tells how many.
pub(crate) fn leave_part(db: &Connection, user: i64, rows: u32) -> Result<usize, rusqlite::Error> {
    let audiences = db
        .prepare_cached(OF_USER)?
        .query_map((user, rows), |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    for audience in &audiences {
        db.prepare_cached(LEAVE)?.execute((audience, user))?;
    }
    Ok(audiences.len())
}

/// Takes a user who is being erased out of every audience that names them by an address. One that somebody
/// else has stays theirs.
pub(crate) fn forget_addresses(db: &Connection, user: i64) -> Result<(), rusqlite::Error> {
    for hash in contact::of_user(db, user)? {
        if !contact::is_shared(db, &hash, user)? {
            db.prepare_cached(DELETE_VALUE)?.execute([hash.bytes()])?;
        }
    }
    Ok(())
}

/// Takes a user who is being erased out of every audience that names an installation on which they are logged
/// in.
pub(crate) fn forget_installations(
    db: &Connection,
    (app, user): (&AppId, &UserId),
) -> Result<(), rusqlite::Error> {
    for (id, _) in present::sessions(db, app, user)? {
        db.prepare_cached(DELETE_INSTALLATION)?
            .execute((id.uuid().as_bytes(), app.as_str()))?;
    }
    Ok(())
}

/// Deletes the next lines of an audience; tells whether more are left.
pub(crate) fn delete_part(
    db: &Connection,
    audience: i64,
    rows: u32,
) -> Result<bool, rusqlite::Error> {
    let users = last(db, NEXT_USERS, (audience, rows))?;
    if let (Some(last), count) = users {
        db.prepare_cached(DELETE_USERS)?.execute((audience, last))?;
        if count == rows as usize {
            return Ok(true);
        }
    }
    for is_installation in [false, true] {
        let lines = last(db, NEXT_LINES, (audience, is_installation, rows))?;
        if let (Some(last), count) = lines {
            let part = (audience, is_installation, last);
            db.prepare_cached(DELETE_LINES)?.execute(part)?;
            if count == rows as usize {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The last key of a part, and how many it has.
fn last(
    db: &Connection,
    statement: &str,
    part: impl rusqlite::Params,
) -> Result<(Option<i64>, usize), rusqlite::Error> {
    let keys = db
        .prepare_cached(statement)?
        .query_map(part, |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    Ok((keys.last().copied(), keys.len()))
}

impl Value {
    /// Whether lines with such values name installations; `None` where they name users by their names.
    pub(crate) const fn is_installation(naming: Naming) -> Option<bool> {
        match naming {
            Naming::User => None,
            Naming::Contact => Some(false),
            Naming::Installation => Some(true),
        }
    }
}
