//! The walk through the sources of an audience.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use vestnik_model::{AppId, AudienceId, InstallationId, TopicName, UserId};
use vestnik_rules::{
    audience::{ListedUser, Members, Naming, Source},
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
    /// The key of the last member that was walked.
    after: Option<i64>,
    limit: u32,
}

/// A member of a source.
pub(super) struct Walked {
    /// The key of the member in its source.
    pub(super) key: i64,
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
        after: source.position.after,
        limit,
    };
    let walked = match &source.members {
        Members::Users(listed) => users(db, part, listed, limit)?,
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
    limit: u32,
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
                    key: *key,
                    named: None,
                });
            }
            Ok(Walked {
                key: *key,
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
    let after = window.after.unwrap_or(i64::MIN);
    db.prepare_cached(SUBSCRIBERS)?
        .query_map((topic.row, after, window.limit, app.as_str()), |row| {
            Ok(Walked {
                key: row.get(0)?,
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
    Window { after, limit }: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let app = &part.subject.app;
    let behind = (after.unwrap_or(i64::MIN), limit);
    let users = contact::users(db, app, hashes, behind, part.unreadable)?;
    users
        .into_iter()
        .map(|(key, user)| {
            let named = user.map(|user| named_so(db, app, user)).transpose()?;
            Ok(Walked { key, named })
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
    Window { after, limit }: Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let mut owners: BTreeMap<i64, Named> = BTreeMap::new();
    for id in ids {
        if let Some(named) = owner(db, part, *id)? {
            owners.insert(named.head.row, named);
        }
    }
    let owners = owners.into_iter().map(|(key, owner)| Walked {
        key,
        named: Some(owner),
    });
    let next = owners.filter(|owner| after.is_none_or(|after| owner.key > after));
    Ok(next.take(limit as usize).collect())
}

/// Those whom the next lines of an uploaded audience name in one way, and whether they are the last. An
/// audience that was deleted since names nobody.
fn uploaded(
    db: &Connection,
    part: &Part<'_>,
    (id, naming): (AudienceId, Naming),
    Window { after, limit }: Window,
) -> Result<(Vec<Walked>, bool), rusqlite::Error> {
    let Some(found) = audience::find(db, &part.subject.app, id)? else {
        return Ok((Vec::new(), true));
    };
    let lines = audience_line::Window {
        audience: found.row,
        after: after.unwrap_or(i64::MIN),
        limit,
    };
    let Some(is_installation) = Value::is_installation(naming) else {
        let walked = uploaded_users(db, part, lines)?;
        let is_end = walked.len() < limit as usize;
        return Ok((walked, is_end));
    };
    let values = audience_line::values(db, is_installation, lines)?;
    let count = values.len();
    let mut walked = Vec::new();
    for (read, (line, value)) in values.into_iter().enumerate() {
        let before = walked.len();
        match value {
            Some(Value::Contact(hash)) => {
                let users = contact::users(
                    db,
                    &part.subject.app,
                    &[hash],
                    (i64::MIN, u32::MAX),
                    part.unreadable,
                )?;
                for user in users.into_values().flatten() {
                    walked.push(Walked {
                        key: line,
                        named: Some(named_so(db, &part.subject.app, user)?),
                    });
                }
            }
            Some(Value::Installation(id)) => {
                let owner = owner(db, part, id)?.map(Some);
                walked.extend(owner.map(|named| Walked { key: line, named }));
            }
            None => {}
        }
        if walked.len() == before {
            let named = None;
            walked.push(Walked { key: line, named });
        }
        // Those whom one line names are of one part, which ends behind a line.
        if walked.len() >= limit as usize {
            return Ok((walked, read + 1 == count && count < limit as usize));
        }
    }
    Ok((walked, count < limit as usize))
}

fn uploaded_users(
    db: &Connection,
    part: &Part<'_>,
    lines: audience_line::Window,
) -> Result<Vec<Walked>, rusqlite::Error> {
    let audience_line::Window {
        audience,
        after,
        limit,
    } = lines;
    db.prepare_cached(UPLOADED)?
        .query_map((audience, after, limit, part.subject.app.as_str()), |row| {
            Ok(Walked {
                key: row.get(0)?,
                named: part.unreadable.pass_over("user", named(row))?,
            })
        })?
        .collect()
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
