//! What people and Apps took back between a copy and the file that it replaces. Both are whole files that no
//! server has open; each statement reads one of them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement};
use vestnik_model::AppId;
use vestnik_rules::work::{Stage, WorkKind};

use super::{
    erased_user,
    meta::{self, CONTACT},
    work,
};
use crate::{sql::statements, value::parsed};

statements! {
    NAMED = "SELECT row, app, hash FROM user WHERE id IS NOT NULL";
    USER = "SELECT app, hash, id IS NOT NULL FROM user WHERE row = ?1";
    OPT_OUT = "SELECT opt_out FROM user WHERE row = ?1";
    BEING_ERASED = "SELECT target FROM work WHERE kind = 'erase_user'";
    SESSIONS = "SELECT app, id, user FROM installation WHERE user IS NOT NULL";
    OWNER = "SELECT user FROM installation WHERE app = ?1 AND id = ?2";
    MAILBOXES = "SELECT user, hash FROM email_address WHERE died_at IS NULL";
    IS_MAILBOX_DEAD = "SELECT 1 FROM email_address WHERE user = ?1 AND hash = ?2 AND died_at IS NOT NULL";
    PUSH_ADDRESSES = "SELECT app, installation, kind, hash FROM push_address WHERE died_at IS NULL";
    IS_PUSH_ADDRESS_DEAD = "SELECT 1 FROM push_address
         WHERE app = ?1 AND installation = ?2 AND kind = ?3 AND hash = ?4 AND died_at IS NOT NULL";
    ERASURES = "SELECT app, hash, at FROM erased_user";
}

/// Users, by row and App.
pub(crate) type Users = Vec<(i64, AppId)>;

/// What was taken back, besides users who were erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TakenBack {
    /// Of how many users what they do not want was changed.
    pub(crate) opt_outs: u64,
    /// How many sessions ended.
    pub(crate) sessions: u64,
    /// How many addresses were found dead, of mailboxes and at push services.
    pub(crate) dead_addresses: u64,
}

/// Why a file does not tell who was erased.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    /// It is of the database of the copy, and no life is known to be in common.
    #[error("no life is known to be in common")]
    Parted,
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] rusqlite::Error),
}

/// Whether two files are copies of one database.
pub(crate) fn are_related(one: &Connection, other: &Connection) -> Result<bool, rusqlite::Error> {
    let key = |db| meta::get::<Vec<u8>>(db, CONTACT);
    let (of_one, of_other) = (key(one)?, key(other)?);
    let has_key = of_one.is_some() && of_one == of_other;
    // A key that was encrypted since looks otherwise, and each restore begins another life.
    Ok(has_key || last_in_common(one, other)?.is_some())
}

/// The last row that is of one user in both; `None` if no life is known to be in common.
fn last_in_common(one: &Connection, other: &Connection) -> Result<Option<i64>, rusqlite::Error> {
    Ok(meta::lineage(one)?.last_in_common(&meta::lineage(other)?))
}

/// The users who were erased between a copy and `later`, both of one database. Nothing is read but what tells that:
/// what else cannot be read brings nobody back.
pub(crate) fn erased(copy: &Connection, later: &Connection) -> Result<Users, Untold> {
    let last = last_in_common(later, copy)?.ok_or(Untold::Parted)?;
    let being_erased = later
        .prepare(BEING_ERASED)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<BTreeSet<i64>, _>>()?;
    let mut erased = Vec::new();
    each_user(copy, later, |row, user| {
        let is_erased = match &user.later {
            // Rows are never given again: one that both had and that is gone was deleted.
            None => user.row <= last,
            Some(later) => {
                later.is_of(&user) && (!later.is_named || being_erased.contains(&user.row))
            }
        };
        if is_erased {
            erased.push((user.row, parsed(row, 1)?));
        }
        Ok(())
    })?;
    Ok(erased)
}

/// What else was taken back between a copy and `later`.
pub(crate) fn between(copy: &Connection, later: &Connection) -> Result<TakenBack, rusqlite::Error> {
    Ok(TakenBack {
        opt_outs: opt_outs(copy, later)?,
        sessions: sessions(copy, later)?,
        dead_addresses: mailboxes(copy, later)? + push_addresses(copy, later)?,
    })
}

/// A user of the copy.
struct User {
    row: i64,
    app: String,
    hash: i64,
    /// What has that row in the later file.
    later: Option<Later>,
}

/// A user of the later file.
struct Later {
    app: String,
    hash: i64,
    is_named: bool,
}

impl Later {
    fn is_of(&self, user: &User) -> bool {
        self.app == user.app && self.hash == user.hash
    }
}

fn each_user(
    copy: &Connection,
    later: &Connection,
    mut look: impl FnMut(&Row<'_>, User) -> Result<(), rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let (mut named, mut user) = (copy.prepare(NAMED)?, later.prepare(USER)?);
    let mut rows = named.query([])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let found = user.query_row([number], |row| {
            Ok(Later {
                app: row.get(0)?,
                hash: row.get(1)?,
                is_named: row.get(2)?,
            })
        });
        let user = User {
            row: number,
            app: row.get(1)?,
            hash: row.get(2)?,
            later: found.optional()?,
        };
        look(row, user)?;
    }
    Ok(())
}

/// Of how many users who have their name what they do not want was changed.
fn opt_outs(copy: &Connection, later: &Connection) -> Result<u64, rusqlite::Error> {
    let (mut before, mut since) = (copy.prepare(OPT_OUT)?, later.prepare(OPT_OUT)?);
    let of = |statement: &mut Statement<'_>, row: i64| {
        statement.query_row([row], |row| row.get::<_, Option<String>>(0))
    };
    let mut count = 0;
    each_user(copy, later, |_, user| {
        let is_same = |later: &Later| later.is_of(&user) && later.is_named;
        if user.later.as_ref().is_some_and(is_same) {
            count += u64::from(of(&mut before, user.row)? != of(&mut since, user.row)?);
        }
        Ok(())
    })?;
    Ok(count)
}

fn sessions(copy: &Connection, later: &Connection) -> Result<u64, rusqlite::Error> {
    let (mut sessions, mut owner) = (copy.prepare(SESSIONS)?, later.prepare(OWNER)?);
    let mut rows = sessions.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let key: (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let user: Option<String> = row.get(2)?;
        let since = owner.query_row(key, |row| row.get::<_, Option<String>>(0));
        count += u64::from(since.optional()?.flatten() != user);
    }
    Ok(count)
}

fn mailboxes(copy: &Connection, later: &Connection) -> Result<u64, rusqlite::Error> {
    let (mut mailboxes, mut is_dead) = (copy.prepare(MAILBOXES)?, later.prepare(IS_MAILBOX_DEAD)?);
    let mut rows = mailboxes.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let key: (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        count += u64::from(is_dead.exists(key)?);
    }
    Ok(count)
}

fn push_addresses(copy: &Connection, later: &Connection) -> Result<u64, rusqlite::Error> {
    let mut addresses = copy.prepare(PUSH_ADDRESSES)?;
    let mut is_dead = later.prepare(IS_PUSH_ADDRESS_DEAD)?;
    let mut rows = addresses.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (app, installation): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let (kind, hash): (String, Vec<u8>) = (row.get(2)?, row.get(3)?);
        count += u64::from(is_dead.exists((app, installation, kind, hash))?);
    }
    Ok(count)
}

/// Leaves the users to be erased by the server that opens the copy, and has it know what was erased.
pub(crate) fn erase_again(
    copy: &Connection,
    later: &Connection,
    erased: &[(i64, AppId)],
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let transaction = copy.unchecked_transaction()?;
    for (row, app) in erased {
        let kind = WorkKind::EraseUser;
        work::insert(&transaction, app, *row, Stage { kind, due: now }, None)?;
    }
    let mut erasures = later.prepare(ERASURES)?;
    let mut rows = erasures.query([])?;
    while let Some(row) = rows.next()? {
        let (app, hash): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        erased_user::put_hash(&transaction, &app, &hash, row.get(2)?)?;
    }
    transaction.commit()
}
