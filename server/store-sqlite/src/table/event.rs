//! The event table: what was committed, numbered.
//!
//! A row is of one of these kinds. `delivery`: one delivery came to a status, and the body says why.
//! `deliveries`: several did, and the body has the rows of their users by what they came to. `part`: a part of a notification changed alike,
//! and the body says how many deliveries came to each status. `response`: a person did something, and the
//! body names the fact that says what. `told`: the App's backend is told something else, which the body says.
//! `revoked`: the body has the revocation.

pub(crate) mod body;
pub(crate) mod old;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    AppId, DeliveryStatus, EventId, NotificationId, NotificationStatus, UserId, open::Word,
};
use vestnik_rules::{identity::delivery_id, work::Stage};
use vestnik_store::{
    Event,
    effect::{ChangedDelivery, Effect, Grown, Revocation, Summary},
    events::{Asked, Happened, HappenedPage, Names},
};

use super::{Txn, app, response, revocation, told, user};
use crate::{
    sql::statements,
    value::{
        Unreadable, millis, optional_json, optional_word, parsed, time, to_json, unreadable, uuid,
    },
};

statements! {
    INSERT = "INSERT INTO event (app, at, kind, notification, user, status, became, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    LAST = "SELECT number FROM event ORDER BY number DESC LIMIT 1";
    AFTER = "SELECT e.number, e.app, e.at, e.kind, e.user, e.status, e.body, n.id, e.became,
             n.external_id, n.correlation_id, n.row
         FROM event e LEFT JOIN notification n ON n.row = e.notification
         WHERE e.number > ?1 ORDER BY e.number LIMIT ?2";
    OF_APP = "SELECT e.number, e.app, e.at, e.kind, e.user, e.status, e.body, n.id, e.became,
             n.external_id, n.correlation_id, n.row
         FROM event e LEFT JOIN notification n ON n.row = e.notification
         WHERE e.app = ?1 AND e.number >= ?2 AND e.kind <> 'revoked'
         ORDER BY e.number LIMIT ?3";
    OF_NOTIFICATION = "SELECT user, body FROM event
         WHERE notification = ?1 AND number > ?2 AND kind <> 'told' ORDER BY number DESC LIMIT ?3";
    FIRST_OF_APP = "SELECT number, at FROM event
         WHERE app = ?1 AND number >= ?2 AND kind <> 'revoked' ORDER BY number LIMIT 1";
}

/// The kinds of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Delivery,
    Deliveries,
    Part,
    Response,
    Told,
    Revoked,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Deliveries => "deliveries",
            Self::Part => "part",
            Self::Response => "response",
            Self::Told => "told",
            Self::Revoked => "revoked",
        }
    }
}

/// A row to write.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
    pub(crate) notification: Option<i64>,
    pub(crate) user: Option<i64>,
    pub(crate) status: Option<DeliveryStatus>,
    /// The status that the notification came to, if it changed.
    pub(crate) became: Option<NotificationStatus>,
    pub(crate) body: Option<String>,
}

impl<'a> Row<'a> {
    /// A row without content.
    pub(crate) fn default_of(app: &'a AppId) -> Self {
        Self {
            app,
            at: Timestamp::UNIX_EPOCH,
            kind: Kind::Part,
            notification: None,
            user: None,
            status: None,
            became: None,
            body: None,
        }
    }
}

/// Writes a row and gives its number.
pub(crate) fn insert(db: &Connection, row: &Row<'_>) -> Result<u64, rusqlite::Error> {
    let Row {
        app,
        at,
        kind,
        notification,
        user,
        status,
        became,
        body,
    } = row;
    db.prepare_cached(INSERT)?.execute((
        app.as_str(),
        millis(*at),
        kind.as_str(),
        notification,
        user,
        status.map(|status| status.as_str()),
        became.map(|status| status.as_str()),
        body,
    ))?;
    Ok(u64::try_from(db.last_insert_rowid()).unwrap_or_default())
}

/// How many deliveries came to each status, for a body; absent when none did.
pub(crate) fn reached_json(
    reached: impl Iterator<Item = (DeliveryStatus, u64)>,
) -> Result<Option<String>, rusqlite::Error> {
    let reached: BTreeMap<_, _> = reached
        .map(|(status, count)| (status.as_str(), count))
        .collect();
    (!reached.is_empty()).then(|| to_json(&reached)).transpose()
}

/// The number of the last row; 0 before the first.
pub(crate) fn last(db: &Connection) -> Result<u64, rusqlite::Error> {
    let last = db.prepare_cached(LAST)?.query_row([], |row| row.get(0));
    Ok(last.optional()?.unwrap_or_default())
}

/// Emits an effect that a row of this number, or an earlier one, belongs to.
pub(crate) fn emit(txn: &mut Txn<'_>, app: &AppId, number: u64, at: Timestamp, effect: Effect) {
    txn.emit(Event {
        number,
        app: app.clone(),
        at,
        effect,
    });
}

/// Emits that logs have grown.
pub(crate) fn log_grew(
    txn: &mut Txn<'_>,
    app: &AppId,
    users: Vec<Grown>,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    if !users.is_empty() {
        let number = last(txn)?;
        emit(txn, app, number, at, Effect::LogGrew { users });
    }
    Ok(())
}

/// Emits that a notification was cancelled or recalled.
pub(crate) fn stopped(
    txn: &mut Txn<'_>,
    app: &AppId,
    notification: NotificationId,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let number = last(txn)?;
    emit(txn, app, number, at, Effect::Stopped { notification });
    Ok(())
}

/// Emits that a stage of work is due from its time on.
pub(crate) fn work_due(
    txn: &mut Txn<'_>,
    app: &AppId,
    stage: Stage,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Stage { kind, due } = stage;
    let number = last(txn)?;
    emit(txn, app, number, at, Effect::WorkDue { kind, at: due });
    Ok(())
}

/// Writes and emits a revocation.
pub(crate) fn revoked(
    txn: &mut Txn<'_>,
    app: &AppId,
    revoked: Revocation,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let number = insert(
        txn,
        &Row {
            at,
            kind: Kind::Revoked,
            body: Some(to_json(&revocation::json(&revoked))?),
            ..Row::default_of(app)
        },
    )?;
    emit(txn, app, number, at, Effect::Revoked(revoked));
    Ok(())
}

/// Rows after a number, in order, as events. Rows that cannot be read, and changes of what was deleted
/// since, are passed over; the second value is the number of the last row that was looked at.
pub(crate) fn after(
    db: &Connection,
    number: u64,
    limit: u32,
    unreadable: &Unreadable,
) -> Result<(Vec<Event>, u64), rusqlite::Error> {
    let mut statement = db.prepare_cached(AFTER)?;
    let mut rows = statement.query((number, limit))?;
    let (mut events, mut seen) = (Vec::new(), number);
    while let Some(row) = rows.next()? {
        seen = row.get(0)?;
        let event = unreadable.pass_over("event", event(db, row, seen))?;
        events.extend(event.flatten());
    }
    Ok((events, seen))
}

/// `None` when what it was about is gone.
fn event(
    db: &Connection,
    row: &rusqlite::Row<'_>,
    number: u64,
) -> Result<Option<Event>, rusqlite::Error> {
    let effect = match row.get_ref(3)?.as_str()? {
        "revoked" => Some(Effect::Revoked(revocation::read(row, 6)?)),
        "told" => told::read(db, row)?.map(Effect::Told),
        _ if row.get_ref(7)? == rusqlite::types::ValueRef::Null => None,
        "response" => {
            let id = NotificationId::from_uuid(uuid(row, 7)?);
            response::read(db, row, (row.get(11)?, id))?
        }
        kind => {
            let notification = NotificationId::from_uuid(uuid(row, 7)?);
            let change = changed(db, row, kind)?;
            Some(change.effect(notification, optional_word(row, 8)?))
        }
    };
    let Some(effect) = effect else {
        return Ok(None);
    };
    Ok(Some(Event {
        number,
        app: parsed(row, 1)?,
        at: time(row, 2)?,
        effect,
    }))
}

/// Rows of an App from a number on, in order. Rows that cannot be read, and those of notifications that
/// were deleted since, are passed over. A page ends early when it has `deliveries` of them.
pub(crate) fn of_app(
    db: &Connection,
    asked: &Asked,
    unreadable: &Unreadable,
) -> Result<HappenedPage, rusqlite::Error> {
    let Asked {
        app,
        from,
        rows,
        deliveries,
    } = asked;
    let mut statement = db.prepare_cached(OF_APP)?;
    let mut rows = statement.query((app.as_str(), from, rows))?;
    let mut page = HappenedPage::default();
    let mut named = 0;
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        page.seen = Some(number);
        let happened = unreadable.pass_over("event", happened(db, row, number))?;
        let Some(happened) = happened.flatten() else {
            continue;
        };
        named += happened.named();
        page.rows.push(happened);
        if named >= *deliveries as usize {
            break;
        }
    }
    // Read last: what was deleted after the rows were read is known as missing, too.
    page.swept = app::swept(db, app)?;
    Ok(page)
}

fn happened(
    db: &Connection,
    row: &rusqlite::Row<'_>,
    number: u64,
) -> Result<Option<Happened>, rusqlite::Error> {
    let Some(event) = event(db, row, number)? else {
        return Ok(None);
    };
    let names = Names {
        external_id: row.get(9)?,
        correlation_id: row.get(10)?,
    };
    Ok(Happened::of(event, names))
}

/// What a row says of a change of a notification.
#[derive(Debug, Default)]
struct Change {
    /// Deliveries that changed one by one: users with what they came to.
    deliveries: Vec<(UserId, Summary)>,
    reached: Vec<(DeliveryStatus, u64)>,
}

impl Change {
    fn effect(self, notification: NotificationId, became: Option<NotificationStatus>) -> Effect {
        let changed = |(user, summary): (UserId, Summary)| ChangedDelivery {
            id: delivery_id(notification, &user),
            user,
            summary,
        };
        Effect::NotificationChanged {
            notification,
            deliveries: self.deliveries.into_iter().map(changed).collect(),
            reached: self.reached,
            became,
        }
    }
}

/// Reads what a row says of a change.
fn changed(
    db: &Connection,
    row: &rusqlite::Row<'_>,
    kind: &str,
) -> Result<Change, rusqlite::Error> {
    match kind {
        "delivery" => one(db, row),
        "deliveries" => several(db, body::several(row, 6)?),
        "part" => {
            let reached: BTreeMap<String, u64> = optional_json(row, 6)?.unwrap_or_default();
            let known =
                |(status, count): (String, u64)| Some((DeliveryStatus::from_word(&status)?, count));
            Ok(Change {
                deliveries: Vec::new(),
                reached: reached.into_iter().filter_map(known).collect(),
            })
        }
        _ => Err(unreadable(row, 3, "a kind of event of this version")),
    }
}

fn one(db: &Connection, row: &rusqlite::Row<'_>) -> Result<Change, rusqlite::Error> {
    let Some(status) = optional_word(row, 5)? else {
        return Ok(Change::default());
    };
    let summary = body::one(row, 6, status)?;
    let user = user::name(db, row.get(4)?)?;
    Ok(Change {
        deliveries: user.map(|user| (user, summary)).into_iter().collect(),
        reached: vec![(status, 1)],
    })
}

fn several(db: &Connection, groups: Vec<(Summary, Vec<i64>)>) -> Result<Change, rusqlite::Error> {
    let mut change = Change::default();
    let mut reached = BTreeMap::<_, u64>::new();
    for (summary, users) in groups {
        *reached.entry(summary.status).or_default() += users.len() as u64;
        for user in users {
            let user = user::name(db, user)?;
            change
                .deliveries
                .extend(user.map(|user| (user, summary.clone())));
        }
    }
    change.reached = reached.into_iter().collect();
    Ok(change)
}

/// The rows of the users whose deliveries of a notification changed after a version, each once, oldest
/// change first; when there are more than `limit`, the latest.
pub(crate) fn changed_after(
    db: &Connection,
    notification: i64,
    version: u64,
    limit: u32,
) -> Result<Vec<i64>, rusqlite::Error> {
    let mut statement = db.prepare_cached(OF_NOTIFICATION)?;
    let mut rows = statement.query((notification, version, limit))?;
    let mut changed: Vec<i64> = Vec::new();
    while let Some(row) = rows.next()? {
        let users: Vec<i64> = match row.get(0)? {
            Some(user) => vec![user],
            None => body::users(row, 1),
        };
        for user in users {
            if !changed.contains(&user) {
                changed.push(user);
            }
        }
        if changed.len() >= limit as usize {
            break;
        }
    }
    changed.truncate(limit as usize);
    changed.reverse();
    Ok(changed)
}

/// The first event that an App's backend is told from a number on: its number and its time in milliseconds.
fn first_of_app(
    db: &Connection,
    app: &AppId,
    from: u64,
) -> Result<Option<(u64, i64)>, rusqlite::Error> {
    db.prepare_cached(FIRST_OF_APP)?
        .query_row((app.as_str(), from), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether an App's backend is told something from a number on.
pub(crate) fn is_any_from(
    db: &Connection,
    app: &AppId,
    from: u64,
) -> Result<bool, rusqlite::Error> {
    first_of_app(db, app, from).map(|first| first.is_some())
}

/// The place behind which the events of an App of a time, and later ones, are; the end if there is none.
/// Numbers grow with time, so it is found by halving.
pub(crate) fn before(
    db: &Connection,
    app: &AppId,
    at: Timestamp,
) -> Result<EventId, rusqlite::Error> {
    let (mut low, mut high) = (1, last(db)?.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match first_of_app(db, app, middle)? {
            Some((number, time)) if time < millis(at) => low = number.saturating_add(1),
            Some(_) | None => high = middle,
        }
    }
    Ok(EventId::of(low.saturating_sub(1)))
}
