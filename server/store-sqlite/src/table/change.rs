//! What a job changes about notifications, collected and written once.
//!
//! A job adds what it does to [`Changes`], delivery by delivery. [`Changes::write`] then writes, for
//! each notification: one event row, or one for each status that several deliveries came to; the
//! counters by differences; the version. It emits one effect for each notification.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, Channel, InstallationId, NotificationId, NotificationStatus, UserId};
use vestnik_rules::{
    delivery::{Advanced, Deltas, Move, Slot},
    identity::delivery_id,
    installation,
    work::{Stage, WorkKind},
};
use vestnik_store::effect::{ChangedDelivery, Effect, News, Summary};

use super::{
    Txn, count,
    event::{self, Kind, Row, body},
    notification, told, work,
};
use crate::{sql::statements, value::optional_word};

statements! {
    COUNT = "INSERT INTO notification_count (notification, channel, status, n)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (notification, channel, status) DO UPDATE SET n = n + excluded.n";
    TOLD = "SELECT told FROM notification_state WHERE notification = ?1";
    VERSION = "UPDATE notification_state SET version = ?2, told = coalesce(?3, told) WHERE notification = ?1";
}

/// A notification that a job changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) row: i64,
    pub(crate) id: NotificationId,
    pub(crate) app: AppId,
}

/// A delivery that changed.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    /// The row of its user.
    user: i64,
    /// The name of its user.
    name: &'a UserId,
    summary: Summary,
    moved: Option<Move>,
}

impl<'a> Told<'a> {
    /// What became of the delivery to a user, by row and name.
    pub(crate) fn of(user: i64, name: &'a UserId, advanced: &Advanced) -> Self {
        Self {
            user,
            name,
            summary: Summary::of(&advanced.state),
            moved: advanced.moved,
        }
    }
}

/// What a job changes about notifications.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    changes: BTreeMap<i64, Change>,
    /// What happened to deliveries that is no status, by the row of the notification: to whose.
    news: BTreeMap<(i64, News), (Subject, BTreeMap<i64, UserId>)>,
    /// What happened to installations.
    installations: Vec<(AppId, InstallationId, UserId, installation::Change)>,
}

#[derive(Debug)]
struct Change {
    subject: Subject,
    deltas: Deltas,
    /// By the row of the user.
    deliveries: BTreeMap<i64, (UserId, Summary)>,
}

impl Changes {
    /// A delivery changed, and is told by itself if its status did: now, or before in this commit.
    pub(crate) fn moved(&mut self, subject: &Subject, told: Told<'_>) {
        let Some(moved) = told.moved else { return };
        let change = self.of(subject);
        change.deltas.add([moved]);
        if !moved.stays() || change.deliveries.contains_key(&told.user) {
            let delivery = (told.name.clone(), told.summary);
            change.deliveries.insert(told.user, delivery);
        }
    }

    /// A delivery moved as one of a part that changed alike: it is counted, and not told by itself.
    pub(crate) fn moved_in_part(&mut self, subject: &Subject, moved: Option<Move>) {
        self.of(subject).deltas.add(moved);
    }

    /// Something happened to the delivery to a user, by row and name, that is no status.
    pub(crate) fn happened(&mut self, subject: &Subject, (user, name): (i64, &UserId), news: News) {
        let of = self.news.entry((subject.row, news));
        let (_, users) = of.or_insert_with(|| (subject.clone(), BTreeMap::new()));
        users.insert(user, name.clone());
    }

    /// Something happened to an installation of a user.
    pub(crate) fn happened_to(
        &mut self,
        app: &AppId,
        (installation, user): (InstallationId, UserId),
        change: installation::Change,
    ) {
        self.installations
            .push((app.clone(), installation, user, change));
    }

    /// The notification changed in another way: its status can be another one.
    pub(crate) fn touched(&mut self, subject: &Subject) {
        self.of(subject);
    }

    fn of(&mut self, subject: &Subject) -> &mut Change {
        self.changes.entry(subject.row).or_insert_with(|| Change {
            subject: subject.clone(),
            deltas: Deltas::default(),
            deliveries: BTreeMap::new(),
        })
    }

    /// Writes everything. Notifications are taken in the order of their rows.
    pub(crate) fn write(self, txn: &mut Txn<'_>, at: Timestamp) -> Result<(), rusqlite::Error> {
        for change in self.changes.into_values() {
            change.write(txn, at)?;
        }
        for ((_, news), (subject, users)) in self.news {
            told::write_news(txn, &subject, (news, users), at)?;
        }
        for (app, installation, user, change) in self.installations {
            told::write_installation(txn, &app, (installation, &user), (change, at))?;
        }
        Ok(())
    }
}

impl Change {
    fn write(self, txn: &mut Txn<'_>, at: Timestamp) -> Result<(), rusqlite::Error> {
        let db = txn.connection();
        count(db, self.subject.row, &self.deltas)?;
        let became = became(db, self.subject.row)?;
        let number = self.write_events(db, at, became)?;
        let told = became.map(NotificationStatus::as_str);
        db.prepare_cached(VERSION)?
            .execute((self.subject.row, number, told))?;
        let Self {
            subject: Subject { id, app, row: _ },
            deltas,
            deliveries,
        } = self;
        let changed = |(user, summary): (UserId, Summary)| ChangedDelivery {
            id: delivery_id(id, &user),
            user,
            summary,
        };
        let effect = Effect::NotificationChanged {
            notification: id,
            deliveries: deliveries.into_values().map(changed).collect(),
            reached: deltas.reached().collect(),
            became,
        };
        event::emit(txn, &app, number, at, effect);
        wake_webhooks(txn, &app, at)
    }

    /// Gives the number of the last row.
    fn write_events(
        &self,
        db: &Connection,
        at: Timestamp,
        became: Option<NotificationStatus>,
    ) -> Result<u64, rusqlite::Error> {
        let row = Row {
            app: &self.subject.app,
            at,
            kind: Kind::Part,
            notification: Some(self.subject.row),
            became,
            ..Row::default_of(&self.subject.app)
        };
        let mut deliveries = self.deliveries.iter();
        match (deliveries.next(), deliveries.next()) {
            (None, _) => {
                let body = event::reached_json(self.deltas.reached())?;
                event::insert(db, &Row { body, ..row })
            }
            (Some((user, (_, summary))), None) => {
                let (user, status) = (Some(*user), Some(summary.status));
                event::insert(
                    db,
                    &Row {
                        kind: Kind::Delivery,
                        user,
                        status,
                        body: body::of_one(summary)?,
                        ..row
                    },
                )
            }
            (Some(_), Some(_)) => {
                let deliveries = self.deliveries.iter();
                let deliveries = deliveries.map(|(user, (_, summary))| (*user, summary));
                let body = Some(body::of_several(deliveries)?);
                event::insert(
                    db,
                    &Row {
                        kind: Kind::Deliveries,
                        body,
                        ..row
                    },
                )
            }
        }
    }
}

/// The webhooks of an App that wait for an event have one.
pub(crate) fn wake_webhooks(
    txn: &mut Txn<'_>,
    app: &AppId,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    if !work::wake_webhooks(txn, app, at)? {
        return Ok(());
    }
    let stage = Stage {
        kind: WorkKind::Webhook,
        due: at,
    };
    event::work_due(txn, app, stage, at)
}

/// The status that a notification has come to since the last event told one.
fn became(db: &Connection, row: i64) -> Result<Option<NotificationStatus>, rusqlite::Error> {
    let Some(found) = notification::find_row(db, row)? else {
        return Ok(None);
    };
    let (status, _) = found.standing(count::of(db, row)?);
    let told = db
        .prepare_cached(TOLD)?
        .query_row([row], |row| optional_word(row, 0))?;
    Ok((told != Some(status)).then_some(status))
}

/// Takes a delivery that was deleted out of the counters of its notification.
pub(crate) fn uncount(
    db: &Connection,
    notification: i64,
    slot: Slot,
) -> Result<(), rusqlite::Error> {
    let channel = word(slot.channel.as_ref());
    let mut statement = db.prepare_cached(COUNT)?;
    for count in slot.counts() {
        statement.execute((notification, channel, count.as_str(), -1))?;
    }
    Ok(())
}

/// Changes the counters of a notification.
fn count(db: &Connection, notification: i64, deltas: &Deltas) -> Result<(), rusqlite::Error> {
    let mut statement = db.prepare_cached(COUNT)?;
    for ((count, channel), change) in deltas.changes() {
        let channel = word(channel.as_ref());
        statement.execute((notification, channel, count.as_str(), change))?;
    }
    Ok(())
}

/// The word of a channel in the table of counters.
fn word(channel: Option<&Channel>) -> &str {
    channel.map(Channel::as_str).unwrap_or_default()
}
