//! What an explanation is made of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, Channel, DeliveryState, GatewayName, InstallationId, Open, UserId};
use vestnik_rules::{
    app_version::Build,
    cascade::{Course, channel_of},
    contact::ContactKey,
    explain::{Address, DeliveryFindings, Device, Findings, NotificationFindings, Try},
    gateway::{self, Reaches, Traits},
    hold::Block,
    schedule::Hours,
};
use vestnik_sqlite::value::uuid;
use vestnik_store::ledger::FindingsQuery;

use super::{
    attempt,
    calendar::Calendar,
    chat, collapse, dead_number,
    delivery::{self, Key},
    email_address,
    erased_user::Since,
    fact, installation, meta, notification, phone_number, presence, provider,
    user::{self, Head},
    user_attribute,
};
use crate::{
    sql::statements,
    value::{Unreadable, optional_json, optional_time, optional_word, time},
};

statements! {
    SCHEDULE = "SELECT schedule FROM notification WHERE row = ?1";
    COURSE = "SELECT step, began_at, due_at, switched, opened_at, is_put_off FROM delivery
         WHERE notification = ?1 AND user = ?2";
    /// Without statistics, which the store never makes, every installation of the App would be read.
    INSTALLATIONS = "SELECT id, permission, last_seen_at, confirmed_epoch, confirmed_seq, opened_at,
             platform, app_version
         FROM installation INDEXED BY installation_by_user WHERE app = ?1 AND user = ?2";
    ADDRESSES = "SELECT kind, died_at FROM push_address
         WHERE app = ?1 AND installation = ?2 ORDER BY kind";
}

/// What is known of a notification and a user.
pub(crate) fn of(
    db: &Connection,
    asked: &FindingsQuery,
    unreadable: &Unreadable,
) -> Result<Option<Findings>, rusqlite::Error> {
    let FindingsQuery {
        app,
        notification,
        user,
        now,
    } = asked;
    let Some(found) = notification::find(db, app, *notification)? else {
        return Ok(None);
    };
    let about = About::load(db, &found, unreadable)?;
    let Some(head) = user::find(db, app, user)? else {
        return about.nobody(db, user, unreadable).map(Some);
    };
    let key = about.key(head.row);
    let delivery = unreadable.pass_over("delivery", delivery::find(db, key))?;
    let Some(delivery) = delivery.flatten() else {
        return about.nobody(db, user, unreadable).map(Some);
    };
    let owner = Owner {
        app,
        user,
        now: *now,
    };
    about
        .of_delivery(db, (&owner, &head), delivery, unreadable)
        .map(Some)
}

/// What findings say of a notification, whoever they are about: read and parsed once for a part.
pub(crate) struct About<'a> {
    found: &'a notification::Found,
    notification: NotificationFindings,
    calendar: Option<Calendar>,
    /// The channels that the App has credentials for.
    providers: Vec<Channel>,
    /// What those of gateways say.
    gateways: Vec<(GatewayName, Traits)>,
    /// The epoch of the database.
    database: u32,
}

impl<'a> About<'a> {
    /// Reads what is known of a notification.
    pub(crate) fn load(
        db: &Connection,
        found: &'a notification::Found,
        unreadable: &Unreadable,
    ) -> Result<Self, rusqlite::Error> {
        let (subject, row) = (&found.subject, found.subject.row);
        let content = unreadable.pass_over("notification", notification::content(db, row))?;
        let content = content.as_ref().map(|(content, _)| content);
        Ok(Self {
            found,
            notification: of_notification(db, found, unreadable)?,
            calendar: Calendar::load(db, subject, content)?,
            providers: providers(db, &subject.app)?,
            gateways: gateways(db, &subject.app)?,
            database: meta::epoch(db)?,
        })
    }

    const fn key(&self, user: i64) -> Key {
        Key {
            notification: self.found.subject.row,
            user,
        }
    }

    /// The findings about a user for whom there is no delivery: their sender may have left them out.
    fn nobody(
        &self,
        db: &Connection,
        user: &UserId,
        unreadable: &Unreadable,
    ) -> Result<Findings, rusqlite::Error> {
        let read = notification::plan(db, self.found.subject.row);
        let plan = unreadable.pass_over("notification", read)?;
        let mut findings = self.without_delivery();
        findings.notification.is_excluded = plan.is_some_and(|plan| plan.excludes(user));
        Ok(findings)
    }

    /// What is known of the notification alone.
    fn without_delivery(&self) -> Findings {
        Findings {
            notification: self.notification.clone(),
            delivery: None,
            devices: Vec::new(),
            mailbox: None,
            has_backend: self.providers.contains(&Channel::Webhook),
            gateways: Vec::new(),
            tries: Vec::new(),
            not_shown: BTreeMap::new(),
            hours: Hours::Open,
        }
    }

    /// The findings about a user and their delivery.
    pub(crate) fn of_delivery(
        &self,
        db: &Connection,
        (owner, head): (&Owner<'_>, &Head),
        delivery: delivery::Found,
        unreadable: &Unreadable,
    ) -> Result<Findings, rusqlite::Error> {
        let key = self.key(head.row);
        let mut findings = self.without_delivery();
        if let Some(expires_at) = delivery.expires_at {
            findings.notification.expires_at = expires_at;
        }
        findings.tries = tries(db, key, unreadable)?;
        let traits = self.gateways.as_slice();
        for gateway in gateway::gateways(&self.notification.steps) {
            let address = at_gateway(db, traits, head.row, gateway)?;
            findings.gateways.extend(address.map(|it| (gateway, it)));
        }
        findings.not_shown = fact::not_shown(db, key)?;
        let reached = Reached {
            epoch: head.place(self.database).epoch.0,
            delivery: &delivery,
            tries: &findings.tries,
        };
        findings.devices = devices(db, (owner, &self.providers), &reached)?;
        findings.mailbox = mailbox(db, &self.providers, head.row)?;
        findings.hours = self.hours(db, (owner, head.row), &delivery.state)?;
        findings.delivery = Some(DeliveryFindings {
            course: course(db, key)?,
            is_deleted: fact::is_deleted(db, key, &delivery.state)?,
            addressed: delivery.addressed,
            gave_way: collapse::gave_way(db, key, self.found.collapse_key.as_deref())?,
            state: delivery.state,
        });
        Ok(findings)
    }

    /// Whether a delivery may go on, by its schedule and by what the person wants.
    fn hours(
        &self,
        db: &Connection,
        (owner, row): (&Owner<'_>, i64),
        state: &DeliveryState,
    ) -> Result<Hours, rusqlite::Error> {
        let Some(calendar) = &self.calendar else {
            return Ok(Hours::Open);
        };
        let known = calendar.known(db, owner.user, user_attribute::get(db, row)?)?;
        Ok(calendar.may_go_on(&known, state, owner.now))
    }
}

/// The channels that an App has credentials for.
pub(crate) fn providers(db: &Connection, app: &AppId) -> Result<Vec<Channel>, rusqlite::Error> {
    let providers = provider::of_app(db, app)?.into_iter();
    Ok(providers
        .filter_map(|known| known.channel.known())
        .collect())
}

/// What is known of a notification; whom its sender left out is another question.
fn of_notification(
    db: &Connection,
    found: &notification::Found,
    unreadable: &Unreadable,
) -> Result<NotificationFindings, rusqlite::Error> {
    let row = found.subject.row;
    let schedule = db
        .prepare_cached(SCHEDULE)?
        .query_row([row], |row| optional_json(row, 0));
    Ok(NotificationFindings {
        accepted_at: found.accepted_at,
        opens_at: found.opens_at,
        expires_at: found.expires_at,
        schedule: unreadable.pass_over("notification", schedule)?.flatten(),
        steps: notification::steps(db, row)?,
        wanted: notification::wanted(db, row)?,
        expansion: found.expansion(),
        is_cancelled: found.is_cancelled,
        is_recalled: found.is_recalled,
        is_excluded: false,
        is_erased: false,
    })
}

/// Whether a notification lists a user of this name who was erased since it was accepted.
pub(crate) fn is_erased(
    db: &Connection,
    asked: &FindingsQuery,
    (key, unreadable): (&ContactKey, &Unreadable),
) -> Result<bool, rusqlite::Error> {
    let Some(found) = notification::find(db, &asked.app, asked.notification)? else {
        return Ok(false);
    };
    let erased = Since {
        app: &asked.app,
        accepted_at: found.accepted_at,
        key,
    };
    if !erased.has(db, &asked.user)? {
        return Ok(false);
    }
    let plan = notification::plan(db, found.subject.row);
    let plan = unreadable.pass_over("notification", plan)?;
    Ok(plan.is_some_and(|plan| plan.names_user(&asked.user)))
}

/// Where a delivery stands in its cascade; `None` if no dispatch looks at it.
fn course(db: &Connection, key: Key) -> Result<Option<Course>, rusqlite::Error> {
    let course = db
        .prepare_cached(COURSE)?
        .query_row((key.notification, key.user), |row| {
            let (step, due_at) = (row.get(0)?, optional_time(row, 2)?);
            let (began_at, switched) = (optional_time(row, 1)?, optional_word(row, 3)?);
            let opened_at = optional_time(row, 4)?;
            let is_put_off = row.get(5)?;
            Ok(began_at.map(|began_at| Course {
                is_put_off,
                step,
                began_at,
                opened_at,
                due_at,
                switched,
            }))
        })
        .optional()?;
    Ok(course.flatten())
}

fn tries(db: &Connection, key: Key, unreadable: &Unreadable) -> Result<Vec<Try>, rusqlite::Error> {
    let attempts = attempt::of_delivery(db, key, unreadable)?.into_iter();
    let tries = attempts.map(|found| Try {
        target: found.target,
        attempt: found.attempt,
        provider: found.provider,
        passed_over: found.passed_over,
        started_at: found.started_at,
        tried_at: found.tried_at,
        arrived_at: found.arrived_at,
        delivered_at: found.delivered_at,
        read_at: found.read_at,
        returned_at: found.returned_at,
    });
    Ok(tries.collect())
}

/// What shows whether an installation has a delivery.
struct Reached<'a> {
    /// The present epoch of the user's log.
    epoch: u32,
    delivery: &'a delivery::Found,
    tries: &'a [Try],
}

impl Reached<'_> {
    /// Whether an installation reported the delivery, or confirmed a place behind it.
    fn by(&self, installation: InstallationId, confirmed: Option<(u32, u64)>) -> bool {
        let mut tries = self.tries.iter();
        let has_passed = confirmed
            .zip(self.delivery.seq)
            .is_some_and(|((of, seq), place)| of == self.epoch && seq >= place);
        has_passed
            || tries.any(|tried| {
                tried.target.installation() == Some(installation) && tried.delivered_at.is_some()
            })
    }
}

/// An installation as its row says.
struct Row {
    id: InstallationId,
    build: Build,
    blocked: Option<Block>,
    last_seen_at: Timestamp,
    opened_at: Option<Timestamp>,
    confirmed: Option<(u32, u64)>,
}

/// The installations of the person.
fn devices(
    db: &Connection,
    of: (&Owner<'_>, &[Channel]),
    reached: &Reached<'_>,
) -> Result<Vec<Device>, rusqlite::Error> {
    let found = found_of(db, of)?.into_iter();
    let devices = found.map(|Found { device, confirmed }| Device {
        has_it: reached.by(device.installation, confirmed),
        ..device
    });
    Ok(devices.collect())
}

/// Whose installations are asked for, and as of when.
pub(crate) struct Owner<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) user: &'a UserId,
    pub(crate) now: Timestamp,
}

/// The installations of a user with how each is reached by the channels that their App has credentials for;
/// of a delivery that they may have nothing is known.
pub(crate) fn devices_of(
    db: &Connection,
    of: (&Owner<'_>, &[Channel]),
) -> Result<Vec<Device>, rusqlite::Error> {
    let found = found_of(db, of)?.into_iter();
    Ok(found.map(|found| found.device).collect())
}

/// An installation, with the epoch and the number of the place of the log that it confirmed.
struct Found {
    device: Device,
    confirmed: Option<(u32, u64)>,
}

/// The installations of a user.
fn found_of(
    db: &Connection,
    (owner, providers): (&Owner<'_>, &[Channel]),
) -> Result<Vec<Found>, rusqlite::Error> {
    let Owner { app, user, now } = owner;
    let rows = rows(db, app, user)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let present = presence::of_user(db, app, user, *now)?;
    rows.into_iter()
        .map(|row| {
            let seen = present.iter().filter(|seen| seen.installation == row.id);
            let device = Device {
                installation: row.id,
                build: row.build,
                blocked: row.blocked.map(Block::reason),
                connected: seen.map(|seen| seen.last_seen).max(),
                last_seen_at: row.last_seen_at,
                opened_at: row.opened_at,
                has_it: false,
                addresses: addresses(db, (app, row.id), providers)?,
            };
            Ok(Found {
                device,
                confirmed: row.confirmed,
            })
        })
        .collect()
}

fn rows(db: &Connection, app: &AppId, user: &UserId) -> Result<Vec<Row>, rusqlite::Error> {
    let mut rows = db
        .prepare_cached(INSTALLATIONS)?
        .query_map((app.as_str(), user.as_str()), |row| {
            let (epoch, seq): (Option<u32>, Option<u64>) = (row.get(3)?, row.get(4)?);
            Ok(Row {
                id: InstallationId::from_uuid(uuid(row, 0)?),
                build: installation::build(row, 6)?,
                blocked: optional_word(row, 1)?.and_then(Block::of),
                last_seen_at: time(row, 2)?,
                opened_at: optional_time(row, 5)?,
                confirmed: epoch.zip(seq),
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// The mailbox of a user of an App that has credentials for these channels.
pub(crate) fn mailbox(
    db: &Connection,
    providers: &[Channel],
    user: i64,
) -> Result<Option<Address>, rusqlite::Error> {
    let Some(died_at) = email_address::death(db, user)? else {
        return Ok(None);
    };
    Ok(Some(Address {
        channel: Channel::Email,
        died_at,
        has_provider: providers.contains(&Channel::Email),
    }))
}

/// The gateways that an App has accounts with, and what these say of them.
pub(crate) fn gateways(
    db: &Connection,
    app: &AppId,
) -> Result<Vec<(GatewayName, Traits)>, rusqlite::Error> {
    let known = provider::of_app(db, app)?.into_iter();
    let of_gateways = known.filter_map(|known| {
        let name = known.channel.known()?.gateway()?;
        Some((name, known.gateway?))
    });
    Ok(of_gateways.collect())
}

/// The number or chat of a user at a gateway of an App that has accounts with these.
pub(crate) fn at_gateway(
    db: &Connection,
    accounts: &[(GatewayName, Traits)],
    user: i64,
    gateway: GatewayName,
) -> Result<Option<Address>, rusqlite::Error> {
    let traits = accounts.iter().find(|(name, _)| *name == gateway);
    let address = |died_at| Address {
        channel: Channel::Gateway(gateway),
        died_at,
        has_provider: traits.is_some(),
    };
    let reaches = traits.map(|(_, traits)| traits.reaches);
    Ok(match reaches {
        None => Some(address(None)),
        Some(Reaches::Phone) if phone_number::exists(db, user)? => {
            Some(address(dead_number::get(db, user, gateway)?))
        }
        Some(Reaches::Phone) => None,
        Some(Reaches::Chat) => chat::death(db, user, gateway)?.map(address),
    })
}

/// The addresses at services that the server knows.
fn addresses(
    db: &Connection,
    (app, id): (&AppId, InstallationId),
    providers: &[Channel],
) -> Result<Vec<Address>, rusqlite::Error> {
    let rows = db
        .prepare_cached(ADDRESSES)?
        .query_map((app.as_str(), installation::key(id)), |row| {
            let kind: String = row.get(0)?;
            Ok((kind, optional_time(row, 1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let known = rows.into_iter().filter_map(|(kind, died_at)| {
        let channel = Open::read(&kind).known().and_then(channel_of)?;
        let has_provider = providers.contains(&channel);
        Some(Address {
            channel,
            died_at,
            has_provider,
        })
    });
    Ok(known.collect())
}
