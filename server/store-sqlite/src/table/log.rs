//! The logs of users.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row};
use vestnik_model::{Arrival, Entry, InstallationId, Notification, NotificationId, wire_size};
use vestnik_rules::{
    identity::{delivery_id_of, user_hash},
    log::{Candidate, Epoch, Place, Tag, needs, tag_of},
};
use vestnik_store::logs::{LogSlice, Stretch, StretchEntry};

use super::{meta, present, user};
use crate::{
    sql::statements,
    value::{Unreadable, json, millis, optional_json, optional_time, time, to_json, uuid},
};

statements! {
    INSERT = "INSERT INTO log (user, seq, tag, notification, at, only, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    TAG = "SELECT tag FROM log WHERE user = ?1 AND seq = ?2";
    ENTRY = "SELECT body FROM log WHERE user = ?1 AND seq = ?2";
    DELETE = "DELETE FROM log WHERE user = ?1 AND seq = ?2";
    /// The content comes last: its column is read only for entries that are given.
    STRETCH = "SELECT l.seq, l.tag, l.at, l.only, l.body, n.id, n.bytes, n.expires_at, d.read_at,
             s.is_recalled OR s.is_forgotten
                 OR (s.is_cancelled AND d.sent_at IS NULL AND d.delivered_at IS NULL)
                 OR (d.collapse IS NOT NULL AND EXISTS (
                     SELECT 1 FROM delivery later INDEXED BY delivery_collapse
                     WHERE later.user = d.user AND later.collapse = d.collapse AND later.seq > d.seq)),
             d.expires_at, n.content
         FROM log l
             LEFT JOIN notification n ON n.row = l.notification
             LEFT JOIN notification_state s ON s.notification = l.notification
             LEFT JOIN delivery d ON d.notification = l.notification AND d.user = l.user
         WHERE l.user = ?1 AND l.seq > ?2 ORDER BY l.seq LIMIT ?3";
    BEFORE = "SELECT l.seq, l.notification FROM log l
         WHERE l.user = ?1 AND l.seq < ?2 AND l.body IS NULL ORDER BY l.seq DESC LIMIT ?3";
    OLDEST = "SELECT seq, notification, body IS NULL FROM log WHERE user = ?1 ORDER BY seq LIMIT ?2";
}

/// An entry to append.
#[derive(Debug)]
pub(crate) struct New<'a> {
    /// The row of the notification that it is about.
    pub(crate) notification: i64,
    pub(crate) at: Timestamp,
    /// The only installations it is for; all of the user's when absent.
    pub(crate) only: Option<&'a [InstallationId]>,
    /// The entry; absent when it is the notification itself.
    pub(crate) body: Option<&'a Entry>,
}

/// Appends entries to logs and moves the heads on, by statements that are prepared once. A job has one
/// head of a user at a time.
pub(crate) struct Append<'a> {
    advance: CachedStatement<'a>,
    insert: CachedStatement<'a>,
}

impl<'a> Append<'a> {
    pub(crate) fn prepare(db: &'a Connection) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            advance: user::advancing(db)?,
            insert: db.prepare_cached(INSERT)?,
        })
    }

    /// Appends an entry with a tag.
    pub(crate) fn run(
        &mut self,
        head: &mut user::Head,
        tag: Tag,
        new: &New<'_>,
    ) -> Result<(), rusqlite::Error> {
        head.seq += 1;
        head.tag = tag;
        user::advance(&mut self.advance, head)?;
        let only = new.only.map(to_json).transpose()?;
        let body = new.body.map(to_json).transpose()?;
        let at = millis(new.at);
        self.insert
            .execute((head.row, head.seq, tag.0, new.notification, at, only, body))
            .map(drop)
    }
}

/// Appends an entry to a user's log. Its tag is derived from the random bytes of the transaction.
pub(crate) fn append(
    db: &Connection,
    head: &mut user::Head,
    seed: &[u8; 32],
    new: &New<'_>,
) -> Result<(), rusqlite::Error> {
    let tag = tag_of(seed, &salt(head.row, head.seq + 1));
    Append::prepare(db)?.run(head, tag, new)
}

/// The tag of all entries of a transaction that gives each user at most one: it differs from that of
/// any other transaction, which is all that a tag is for.
pub(crate) fn tag_of_part(seed: &[u8; 32], notification: i64) -> Tag {
    tag_of(seed, &salt(notification, 0))
}

fn salt(user: i64, seq: u64) -> [u8; 16] {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&user.to_be_bytes());
    salt[8..].copy_from_slice(&seq.to_be_bytes());
    salt
}

/// The tag of an entry that is still there.
pub(crate) fn tag_at(db: &Connection, user: i64, seq: u64) -> Result<Option<Tag>, rusqlite::Error> {
    db.prepare_cached(TAG)?
        .query_row((user, seq), |row| row.get(0).map(Tag))
        .optional()
}

/// An entry that is still there and is no notification.
pub(crate) fn entry(
    db: &Connection,
    user: i64,
    seq: u64,
) -> Result<Option<Entry>, rusqlite::Error> {
    let found = db
        .prepare_cached(ENTRY)?
        .query_row((user, seq), |row| optional_json(row, 0))
        .optional()?;
    Ok(found.flatten())
}

/// Deletes an entry.
pub(crate) fn delete(db: &Connection, user: i64, seq: u64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute((user, seq)).map(drop)
}

/// Notifications of a user's log before a number, newest first: numbers with the notifications' rows.
pub(crate) fn before(
    db: &Connection,
    user: i64,
    seq: u64,
    limit: u32,
) -> Result<Vec<(u64, i64)>, rusqlite::Error> {
    db.prepare_cached(BEFORE)?
        .query_map((user, seq, limit), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The oldest entries of a user's log: the number, the notification's row, whether it is the
/// notification itself.
pub(crate) fn oldest(
    db: &Connection,
    user: i64,
    limit: u32,
) -> Result<Vec<(u64, i64, bool)>, rusqlite::Error> {
    db.prepare_cached(OLDEST)?
        .query_map((user, limit), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect()
}

/// A stretch of a user's log, with the present sessions of the user.
pub(crate) fn stretch(
    db: &Connection,
    slice: &LogSlice,
    unreadable: &Unreadable,
) -> Result<Stretch, rusqlite::Error> {
    let database = meta::epoch(db)?;
    let Some(head) = user::find(db, &slice.app, &slice.user)? else {
        let start = user::place(db, &slice.app, &slice.user)?;
        return Ok(Stretch {
            after: start,
            head: start,
            entries: Vec::new(),
            sessions: present::sessions(db, &slice.app, &slice.user)?,
        });
    };
    let place = head.place(database);
    let is_known = |after: &Place| after.epoch == place.epoch && after.seq <= place.seq;
    let after = slice.after.filter(is_known);
    let after = after.unwrap_or_else(|| Place::start(place.epoch));
    Ok(Stretch {
        after,
        head: place,
        entries: entries(db, head.row, after, slice, unreadable)?,
        sessions: present::sessions(db, &slice.app, &slice.user)?,
    })
}

fn entries(
    db: &Connection,
    user: i64,
    after: Place,
    slice: &LogSlice,
    unreadable: &Unreadable,
) -> Result<Vec<StretchEntry>, rusqlite::Error> {
    let mut statement = db.prepare_cached(STRETCH)?;
    let mut rows = statement.query((user, after.seq, slice.entries.max(1)))?;
    let reader = Reader {
        epoch: after.epoch,
        hash: user_hash(&slice.user),
        now: slice.now,
    };
    let (mut entries, mut bytes) = (Vec::new(), 0_usize);
    while let Some(row) = rows.next()? {
        let read = reader.entry(row, unreadable)?;
        if read.entry.is_some() {
            bytes = bytes.saturating_add(read.candidate.bytes);
            if bytes > slice.bytes
                && entries
                    .iter()
                    .any(|entry: &StretchEntry| entry.entry.is_some())
            {
                break;
            }
        }
        entries.push(read);
    }
    Ok(entries)
}

/// What an entry is read with.
struct Reader {
    epoch: Epoch,
    hash: u64,
    now: Timestamp,
}

impl Reader {
    /// An entry that cannot be read is an absent one: the place is there, so that a reader passes it.
    fn entry(
        &self,
        row: &Row<'_>,
        unreadable: &Unreadable,
    ) -> Result<StretchEntry, rusqlite::Error> {
        let place = Place {
            epoch: self.epoch,
            seq: row.get(0)?,
            tag: Tag(row.get(1)?),
        };
        let read = unreadable.pass_over("log", self.read(row, place))?;
        Ok(read.unwrap_or_else(|| absent(place)))
    }

    fn read(&self, row: &Row<'_>, place: Place) -> Result<StretchEntry, rusqlite::Error> {
        let only: Option<Vec<InstallationId>> = optional_json(row, 3)?;
        if let Some(entry) = optional_json::<Entry>(row, 4)? {
            let candidate = Candidate {
                only,
                needs: needs(&entry),
                bytes: wire_size::of(&entry).unwrap_or_default(),
                ..absent(place).candidate
            };
            return Ok(StretchEntry {
                candidate,
                entry: Some(entry),
            });
        }
        // An entry of a notification that is being deleted has nothing to give.
        let Some(bytes) = row.get(6)? else {
            return Ok(absent(place));
        };
        // That of the delivery, if it is earlier than that of its notification.
        let own = optional_time(row, 10)?;
        let expires_at = own.map_or_else(|| time(row, 7), Ok)?;
        let candidate = Candidate {
            only,
            expires_at: Some(expires_at),
            bytes,
            ..absent(place).candidate
        };
        let is_withheld: Option<bool> = row.get(9)?;
        if expires_at <= self.now || is_withheld == Some(true) {
            return Ok(StretchEntry {
                candidate,
                entry: None,
            });
        }
        let id = NotificationId::from_uuid(uuid(row, 5)?);
        let mut notification = json::<Notification>(row, 11)?;
        notification.expires_at = own.unwrap_or(notification.expires_at);
        let arrival = Arrival {
            id,
            at: time(row, 2)?,
            delivery_id: delivery_id_of(id, self.hash),
            read_at: optional_time(row, 8)?,
            notification,
        };
        Ok(StretchEntry {
            candidate,
            entry: Some(Entry::Notification(Box::new(arrival))),
        })
    }
}

/// A place of the log without an entry.
const fn absent(place: Place) -> StretchEntry {
    StretchEntry {
        candidate: Candidate {
            place,
            only: None,
            expires_at: None,
            needs: None,
            bytes: 0,
        },
        entry: None,
    }
}
