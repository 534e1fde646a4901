//! What devices reported: facts by their ids, and flags.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use vestnik_model::{
    Claim, DeliveryState, Flag, InstallationId, ParsedFact, Response, fact::FactKind,
    open::Word as _,
};
use vestnik_rules::{explain::NotShown, receipt::FlagState};

use super::delivery::Key;
use crate::{
    sql::statements,
    value::{millis, optional_json, optional_word, time, uuid},
};

statements! {
    IS_KNOWN = "SELECT 1 FROM fact
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND id = ?4";
    NUMBER = "SELECT count(*) FROM (SELECT 1 FROM fact
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 LIMIT ?4)";
    INSERT = "INSERT INTO fact (notification, user, installation, id, kind, at, taken_at, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (notification, user, installation, id) DO NOTHING";
    DELETE_OF_INSTALLATION = "DELETE FROM fact
         WHERE notification = ?1 AND user = ?2 AND installation = ?3";
    RESPONSE = "SELECT body FROM fact
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND id = ?4";
    NOT_SHOWN = "SELECT installation, at, body, id FROM fact
         WHERE notification = ?1 AND user = ?2 AND kind = 'not_shown'";
    FLAGS = "SELECT flag, version, value, seq FROM flag WHERE user = ?1 AND notification = ?2";
    PUT_FLAG = "INSERT INTO flag (user, notification, flag, value, version, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (user, notification, flag) DO UPDATE SET value = excluded.value,
             version = excluded.version, seq = excluded.seq";
}

/// The notification of facts that are about none.
const NONE: i64 = 0;

/// Where a fact belongs: the rows of the notification and of the user, and the installation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) notification: i64,
    pub(crate) user: i64,
    pub(crate) installation: InstallationId,
}

impl Owner {
    /// The owner of facts that are about no notification.
    pub(crate) const fn of_none(user: i64, installation: InstallationId) -> Self {
        Self {
            notification: NONE,
            user,
            installation,
        }
    }

    fn key(&self) -> (i64, i64, [u8; 16]) {
        let installation = self.installation.uuid().into_bytes();
        (self.notification, self.user, installation)
    }
}

/// Whether a fact was stored before.
pub(crate) fn is_known(db: &Connection, owner: &Owner, id: &str) -> Result<bool, rusqlite::Error> {
    let (notification, user, installation) = owner.key();
    db.prepare_cached(IS_KNOWN)?
        .exists((notification, user, installation, id))
}

/// How many facts of an installation about a delivery are kept, counted up to `limit`.
pub(crate) fn number(db: &Connection, owner: &Owner, limit: u32) -> Result<u32, rusqlite::Error> {
    let (notification, user, installation) = owner.key();
    db.prepare_cached(NUMBER)?
        .query_row((notification, user, installation, limit), |row| row.get(0))
}

/// Stores a fact that happened at a time.
pub(crate) fn insert(
    db: &Connection,
    owner: &Owner,
    fact: &ParsedFact,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let (notification, user, installation) = owner.key();
    let (kind, body) = kind_and_body(&fact.claim);
    db.prepare_cached(INSERT)?
        .execute((
            notification,
            user,
            installation,
            fact.id.as_str(),
            kind.as_str(),
            millis(at),
            millis(now),
            body.map(|body| body.to_string()),
        ))
        .map(drop)
}

/// What a person did, as a fact says that is kept.
pub(crate) fn response(
    db: &Connection,
    owner: &Owner,
    id: &str,
) -> Result<Option<Response>, rusqlite::Error> {
    let (notification, user, installation) = owner.key();
    let body = |row: &rusqlite::Row<'_>| Ok(optional_json(row, 0)?.unwrap_or_default());
    db.prepare_cached(RESPONSE)?
        .query_row((notification, user, installation, id), body)
        .optional()
}

/// Stores a fact that is about no notification, in the place of the one before it: only its repetition
/// right after matters.
pub(crate) fn replace(
    db: &Connection,
    owner: &Owner,
    fact: &ParsedFact,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE_OF_INSTALLATION)?
        .execute(owner.key())?;
    insert(db, owner, fact, now, now)
}

fn kind_and_body(claim: &Claim) -> (FactKind, Option<Value>) {
    match claim {
        Claim::Receipt {
            notification: _,
            kind,
            action,
        } => {
            let kind = FactKind::from_word(kind.as_str()).unwrap_or(FactKind::Delivered);
            (
                kind,
                action.as_ref().map(|action| json!({"action": action})),
            )
        }
        Claim::ReadUpTo(cursor) => (FactKind::ReadUpTo, Some(json!({"up_to": cursor}))),
        Claim::Flag {
            notification: _,
            flag,
            value,
            version,
        } => (
            FactKind::Flag,
            Some(json!({"flag": flag, "value": value, "version": version})),
        ),
        Claim::Reply {
            notification: _,
            action,
            text,
        } => (
            FactKind::Reply,
            Some(json!({"action": action, "text": text})),
        ),
        Claim::NotShown {
            notification: _,
            reason,
        } => (FactKind::NotShown, Some(json!({"reason": reason}))),
    }
}

/// Why installations did not show a delivery, as each said last.
pub(crate) fn not_shown(
    db: &Connection,
    key: Key,
) -> Result<BTreeMap<InstallationId, NotShown>, rusqlite::Error> {
    let mut statement = db.prepare_cached(NOT_SHOWN)?;
    let mut rows = statement.query((key.notification, key.user))?;
    let mut last: BTreeMap<InstallationId, (Timestamp, String, String)> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let body: Value = optional_json(row, 2)?.unwrap_or_default();
        let reason = body.get("reason").and_then(Value::as_str);
        let said = (
            time(row, 1)?,
            row.get(3)?,
            reason.unwrap_or_default().to_owned(),
        );
        let known = last.entry(InstallationId::from_uuid(uuid(row, 0)?));
        let known = known.or_insert_with(|| said.clone());
        if *known < said {
            *known = said;
        }
    }
    let last = last.into_iter();
    Ok(last
        .map(|(installation, (at, _, reason))| (installation, NotShown { at, reason }))
        .collect())
}

/// A flag's row, with the place of its entry in the user's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlagRow {
    pub(crate) state: FlagState,
    pub(crate) seq: Option<u64>,
}

/// The flags of a delivery. Those of another version are left out.
pub(crate) fn flags(db: &Connection, key: Key) -> Result<Vec<FlagRow>, rusqlite::Error> {
    let rows = db
        .prepare_cached(FLAGS)?
        .query_map((key.user, key.notification), |row| {
            let Some(flag) = optional_word(row, 0)? else {
                return Ok(None);
            };
            let state = FlagState {
                flag,
                version: row.get(1)?,
                value: row.get(2)?,
            };
            Ok(Some(FlagRow {
                state,
                seq: row.get(3)?,
            }))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// Whether the person deleted a delivery in this state from their history. The row of a flag proves that a device
/// had it: without that there is none to be read.
pub(crate) fn is_deleted(
    db: &Connection,
    key: Key,
    state: &DeliveryState,
) -> Result<bool, rusqlite::Error> {
    if state.delivered_at.is_none() {
        return Ok(false);
    }
    let flags = flags(db, key)?;
    let mut flags = flags.iter().map(|row| row.state);
    Ok(flags.any(|known| known.flag == Flag::Deleted && known.value))
}

/// Sets a flag of a delivery.
pub(crate) fn put_flag(db: &Connection, key: Key, row: FlagRow) -> Result<(), rusqlite::Error> {
    let FlagState {
        flag,
        version,
        value,
    } = row.state;
    db.prepare_cached(PUT_FLAG)?
        .execute((
            key.user,
            key.notification,
            flag.as_str(),
            value,
            version,
            row.seq,
        ))
        .map(drop)
}
