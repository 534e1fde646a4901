//! The walk through the sources of an audience.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use vestnik_model::{AppId, AudienceId, InstallationId, TopicName, UserId};
use vestnik_rules::{
    audience::{ListedUser, Members, Naming, Position, Source},
    consent::Ways,
    contact::ContactHash,
};

use super::{
    super::{
        audience,
        audience_line::{self, Person, Value},
        contact,
        erased_user::Since,
        present, topic,
        user::{self, Head},
        user_attribute::{self, Wishes},
    },
    part::Part,
};
use crate::{sql::statements, value::parsed};

statements! {
    SUBSCRIBERS = "SELECT u.row, u.last_seq, u.last_tag, u.renewal, u.renewed_at, u.id,
             EXISTS (SELECT 1 FROM installation i WHERE i.app = ?4 AND i.user = u.id),
             u.zone, u.quiet_from, u.quiet_to, u.phone_zone, u.opt_out
         FROM subscription s CROSS JOIN user u ON u.row = s.user
         WHERE s.topic = ?1 AND s.user > ?2 AND u.id IS NOT NULL ORDER BY s.user LIMIT ?3";
    UPLOADED = "SELECT u.row, u.last_seq, u.last_tag, u.renewal, u.renewed_at, u.id,
             EXISTS (SELECT 1 FROM installation i WHERE i.app = ?4 AND i.user = u.id),
             u.zone, u.quiet_from, u.quiet_to, u.phone_zone, u.opt_out
         FROM audience_user a CROSS JOIN user u ON u.row = a.user
         WHERE a.audience = ?1 AND a.user > ?2 AND u.id IS NOT NULL ORDER BY a.user LIMIT ?3";
}

/// The next members of a source.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Where the last part ended.
    position: Position,
    limit: u32,
}

/// A member of a source.
pub(super) struct Walked {
    /// The position behind the member.
    pub(super) position: Position,
    /// The user; absent when the row cannot be read, for which nobody else waits, and when a listed user was
    /// erased.
    pub(super) named: Option<Named>,
}

/// A user whom a source names.
pub(super) struct Named {
    pub(super) head: Head,
    pub(super) user: UserId,
    pub(super) only: Option<Vec<InstallationId>>,
    pub(super) has_installation: bool,
    pub(super) wishes: Wishes,
}

/// The next members of a source, and whether they are the last.
pub(super) fn walk(
    db: &Connection,
    part: &Part<'_>,
    source: &Source,
    limit: u32,
) -> Result<(Vec<Walked>, bool), rusqlite::Error> {
    let window = Window {
        position: source.position,
        limit,
    };
    let walked = match &source.members {
        Members::Users(listed) => users(db, part, listed, window)?,
        Members::Topic(name) => subscribers(db, part, name, window)?,
        Members::Contacts(hashes) => named_by(db, part, hashes, window)?,
        Members::Installations(ids) => owners(db, part, ids, window)?,
        Members::Uploaded(id, naming) => return uploaded(db, part, (*id, *naming), window),
    };
    let is_end = walked.len() < limit as usize;
    Ok((walked, is_end))
}

fn users(
    db: &Connection,
    part: &Part<'_>,
    listed: &[ListedUser],
    Window { position, limit }: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    let erased = Since {
        app,
        accepted_at: part.accepted_at,
        key: part.key,
    };
    let is_any_erased = erased.has_any(db)?;
    let listed = listed.iter().take(limit as usize);
    listed
        .map(|ListedUser { key, user }| {
            if is_any_erased && erased.has(db, user)? {
                return Ok(Walked {
                    position: position.past(*key),
                    named: None,
                });
            }
            Ok(Walked {
                position: position.past(*key),
                named: Some(named_so(db, app, user.clone())?),
            })
        })
        .collect()
}

fn subscribers(
    db: &Connection,
    part: &Part<'_>,
    name: &TopicName,
    window: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    // A topic that was deleted since has nobody in it.
    let Some(topic) = topic::find(db, app, name)? else {
        return Ok(Vec::new());
    };
    let Window { position, limit } = window;
    db.prepare_cached(SUBSCRIBERS)?
        .query_map((topic.row, window.after(), limit, app.as_str()), |row| {
            Ok(Walked {
                position: position.past(row.get(0)?),
                named: part.unreadable.pass_over("user", named(row))?,
            })
        })?
        .collect()
}

fn named(row: &Row<'_>) -> Result<Named, rusqlite::Error> {
    Ok(Named {
        head: user::head(row)?,
        user: parsed(row, 5)?,
        only: None,
        has_installation: row.get(6)?,
        wishes: user_attribute::wishes(row, 7)?,
    })
}

/// The users with one of the listed addresses, in the order of their rows. Unknown addresses are nobody's.
fn named_by(
    db: &Connection,
    part: &Part<'_>,
    hashes: &[ContactHash],
    window: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    let behind = (window.after(), window.limit);
    let users = contact::users(db, app, hashes, behind, part.unreadable)?;
    users
        .into_iter()
        .map(|(key, user)| {
            let named = user.map(|user| named_so(db, app, user)).transpose()?;
            let position = window.position.past(key);
            Ok(Walked { position, named })
        })
        .collect()
}

/// The user of a name.
fn named_so(db: &Connection, app: &AppId, user: UserId) -> Result<Named, rusqlite::Error> {
    let head = user::ensure(db, app, &user)?;
    Ok(Named {
        head,
        only: None,
        has_installation: present::has_any(db, app, &user)?,
        wishes: user_attribute::get(db, head.row)?,
        user,
    })
}

/// The owners of listed installations, in the order of their rows. Unknown installations are nobody's,
/// and are answered like known ones.
fn owners(
    db: &Connection,
    part: &Part<'_>,
    ids: &[InstallationId],
    window: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let mut owners: BTreeMap<i64, Named> = BTreeMap::new();
    for id in ids {
        if let Some(named) = owner(db, part, *id)? {
            owners.insert(named.head.row, named);
        }
    }
    let is_left = |key: i64| window.position.after.is_none_or(|after| key > after);
    let left = owners.into_iter().filter(|(key, _)| is_left(*key));
    let next = left.map(|(key, owner)| Walked {
        position: window.position.past(key),
        named: Some(owner),
    });
    Ok(next.take(window.limit as usize).collect())
}

/// Those whom the next lines of an uploaded audience name in one way, and whether they are the last. An
/// audience that was deleted since names nobody.
fn uploaded(
    db: &Connection,
    part: &Part<'_>,
    (id, naming): (AudienceId, Naming),
    window: Window,
) -> Result<(Vec<Walked>, bool), rusqlite::Error> {
    let Some(found) = audience::find(db, &part.subject.app, id)? else {
        return Ok((Vec::new(), true));
    };
    let Some(is_installation) = Value::is_installation(naming) else {
        let walked = uploaded_users(db, part, found.row, window)?;
        let is_end = walked.len() < window.limit as usize;
        return Ok((walked, is_end));
    };
    let lines = audience_line::Window {
        audience: found.row,
        after: window.after_line(),
        limit: window.limit,
    };
    let values = audience_line::values(db, is_installation, lines)?;
    let is_last = values.len() < window.limit as usize;
    let mut walked = Vec::new();
    for (line, value) in values {
        if window.left(walked.len()) == 0 {
            return Ok((walked, false));
        }
        match value {
            Some(Value::Contact(hash)) => {
                of_line(db, part, (line, hash), window, &mut walked)?;
            }
            Some(Value::Installation(id)) => {
                let position = window.position.past(line);
                let named = owner(db, part, id)?;
                walked.push(Walked { position, named });
            }
            None => {
                let position = window.position.past(line);
                let named = None;
                walked.push(Walked { position, named });
            }
        }
    }
    let is_full = walked.len() >= window.limit as usize;
    Ok((walked, is_last && !is_full))
}

/// The next users whom a line names by an address, at most as many as are left of the part. The line is
/// walked whole when there are fewer.
fn of_line(
    db: &Connection,
    part: &Part<'_>,
    (line, hash): (i64, ContactHash),
    window: Window,
    walked: &mut Vec<Walked>,
) -> Result<(), rusqlite::Error> {
    let (app, source) = (&part.subject.app, window.position);
    let behind = (window.user_of(line), window.left(walked.len()));
    let users = contact::users(db, app, &[hash], behind, part.unreadable)?;
    if users.is_empty() {
        let position = source.past(line);
        let named = None;
        walked.push(Walked { position, named });
    }
    for (key, user) in users {
        let position = source.within(line, key);
        let named = user.map(|user| named_so(db, app, user)).transpose()?;
        walked.push(Walked { position, named });
    }
    Ok(())
}

fn uploaded_users(
    db: &Connection,
    part: &Part<'_>,
    audience: i64,
    window: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let Window { position, limit } = window;
    let next = (audience, window.after(), limit, part.subject.app.as_str());
    db.prepare_cached(UPLOADED)?
        .query_map(next, |row| {
            Ok(Walked {
                position: position.past(row.get(0)?),
                named: part.unreadable.pass_over("user", named(row))?,
            })
        })?
        .collect()
}

impl Window {
    /// The key of the last member that was walked.
    fn after(self) -> i64 {
        self.position.after.unwrap_or(i64::MIN)
    }

    /// The last line that was walked whole, or one before it.
    fn after_line(self) -> i64 {
        let whole = i64::from(self.position.within.is_some());
        self.after().saturating_sub(whole)
    }

    /// The last user of a line who was walked.
    fn user_of(self, line: i64) -> i64 {
        let within = self.position.within;
        within
            .filter(|_| self.position.after == Some(line))
            .unwrap_or(i64::MIN)
    }

    /// How many members are left of the part.
    fn left(self, walked: usize) -> u32 {
        self.limit
            .saturating_sub(u32::try_from(walked).unwrap_or(u32::MAX))
    }
}

/// The user of an installation, who is notified on those that the audience names only.
fn owner(
    db: &Connection,
    part: &Part<'_>,
    id: InstallationId,
) -> Result<Option<Named>, rusqlite::Error> {
    let app = &part.subject.app;
    let Some(user) = present::owner(db, app, id)? else {
        return Ok(None);
    };
    let only = only(db, part, &user)?;
    Ok(Some(Named {
        only: Some(only),
        ..named_so(db, app, user)?
    }))
}

/// The installations of a user that the audience names, one by one or by a line of an uploaded one.
fn only(
    db: &Connection,
    part: &Part<'_>,
    user: &UserId,
) -> Result<Vec<InstallationId>, rusqlite::Error> {
    let (app, plan) = (&part.subject.app, part.plan);
    let mut uploaded = Vec::new();
    for id in plan.audiences() {
        uploaded.extend(audience::find(db, app, id)?.map(|found| found.row));
    }
    let mut only = Vec::new();
    for (id, _) in present::sessions(db, app, user)? {
        let mut is_named = plan.names_installation(id);
        for audience in &uploaded {
            is_named = is_named || audience_line::has_installation(db, *audience, id)?;
        }
        if is_named {
            only.push(id);
        }
    }
    only.sort();
    Ok(only)
}

/// What may name a user.
pub(super) fn ways(
    db: &Connection,
    part: &Part<'_>,
    named: &Named,
) -> Result<Ways, rusqlite::Error> {
    let (app, user) = (&part.subject.app, named.head.row);
    let sessions = present::sessions(db, app, &named.user)?.into_iter();
    let contacts = contact::of_user(db, user)?;
    let installations: Vec<_> = sessions.map(|(installation, _)| installation).collect();
    let person = Person {
        row: user,
        contacts: &contacts,
        installations: &installations,
    };
    let mut audiences = Vec::new();
    for id in part.plan.audiences() {
        if let Some(found) = audience::find(db, app, id)?
            && audience_line::names(db, found.row, person)?
        {
            audiences.push(id);
        }
    }
    Ok(Ways {
        topics: topic::names_of(db, user)?,
        contacts,
        installations,
        audiences,
    })
}
