//! Users by the addresses that senders name: over the keyed hashes beside the sealed addresses.

use std::collections::{BTreeMap, btree_map::Entry};

use rusqlite::Connection;
use vestnik_model::{AppId, UserId};
use vestnik_rules::contact::ContactHash;

use crate::{
    sql::statements,
    value::{Unreadable, parsed},
};

statements! {
    BY_EMAIL = "SELECT e.user, u.id FROM email_address e CROSS JOIN user u ON u.row = e.user
         WHERE e.hash = ?1 AND e.user > ?2 AND u.app = ?3 AND u.id IS NOT NULL
         ORDER BY e.user LIMIT ?4";
    BY_PHONE = "SELECT p.user, u.id FROM phone_number p CROSS JOIN user u ON u.row = p.user
         WHERE p.hash = ?1 AND p.user > ?2 AND u.app = ?3 AND u.id IS NOT NULL
         ORDER BY p.user LIMIT ?4";
    IS_SHARED = "SELECT 1 FROM email_address WHERE hash = ?1 AND user <> ?2
         UNION ALL SELECT 1 FROM phone_number WHERE hash = ?1 AND user <> ?2 LIMIT 1";
    OF_USER = "SELECT hash FROM email_address WHERE user = ?1
         UNION ALL SELECT hash FROM phone_number WHERE user = ?1";
}

/// The first users of an App behind a row who have one of these addresses, at most so many, by their
/// rows. One whose name cannot be read is among them, without it: who walks them must not take such rows
/// for the end.
pub(crate) fn users(
    db: &Connection,
    app: &AppId,
    hashes: &[ContactHash],
    (after, limit): (i64, u32),
    unreadable: &Unreadable,
) -> Result<BTreeMap<i64, Option<UserId>>, rusqlite::Error> {
    let mut users = BTreeMap::new();
    let mut statements = [db.prepare_cached(BY_EMAIL)?, db.prepare_cached(BY_PHONE)?];
    for hash in hashes {
        // No hash is that of a mailbox and of a telephone.
        for statement in &mut statements {
            let mut rows = statement.query((hash.bytes(), after, app.as_str(), limit))?;
            while let Some(row) = rows.next()? {
                let key = row.get(0)?;
                // One with both addresses is counted once.
                if let Entry::Vacant(user) = users.entry(key) {
                    user.insert(unreadable.pass_over("user", parsed(row, 1))?);
                }
            }
        }
        // An address of many people must not make the part larger.
        while users.len() > limit as usize {
            users.pop_last();
        }
    }
    Ok(users)
}

/// What the addresses of a user are found by.
pub(crate) fn of_user(db: &Connection, user: i64) -> Result<Vec<ContactHash>, rusqlite::Error> {
    db.prepare_cached(OF_USER)?
        .query_map([user], |row| row.get(0).map(ContactHash::of_bytes))?
        .collect()
}

/// Whether somebody else than a user has an address.
pub(crate) fn is_shared(
    db: &Connection,
    hash: &ContactHash,
    user: i64,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(IS_SHARED)?.exists((hash.bytes(), user))
}
