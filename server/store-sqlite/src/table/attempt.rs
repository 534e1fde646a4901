//! Attempts: a delivery over one channel at one installation or at the mailbox, with its tries.

mod view;

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use vestnik_model::{
    Channel, InstallationId, ProviderName, Reason, Sums, open::Word as _, view::PassedOver as Kept,
};
use vestnik_rules::{
    attempt::Attempt, cascade::Target, decrypt::Seals, gateway::PassedOver, push_receipt,
};

pub(crate) use self::view::views;
use super::delivery::Key;
use crate::{
    sql::statements,
    value::{
        Unreadable, millis, optional_json, optional_time, optional_word, time, to_json, unreadable,
        uuid, word,
    },
};

statements! {
    NOTE = "INSERT INTO attempt (notification, user, installation, channel, started_at, state)
         VALUES (?1, ?2, ?3, 'hub', ?4, 'sent') ON CONFLICT DO NOTHING";
    DELIVERED = "UPDATE attempt SET delivered_at = min(coalesce(delivered_at, ?4), ?4)
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?5
             AND (delivered_at IS NULL OR delivered_at > ?4)";
    READ = "UPDATE attempt SET read_at = min(coalesce(read_at, ?4), ?4)
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?5
             AND (read_at IS NULL OR read_at > ?4)";
    OF_DELIVERY = "SELECT installation, channel, started_at, delivered_at, read_at, state, reason, tries,
             unproven, until, said, undecrypted, seals, tried_at, returned_at, provider,
             unanswered, cost, passed_over, arrived_at
         FROM attempt WHERE notification = ?1 AND user = ?2 ORDER BY installation, channel";
    PUT = "INSERT INTO attempt (notification, user, installation, channel, started_at, state, reason,
             tries, unproven, until, undecrypted, seals, unanswered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (notification, user, installation, channel) DO UPDATE SET state = excluded.state,
             reason = excluded.reason, tries = excluded.tries, unproven = excluded.unproven,
             until = excluded.until, undecrypted = excluded.undecrypted, seals = excluded.seals,
             unanswered = excluded.unanswered";
    TRIED = "UPDATE attempt SET tried_at = ?5, returned_at = NULL
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
    RETURNED = "UPDATE attempt SET returned_at = ?4
         WHERE notification = ?1 AND user = ?2 AND installation = ?5 AND channel = ?3";
    EVIDENCE = "UPDATE attempt SET delivered_at = ?5, read_at = ?6
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
    END_LEASES = "UPDATE attempt SET until = ?1 WHERE state IN ('begun', 'sending') AND until > ?1
         RETURNING notification, user, installation";
    IS_SENT_OUTSIDE = "SELECT 1 FROM attempt WHERE notification = ?1 AND user = ?2
             AND installation = x'' AND state = 'sent'";
    PROVIDER = "UPDATE attempt SET provider = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
    COST = "UPDATE attempt SET cost = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
    PASSED_OVER = "UPDATE attempt SET passed_over = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
    MESSAGE = "UPDATE attempt SET message = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
    /// A gateway that begins its ids anew gives the one of a former message.
    FREE_MESSAGE = "UPDATE attempt SET message = NULL
         WHERE message = ?5 AND (notification, user, installation, channel) <> (?1, ?2, ?3, ?4)";
    FIRST_MESSAGE = "UPDATE attempt SET message = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4 AND message IS NULL";
    SAID = "UPDATE attempt SET said = ?5
         WHERE notification = ?1 AND user = ?2 AND installation = ?3 AND channel = ?4";
}

/// An attempt as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) target: Target,
    pub(crate) attempt: Attempt,
    /// When the push service reported that it reached the device.
    pub(crate) arrived_at: Option<Timestamp>,
    /// When the installation reported it delivered, and read.
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) started_at: Timestamp,
    /// When the last try began; absent of what was written to a connection.
    pub(crate) tried_at: Option<Timestamp>,
    /// When it became known that what was taken came back.
    pub(crate) returned_at: Option<Timestamp>,
    said: Option<String>,
    /// The provider of a gateway that the last try was started with.
    pub(crate) provider: Option<ProviderName>,
    /// The providers that the last try went past.
    pub(crate) passed_over: Vec<PassedOver>,
    /// What its tries that were taken cost.
    pub(crate) cost: Sums,
}

impl Found {
    /// Whether the installation has the delivery.
    pub(crate) const fn is_delivered(&self) -> bool {
        self.delivered_at.is_some()
    }

    /// When what it sent was delivered, by whoever's word.
    pub(crate) fn proven_at(&self) -> Option<Timestamp> {
        push_receipt::delivered_at(self.attempt.state, self.delivered_at, self.arrived_at)
    }

    /// When the last try began.
    pub(crate) fn last_tried_at(&self) -> Timestamp {
        self.tried_at.unwrap_or(self.started_at)
    }
}

/// Notes that a delivery was written to an installation's connection; later ones of the same change
/// nothing.
pub(crate) fn note(
    db: &Connection,
    key: Key,
    installation: InstallationId,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let installation = installation.uuid().into_bytes();
    db.prepare_cached(NOTE)?
        .execute((key.notification, key.user, installation, millis(at)))
        .map(drop)
}

/// Notes that an installation reported a delivery, and read it, which these attempts brought. One over its
/// connection that nobody noted is made.
pub(crate) fn confirm(
    db: &Connection,
    key: Key,
    brought: &[Target],
    (at, is_read): (Timestamp, bool),
) -> Result<(), rusqlite::Error> {
    for target in brought {
        if let Target::Device {
            installation,
            channel: Channel::Hub,
        } = *target
        {
            note(db, key, installation, at)?;
        }
        let (installation, channel) = columns(*target);
        let values = (
            key.notification,
            key.user,
            installation,
            millis(at),
            channel.as_str(),
        );
        db.prepare_cached(DELIVERED)?.execute(values.clone())?;
        if is_read {
            db.prepare_cached(READ)?.execute(values.clone())?;
        }
    }
    Ok(())
}

/// The attempts of a delivery. One that another version wrote in words of its own is passed over.
pub(crate) fn of_delivery(
    db: &Connection,
    key: Key,
    unreadable: &Unreadable,
) -> Result<Vec<Found>, rusqlite::Error> {
    let rows = db
        .prepare_cached(OF_DELIVERY)?
        .query_map((key.notification, key.user), |row| {
            unreadable.pass_over("attempt", found(row))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn found(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        target: target(row)?,
        started_at: time(row, 2)?,
        delivered_at: optional_time(row, 3)?,
        read_at: optional_time(row, 4)?,
        attempt: Attempt {
            state: word(row, 5)?,
            reason: optional_word(row, 6)?,
            tries: row.get(7)?,
            unproven: row.get(8)?,
            unanswered: row.get(16)?,
            until: optional_time(row, 9)?,
            undecrypted: row.get(11)?,
            seals: Seals::parse(row.get_ref(12)?.as_blob()?).unwrap_or_default(),
        },
        said: row.get(10)?,
        tried_at: optional_time(row, 13)?,
        returned_at: optional_time(row, 14)?,
        arrived_at: optional_time(row, 19)?,
        provider: provider(row, 15)?,
        passed_over: passed_over(row, 18),
        // What a newer version booked must not hide that a message was sent.
        cost: optional_json(row, 17).ok().flatten().unwrap_or_default(),
    })
}

/// The provider of a gateway. A name that this version does not take binds nothing.
fn provider(row: &Row<'_>, column: usize) -> Result<Option<ProviderName>, rusqlite::Error> {
    let name = row.get_ref(column)?.as_str_or_null()?;
    Ok(name.and_then(|name| ProviderName::parse(name).ok()))
}

/// The providers that a try went past. What another version wrote in words of its own is left out.
fn passed_over(row: &Row<'_>, column: usize) -> Vec<PassedOver> {
    let kept: Option<Vec<Kept>> = optional_json(row, column).ok().flatten();
    let kept = kept.unwrap_or_default();
    kept.iter().filter_map(PassedOver::read).collect()
}

/// Where an attempt goes, of the columns `installation, channel`.
fn target(row: &Row<'_>) -> Result<Target, rusqlite::Error> {
    let channel = word(row, 1)?;
    if !row.get_ref(0)?.as_blob()?.is_empty() {
        return Ok(Target::Device {
            installation: InstallationId::from_uuid(uuid(row, 0)?),
            channel,
        });
    }
    match channel {
        Channel::Email => Ok(Target::Mailbox),
        Channel::Webhook => Ok(Target::Backend),
        Channel::Gateway(name) => Ok(Target::Gateway(name)),
        Channel::Hub
        | Channel::Fcm
        | Channel::Rustore
        | Channel::Hms
        | Channel::Apns
        | Channel::Webpush => Err(unreadable(row, 1, "a channel outside the devices")),
    }
}

/// The columns `installation, channel` of where an attempt goes.
fn columns(target: Target) -> (Vec<u8>, Channel) {
    let installation = target.installation();
    let installation = installation.map(|id| id.uuid().into_bytes().to_vec());
    (installation.unwrap_or_default(), target.channel())
}

/// Writes how far an attempt is. `at` is when it began, if it is new.
pub(crate) fn put(
    db: &Connection,
    key: Key,
    target: Target,
    attempt: &Attempt,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Attempt {
        state,
        reason,
        tries,
        unproven,
        unanswered,
        undecrypted,
        seals,
        until,
    } = attempt;
    let (installation, channel) = columns(target);
    db.prepare_cached(PUT)?
        .execute((
            key.notification,
            key.user,
            installation,
            channel.as_str(),
            millis(at),
            state.as_str(),
            reason.map(Reason::as_str),
            tries,
            unproven,
            until.map(millis),
            undecrypted,
            seals.to_bytes(),
            unanswered,
        ))
        .map(drop)
}

/// Writes that a try begins.
pub(crate) fn set_tried(
    db: &Connection,
    key: Key,
    target: Target,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let (installation, channel) = columns(target);
    db.prepare_cached(TRIED)?
        .execute((
            key.notification,
            key.user,
            installation,
            channel.as_str(),
            millis(at),
        ))
        .map(drop)
}

/// Writes that the letter or the message of a delivery came back.
pub(crate) fn set_returned(
    db: &Connection,
    key: Key,
    target: Target,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let (installation, channel) = columns(target);
    let of = (key.notification, key.user, channel.as_str());
    db.prepare_cached(RETURNED)?
        .execute((of.0, of.1, of.2, millis(at), installation))
        .map(drop)
}

/// Writes when what an attempt brought was delivered and read.
pub(crate) fn set_evidence(
    db: &Connection,
    key: Key,
    target: Target,
    (delivered_at, read_at): (Option<Timestamp>, Option<Timestamp>),
) -> Result<(), rusqlite::Error> {
    let (installation, channel) = columns(target);
    db.prepare_cached(EVIDENCE)?
        .execute((
            key.notification,
            key.user,
            installation,
            channel.as_str(),
            delivered_at.map(millis),
            read_at.map(millis),
        ))
        .map(drop)
}

/// Writes the provider of a gateway that a try is started with.
pub(crate) fn set_provider(
    db: &Connection,
    key: Key,
    target: Target,
    provider: ProviderName,
) -> Result<(), rusqlite::Error> {
    let (installation, channel) = columns(target);
    let (channel, provider) = (channel.as_str(), provider.as_str());
    db.prepare_cached(PROVIDER)?
        .execute((key.notification, key.user, installation, channel, provider))
        .map(drop)
}

/// Writes the providers that a try went past, if they are others than those of the try before.
pub(crate) fn set_passed_over(
    db: &Connection,
    key: Key,
    known: &Found,
    passed_over: &[PassedOver],
) -> Result<(), rusqlite::Error> {
    if known.passed_over == passed_over {
        return Ok(());
    }
    let (installation, channel) = columns(known.target);
    let kept: Vec<_> = passed_over.iter().map(PassedOver::view).collect();
    let kept = (!kept.is_empty()).then(|| to_json(&kept)).transpose()?;
    let channel = channel.as_str();
    db.prepare_cached(PASSED_OVER)?
        .execute((key.notification, key.user, installation, channel, kept))
        .map(drop)
}

/// Writes what the tries of an attempt cost.
pub(crate) fn set_cost(
    db: &Connection,
    key: Key,
    target: Target,
    cost: &Sums,
) -> Result<(), rusqlite::Error> {
    let (installation, channel) = columns(target);
    let (channel, cost) = (channel.as_str(), to_json(cost)?);
    db.prepare_cached(COST)?
        .execute((key.notification, key.user, installation, channel, cost))
        .map(drop)
}

/// Writes what the reports about what was taken are matched by.
pub(crate) fn set_message(
    db: &Connection,
    key: Key,
    target: Target,
    message: &[u8; 32],
) -> Result<(), rusqlite::Error> {
    give_message(db, (key, target), message, MESSAGE).map(drop)
}

/// The same, if nothing is known to match them by; tells whether it is so.
pub(crate) fn set_first_message(
    db: &Connection,
    key: Key,
    target: Target,
    message: &[u8; 32],
) -> Result<bool, rusqlite::Error> {
    give_message(db, (key, target), message, FIRST_MESSAGE)
}

fn give_message(
    db: &Connection,
    (key, target): (Key, Target),
    message: &[u8; 32],
    statement: &str,
) -> Result<bool, rusqlite::Error> {
    let (Key { notification, user }, (installation, channel)) = (key, columns(target));
    let (installation, channel) = (installation.as_slice(), channel.as_str());
    let of = (notification, user, installation, channel, message);
    db.prepare_cached(FREE_MESSAGE)?.execute(of)?;
    db.prepare_cached(statement)?
        .execute(of)
        .map(|changed| changed > 0)
}

/// Writes what the service said of an attempt.
pub(crate) fn set_said(
    db: &Connection,
    key: Key,
    target: Target,
    said: &str,
) -> Result<(), rusqlite::Error> {
    let (installation, channel) = columns(target);
    db.prepare_cached(SAID)?
        .execute((
            key.notification,
            key.user,
            installation,
            channel.as_str(),
            said,
        ))
        .map(drop)
}

/// Ends the lease of every try that is under way. Gives the deliveries, each with the installation that it
/// was tried at: empty for a mailbox or a backend.
pub(crate) fn end_leases(
    db: &Connection,
    now: Timestamp,
) -> Result<Vec<(Key, Vec<u8>)>, rusqlite::Error> {
    let mut ended = db.prepare_cached(END_LEASES)?;
    let ended = ended.query_map([millis(now)], |row| {
        let key = Key {
            notification: row.get(0)?,
            user: row.get(1)?,
        };
        Ok((key, row.get(2)?))
    })?;
    ended.collect()
}

/// Whether a channel outside the user's devices took a delivery.
pub(crate) fn is_sent_outside(db: &Connection, key: Key) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(IS_SENT_OUTSIDE)?
        .exists((key.notification, key.user))
}
