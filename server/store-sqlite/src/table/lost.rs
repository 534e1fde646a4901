//! What people and Apps took back between a copy and the file that it replaces. Both are whole files that no
//! server has open; each statement reads one of them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::AppId;
use vestnik_rules::work::{Stage, WorkKind};

use super::{
    meta::{self, CONTACT},
    work,
};
use crate::{sql::statements, value::parsed};

statements! {
    NAMED = "SELECT row, app, hash, opt_out FROM user WHERE id IS NOT NULL";
    USER = "SELECT app, hash, id IS NOT NULL, opt_out FROM user WHERE row = ?1";
    LAST_USER = "SELECT seq FROM sqlite_sequence WHERE name = 'user'";
    BEING_ERASED = "SELECT target FROM work WHERE kind = 'erase_user'";
    SESSIONS = "SELECT app, id, user FROM installation WHERE user IS NOT NULL";
    OWNER = "SELECT user FROM installation WHERE app = ?1 AND id = ?2";
    MAILBOXES = "SELECT user, hash FROM email_address WHERE died_at IS NULL";
    IS_MAILBOX_DEAD = "SELECT 1 FROM email_address WHERE user = ?1 AND hash = ?2 AND died_at IS NOT NULL";
    PUSH_ADDRESSES = "SELECT app, installation, kind, hash FROM push_address WHERE died_at IS NULL";
    IS_PUSH_ADDRESS_DEAD = "SELECT 1 FROM push_address
         WHERE app = ?1 AND installation = ?2 AND kind = ?3 AND hash = ?4 AND died_at IS NOT NULL";
    ERASURES = "SELECT app, hash, at FROM erased_user";
    PUT_ERASURE = "INSERT INTO erased_user (app, hash, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (app, hash) DO UPDATE SET at = max(at, excluded.at)";
}

/// What was taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TakenBack {
    /// The users who were erased, by row and App.
    pub(crate) erased: Vec<(i64, AppId)>,
    /// Of how many users what they do not want was changed.
    pub(crate) opt_outs: u64,
    /// How many sessions ended.
    pub(crate) sessions: u64,
    /// How many addresses were found dead, of mailboxes and at push services.
    pub(crate) dead_addresses: u64,
}

/// Whether two files are copies of one database.
pub(crate) fn are_related(one: &Connection, other: &Connection) -> Result<bool, rusqlite::Error> {
    let key = |db| meta::get::<Vec<u8>>(db, CONTACT);
    let (of_one, of_other) = (key(one)?, key(other)?);
    let has_key = of_one.is_some() && of_one == of_other;
    // Secrets that were encrypted since look otherwise.
    Ok(has_key || meta::epoch(one)? == meta::epoch(other)?)
}

/// What was taken back between a copy and `later`.
pub(crate) fn between(copy: &Connection, later: &Connection) -> Result<TakenBack, rusqlite::Error> {
    let mut found = TakenBack::default();
    users(copy, later, &mut found)?;
    found.sessions = sessions(copy, later)?;
    found.dead_addresses = mailboxes(copy, later)? + push_addresses(copy, later)?;
    Ok(found)
}

fn users(
    copy: &Connection,
    later: &Connection,
    found: &mut TakenBack,
) -> Result<(), rusqlite::Error> {
    let last = later
        .query_row(LAST_USER, [], |row| row.get(0))
        .optional()?;
    let last: i64 = last.unwrap_or_default();
    let being_erased = later
        .prepare(BEING_ERASED)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<BTreeSet<i64>, _>>()?;
    let (mut named, mut user) = (copy.prepare(NAMED)?, later.prepare(USER)?);
    let mut rows = named.query([])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let of_copy: (String, i64) = (row.get(1)?, row.get(2)?);
        let opt_out: Option<String> = row.get(3)?;
        let kept = user
            .query_row([number], |row| {
                let of_later: (String, i64) = (row.get(0)?, row.get(1)?);
                Ok((of_later, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let is_erased = match &kept {
            // Rows are never given again: one that was given and is gone was deleted.
            None => number <= last,
            Some((of_later, is_named, _)) => {
                let is_named: bool = *is_named;
                *of_later == of_copy && (!is_named || being_erased.contains(&number))
            }
        };
        if is_erased {
            found.erased.push((number, parsed(row, 1)?));
        } else if let Some((of_later, _, since)) = kept {
            let since: Option<String> = since;
            found.opt_outs += u64::from(of_later == of_copy && since != opt_out);
        }
    }
    Ok(())
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
        let of: (String, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        transaction.prepare_cached(PUT_ERASURE)?.execute(of)?;
    }
    transaction.commit()
}
