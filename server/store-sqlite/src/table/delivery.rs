//! Deliveries: one notification to one user.

mod waiting;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row};
use vestnik_model::{
    Channel, DeliveryState, InstallationId, Open, Reason, UserId, publish::Steps,
    view::DeliveryView,
};
use vestnik_rules::{
    audience::Member, cascade::Course, delivery::is_timed, device::Addressed, identity::delivery_id,
};

#[cfg(test)]
pub(crate) use self::waiting::ALL as WAITING;
pub(crate) use self::waiting::{
    Released, expiring, next_expiry, next_release, own_expiry, releasable, release, set_release,
    unlogged, waiting_of,
};
use super::change::Subject;
use crate::{
    sql::statements,
    value::{
        Read, millis, optional_json, optional_time, optional_word, parsed, time, to_json, word,
        words, words_text,
    },
};

macro_rules! columns {
    () => {
        "d.user, d.seq, d.only, d.status, d.reason, d.late, d.engagement, d.sent_at, d.delivered_at,
         d.read_at, d.expires_at, d.double_contact, d.channel, d.among,
         iif(d.began_at IS NULL, NULL, d.step), d.switched, d.recall_seq"
    };
}

statements! {
    INSERT = "INSERT INTO delivery (notification, user, seq, status, reason, only, began_at, due_at,
             release_at, expires_at, among, collapse)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (notification, user) DO NOTHING";
    FIND = concat!("SELECT ", columns!(), " FROM delivery d WHERE d.notification = ?1 AND d.user = ?2");
    IS_THERE = "SELECT 1 FROM delivery WHERE notification = ?1 AND user = ?2";
    PART = concat!("SELECT ", columns!(), " FROM delivery d
         WHERE d.notification = ?1 AND d.user > ?2 ORDER BY d.user LIMIT ?3");
    PAGE = concat!("SELECT ", columns!(), ", u.id FROM delivery d CROSS JOIN user u ON u.row = d.user
         WHERE d.notification = ?1 AND d.user > ?2 AND u.id IS NOT NULL ORDER BY d.user LIMIT ?3");
    UPDATE = "UPDATE delivery SET status = ?3, reason = ?4, late = ?5, engagement = ?6, sent_at = ?7,
             delivered_at = ?8, read_at = ?9, release_at = iif(?10, release_at, NULL),
             double_contact = ?11, channel = ?12
         WHERE notification = ?1 AND user = ?2";
    /// Users with a delivery that is due, the earliest first. The store makes no statistics: without the
    /// name of the index, every delivery of the notification could be read.
    DUE = "SELECT user, step, began_at, switched, opened_at FROM delivery INDEXED BY delivery_due
         WHERE notification = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3";
    NEXT_DUE = "SELECT due_at FROM delivery INDEXED BY delivery_due
         WHERE notification = ?1 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1";
    COURSE = "SELECT step, began_at, switched, opened_at FROM delivery WHERE notification = ?1 AND user = ?2";
    SET_COURSE = "UPDATE delivery SET step = ?3, began_at = ?4, due_at = ?5, switched = ?6, opened_at = ?7,
             is_put_off = ?8
         WHERE notification = ?1 AND user = ?2";
    OPEN = "UPDATE delivery SET only = ?3, seq = ?4, among = ?5 WHERE notification = ?1 AND user = ?2";
    /// What is looked at anew when something changes about a user's devices, of the end of their log: see
    /// `Wanted::is_asked_anew` of the rules.
    ASKED_ANEW = "SELECT l.notification FROM log l
             CROSS JOIN notification n ON n.row = l.notification
             CROSS JOIN delivery d ON d.notification = l.notification AND d.user = l.user
         WHERE l.user = ?1 AND l.seq > ?2 AND l.body IS NULL AND d.began_at IS NOT NULL
             AND ((n.devices IS NOT NULL AND d.status = 'pending')
                 OR (n.min_app_version IS NOT NULL AND d.status IN ('pending', 'sent', 'delivered')))";
    SET_DUE = "UPDATE delivery SET due_at = ?3, is_put_off = 0 WHERE notification = ?1 AND user = ?2";
    BRING_FORWARD = "UPDATE delivery SET due_at = ?3 WHERE notification = ?1 AND user = ?2 AND due_at > ?3";
    SET_READ_SEQ = "UPDATE delivery SET read_seq = ?3 WHERE notification = ?1 AND user = ?2";
    SET_RECALL_SEQ = "UPDATE delivery SET recall_seq = ?3 WHERE notification = ?1 AND user = ?2";
    HAS_EVIDENCE = "SELECT 1 FROM attempt a CROSS JOIN installation i
             ON i.app = ?3 AND i.id = a.installation
         WHERE a.notification = ?1 AND a.user = ?2 AND i.user = ?4
             AND i.confirmed_epoch = ?5 AND i.confirmed_seq >= ?6";
}

/// Names a delivery: the rows of its notification and of its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) notification: i64,
    pub(crate) user: i64,
}

/// A delivery as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The row of its user.
    pub(crate) user: i64,
    /// Its place in the user's log, if it came there.
    pub(crate) seq: Option<u64>,
    /// The installations that it is for.
    pub(crate) addressed: Addressed,
    pub(crate) state: DeliveryState,
    /// When it expires, if that is before its notification does.
    pub(crate) expires_at: Option<Timestamp>,
    /// The place of the entry that says that it was recalled, if there is one.
    pub(crate) recall_seq: Option<u64>,
    /// The number of its step; absent if no dispatch looks at it.
    step: Option<u8>,
    /// Why the step before gave way to that one.
    switched: Option<Open<Reason>>,
}

/// A delivery to make.
#[derive(Debug)]
pub(crate) struct New<'a> {
    /// Its place in the user's log, if it comes there at once.
    pub(crate) seq: Option<u64>,
    pub(crate) member: &'a Member,
    /// When it is looked at by a dispatch, if it is.
    pub(crate) due_at: Option<Timestamp>,
    /// When the schedule is asked about it again, if it is.
    pub(crate) release_at: Option<Timestamp>,
    /// When it expires, if that is before its notification does.
    pub(crate) expires_at: Option<Timestamp>,
    /// The collapse key of its notification.
    pub(crate) collapse: Option<&'a str>,
}

/// Makes deliveries, by a statement that is prepared once.
pub(crate) struct Insert<'a>(CachedStatement<'a>);

impl<'a> Insert<'a> {
    pub(crate) fn prepare(db: &'a Connection) -> Result<Self, rusqlite::Error> {
        db.prepare_cached(INSERT).map(Self)
    }

    /// Makes a delivery; tells whether it is new.
    pub(crate) fn run(&mut self, key: Key, new: &New<'_>) -> Result<bool, rusqlite::Error> {
        let New {
            seq,
            member,
            due_at,
            release_at,
            expires_at,
            collapse,
        } = new;
        let Addressed { only, among } = &member.addressed;
        let made = self.0.execute((
            key.notification,
            key.user,
            seq,
            member.state.status.as_str(),
            member.state.reason.as_ref().map(Open::as_str),
            ids_json(only.as_ref())?,
            due_at.map(millis),
            release_at.map(millis),
            expires_at.map(millis),
            ids_json(among.as_ref())?,
            collapse,
        ))?;
        Ok(made == 1)
    }
}

/// Whether a user has a delivery of a notification.
pub(crate) fn is_there(db: &Connection, key: Key) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(IS_THERE)?
        .exists((key.notification, key.user))
}

/// A delivery, if there is one.
pub(crate) fn find(db: &Connection, key: Key) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((key.notification, key.user), found)
        .optional()
}

/// The next deliveries of a notification behind a user: the users' rows, with each as it could be read.
pub(crate) fn part(
    db: &Connection,
    notification: i64,
    after: i64,
    rows: u32,
) -> Result<Vec<(i64, Read<Found>)>, rusqlite::Error> {
    db.prepare_cached(PART)?
        .query_map((notification, after, rows), |row| {
            Ok((row.get(0)?, found(row)))
        })?
        .collect()
}

fn found(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    let reason: Option<String> = row.get(4)?;
    let switched: Option<String> = row.get(15)?;
    Ok(Found {
        user: row.get(0)?,
        seq: row.get(1)?,
        addressed: Addressed {
            only: optional_json(row, 2)?,
            among: optional_json(row, 13)?,
        },
        state: DeliveryState {
            status: word(row, 3)?,
            reason: reason.as_deref().map(Open::read),
            late: row.get(5)?,
            double_contact: row.get(11)?,
            channel: optional_word(row, 12)?,
            engagement: words(row, 6)?,
            sent_at: optional_time(row, 7)?,
            delivered_at: optional_time(row, 8)?,
            read_at: optional_time(row, 9)?,
        },
        expires_at: optional_time(row, 10)?,
        recall_seq: row.get(16)?,
        step: row.get(14)?,
        switched: switched.as_deref().map(Open::read),
    })
}

/// Writes the state of a delivery.
pub(crate) fn update(
    db: &Connection,
    key: Key,
    state: &DeliveryState,
) -> Result<(), rusqlite::Error> {
    let DeliveryState {
        status,
        reason,
        late,
        double_contact,
        channel,
        engagement,
        sent_at,
        delivered_at,
        read_at,
    } = state;
    db.prepare_cached(UPDATE)?
        .execute((
            key.notification,
            key.user,
            status.as_str(),
            reason.as_ref().map(Open::as_str),
            late,
            words_text(engagement),
            sent_at.map(millis),
            delivered_at.map(millis),
            read_at.map(millis),
            is_timed(state),
            double_contact,
            channel.as_ref().map(Channel::as_str),
        ))
        .map(drop)
}

/// The users whose deliveries of a notification are due, with where each stands in its cascade.
pub(crate) fn due(
    db: &Connection,
    notification: i64,
    now: Timestamp,
    rows: u32,
) -> Result<Vec<(i64, Course)>, rusqlite::Error> {
    db.prepare_cached(DUE)?
        .query_map((notification, millis(now), rows), |row| {
            let course = Course {
                step: row.get(1)?,
                began_at: optional_time(row, 2)?.unwrap_or(now),
                opened_at: optional_time(row, 4)?,
                due_at: None,
                is_put_off: false,
                switched: optional_word(row, 3)?,
            };
            Ok((row.get(0)?, course))
        })?
        .collect()
}

/// When the next delivery of a notification is due.
pub(crate) fn next_due(
    db: &Connection,
    notification: i64,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    db.prepare_cached(NEXT_DUE)?
        .query_row([notification], |row| time(row, 0))
        .optional()
}

/// Where a delivery stands in its cascade.
pub(crate) fn course(
    db: &Connection,
    key: Key,
    now: Timestamp,
) -> Result<Option<Course>, rusqlite::Error> {
    db.prepare_cached(COURSE)?
        .query_row((key.notification, key.user), |row| {
            Ok(Course {
                step: row.get(0)?,
                began_at: optional_time(row, 1)?.unwrap_or(now),
                opened_at: optional_time(row, 3)?,
                due_at: None,
                is_put_off: false,
                switched: optional_word(row, 2)?,
            })
        })
        .optional()
}

/// Writes where a delivery stands in its cascade.
pub(crate) fn set_course(
    db: &Connection,
    key: Key,
    course: &Course,
) -> Result<(), rusqlite::Error> {
    let Course {
        step,
        began_at,
        opened_at,
        due_at,
        is_put_off,
        switched,
    } = course;
    db.prepare_cached(SET_COURSE)?
        .execute((
            key.notification,
            key.user,
            step,
            millis(*began_at),
            due_at.map(millis),
            switched.map(Reason::as_str),
            opened_at.map(millis),
            is_put_off,
        ))
        .map(drop)
}

/// Notes that a delivery is for other installations from now on, and where its entry stands now.
pub(crate) fn open(
    db: &Connection,
    key: Key,
    addressed: &Addressed,
    seq: u64,
) -> Result<(), rusqlite::Error> {
    let [only, among] = [&addressed.only, &addressed.among].map(|ids| ids_json(ids.as_ref()));
    db.prepare_cached(OPEN)?
        .execute((key.notification, key.user, only?, seq, among?))
        .map(drop)
}

fn ids_json(ids: Option<&Vec<InstallationId>>) -> Result<Option<String>, rusqlite::Error> {
    ids.map(to_json).transpose()
}

/// The rows of notifications that are looked at anew when something changes about a user's devices, of the
/// user's log behind a number.
pub(crate) fn asked_anew(
    db: &Connection,
    user: i64,
    after: u64,
) -> Result<Vec<i64>, rusqlite::Error> {
    db.prepare_cached(ASKED_ANEW)?
        .query_map((user, after), |row| row.get(0))?
        .collect()
}

/// Has a delivery looked at now that waits for something.
pub(crate) fn bring_forward(
    db: &Connection,
    key: Key,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(BRING_FORWARD)?
        .execute((key.notification, key.user, millis(now)))
        .map(drop)
}

/// Makes a delivery due.
pub(crate) fn set_due(db: &Connection, key: Key, due: Timestamp) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_DUE)?
        .execute((key.notification, key.user, millis(due)))
        .map(drop)
}

/// Notes the place of the entry that says that a delivery was read.
pub(crate) fn set_read_seq(db: &Connection, key: Key, seq: u64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_READ_SEQ)?
        .execute((key.notification, key.user, seq))
        .map(drop)
}

/// Notes the place of the entry that says that a delivery was recalled.
pub(crate) fn set_recall_seq(db: &Connection, key: Key, seq: u64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_RECALL_SEQ)?
        .execute((key.notification, key.user, seq))
        .map(drop)
}

/// The name of a user and their delivery.
type Listed = (UserId, Found);

/// A page of a notification's deliveries behind the row of a user: rows of users, with their names and
/// deliveries as they could be read.
pub(crate) fn page(
    db: &Connection,
    notification: i64,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, Read<Listed>)>, rusqlite::Error> {
    let after = after.unwrap_or(i64::MIN);
    db.prepare_cached(PAGE)?
        .query_map((notification, after, limit), |row| {
            let named = parsed(row, 17).and_then(|user| Ok((user, found(row)?)));
            Ok((row.get(0)?, named))
        })?
        .collect()
}

/// What a sender sees of a delivery of a notification with a cascade.
pub(crate) fn view(
    (notification, steps): (&Subject, &Steps),
    user: UserId,
    found: Found,
) -> DeliveryView {
    let step = found.step.and_then(|step| steps.get(step));
    let DeliveryState {
        status,
        reason,
        late,
        double_contact,
        channel,
        engagement,
        sent_at,
        delivered_at,
        read_at,
    } = found.state;
    DeliveryView {
        id: delivery_id(notification.id, &user),
        notification_id: notification.id,
        user,
        status,
        reason,
        late,
        double_contact,
        channel: channel.map(Open::Known),
        step: found.step,
        step_channel: step.map(|step| Open::Known(step.channel)),
        switched: found.switched,
        engagement: engagement.into_iter().collect(),
        sent_at,
        delivered_at,
        read_at,
    }
}

/// An owner of installations, for [`has_evidence`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) app: &'a str,
    pub(crate) user: &'a str,
    /// The present epoch of the user's log.
    pub(crate) epoch: u32,
}

/// Whether an installation that a delivery was handed to has confirmed its place or a later one.
pub(crate) fn has_evidence(
    db: &Connection,
    notification: i64,
    delivery: &Found,
    owner: &Owner<'_>,
) -> Result<bool, rusqlite::Error> {
    let Owner { app, user, epoch } = owner;
    let Some(seq) = delivery.seq else {
        return Ok(false);
    };
    db.prepare_cached(HAS_EVIDENCE)?
        .exists((notification, delivery.user, app, user, epoch, seq))
}
