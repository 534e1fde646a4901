//! When the deliveries of a notification are due: its schedule and its pace, and what is known of each
//! recipient.

use std::cell::OnceCell;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    AppId, CategoryName, DeliveryState, Notification, Priority, UserId,
    preference::OptOuts,
    publish::{Schedule, ScheduleView, ZoneName},
};
use vestnik_rules::{
    consent::unwanted,
    hold::OptOut,
    release::holds,
    schedule::{Hours, Known, Mailing, Pace, Turn, has_hours, hours, reads_zone, turn},
};

use super::{
    app,
    change::Subject,
    user_attribute::{self, Wishes},
};
use crate::{
    sql::statements,
    value::{optional_json, time},
};

statements! {
    PLANNED = "SELECT n.schedule, n.ttl, n.opens_at, n.expires_at, s.pace, s.paused_at IS NOT NULL
         FROM notification n CROSS JOIN notification_state s ON s.notification = n.row
         WHERE n.row = ?1";
    SET_PACE = "UPDATE notification_state SET pace = ?2 WHERE notification = ?1";
    /// The zone of the installation that was seen last. Without statistics, which the store never makes,
    /// every installation of the App would be read; those of one user are few.
    ZONES = "SELECT zone, last_seen_at FROM installation INDEXED BY installation_by_user
         WHERE app = ?1 AND user = ?2 AND zone IS NOT NULL";
}

/// When the deliveries of a notification are due.
#[derive(Debug)]
pub(crate) struct Calendar {
    subject: Subject,
    schedule: Schedule,
    ttl: SignedDuration,
    opens_at: Timestamp,
    expires_at: Timestamp,
    pub(crate) pace: Pace,
    is_paused: bool,
    is_critical: bool,
    category: Option<CategoryName>,
    /// The App's default zone, once it was asked for.
    app_default: OnceCell<Option<ZoneName>>,
}

impl Calendar {
    /// The calendar of a notification; `None` if there is none. The content is absent if it cannot be read.
    pub(crate) fn load(
        db: &Connection,
        subject: &Subject,
        content: Option<&Notification>,
    ) -> Result<Option<Self>, rusqlite::Error> {
        let priority = content.and_then(|content| content.priority.known());
        let category = content.and_then(|content| content.category.clone());
        db.prepare_cached(PLANNED)?
            .query_row([subject.row], |row| {
                let schedule: Option<ScheduleView> = optional_json(row, 0)?;
                Ok(Self {
                    subject: subject.clone(),
                    // What another version wrote in a form of its own must not stop a delivery.
                    schedule: schedule
                        .and_then(|view| view.schedule())
                        .unwrap_or_default(),
                    ttl: SignedDuration::from_secs(row.get(1)?),
                    opens_at: time(row, 2)?,
                    expires_at: time(row, 3)?,
                    pace: Pace::resumed(row.get(4)?),
                    is_paused: row.get(5)?,
                    is_critical: priority == Some(Priority::Critical),
                    category: category.clone(),
                    app_default: OnceCell::new(),
                })
            })
            .optional()
    }

    fn mailing(&self) -> Mailing<'_> {
        Mailing {
            schedule: &self.schedule,
            opens_at: self.opens_at,
            expires_at: self.expires_at,
            ttl: self.ttl,
            is_paused: self.is_paused,
        }
    }

    /// Why a user does not want the notification, if they do not.
    pub(crate) fn opt_out(&self, opt_outs: &OptOuts) -> Option<OptOut> {
        unwanted(opt_outs, self.category.as_ref())
    }

    /// What is known of a recipient, as far as it matters to the schedule.
    pub(crate) fn known(
        &self,
        db: &Connection,
        user: &UserId,
        wishes: Wishes,
    ) -> Result<Known, rusqlite::Error> {
        let Wishes {
            attributes,
            opt_outs,
        } = wishes;
        let app = &self.subject.app;
        let (mut installation, mut app_default) = (None, None);
        if reads_zone(&self.schedule, &attributes) {
            installation = zone_seen_last(db, app, user)?;
            app_default = self.default_zone(db)?;
        }
        Ok(Known {
            installation,
            attributes,
            app_default,
            is_critical: self.is_critical,
            opt_out: self.opt_out(&opt_outs.known),
        })
    }

    fn default_zone(&self, db: &Connection) -> Result<Option<ZoneName>, rusqlite::Error> {
        if let Some(zone) = self.app_default.get() {
            return Ok(zone.clone());
        }
        let zone = app::zone(db, &self.subject.app)?;
        Ok(self.app_default.get_or_init(|| zone).clone())
    }

    /// What to do with a delivery now. One that nobody is notified by takes no place in the pace.
    pub(crate) fn turn(&mut self, known: &Known, takes_place: bool, now: Timestamp) -> Turn {
        let mut pace = self.pace;
        let place = takes_place.then_some(&mut pace);
        let turn = turn(&self.mailing(), &known.recipient(), place, now);
        self.pace = pace;
        turn
    }

    /// Whether a delivery may go on, for its sender to be told.
    pub(crate) fn may_go_on(&self, known: &Known, state: &DeliveryState, now: Timestamp) -> Hours {
        holds(state, (&self.mailing(), self.pace), &known.recipient(), now)
    }

    /// Whether the deliveries of a user that were released may go on now.
    pub(crate) fn hours(
        &self,
        db: &Connection,
        (row, user): (i64, &UserId),
        now: Timestamp,
    ) -> Result<Hours, rusqlite::Error> {
        let wishes = user_attribute::get(db, row)?;
        let is_wanted = self.opt_out(&wishes.opt_outs.known).is_none();
        if is_wanted && !self.is_paused && !has_hours(&self.schedule, &wishes.attributes) {
            return Ok(Hours::Open);
        }
        let known = self.known(db, user, wishes)?;
        Ok(hours(&self.mailing(), &known.recipient(), now))
    }

    /// Saves how far the pace is.
    pub(crate) fn save(&self, db: &Connection) -> Result<(), rusqlite::Error> {
        if self.schedule.per_minute.is_none() {
            return Ok(());
        }
        db.prepare_cached(SET_PACE)?
            .execute((self.subject.row, self.pace.next_free()))
            .map(drop)
    }
}

/// The zone that a user's installation reported; of several, that of the one that was seen last.
pub(crate) fn zone_seen_last(
    db: &Connection,
    app: &AppId,
    user: &UserId,
) -> Result<Option<String>, rusqlite::Error> {
    let zones = db
        .prepare_cached(ZONES)?
        .query_map((app.as_str(), user.as_str()), |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, String>(0)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(zones.into_iter().max().map(|(_, zone)| zone))
}
