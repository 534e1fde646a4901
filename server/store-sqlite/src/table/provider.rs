//! Credentials of Apps at the services that notifications pass. They are sealed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{AppId, Channel, Open, ProviderState, Reason, view::ProviderView};
use vestnik_rules::{
    gateway::Traits,
    provider::{Health, Lasting, after_all, renewed},
};
use vestnik_sqlite::value::{millis, time, to_json, unreadable};
use vestnik_store::{
    dispatch::Settling,
    effect::Told,
    tenants::{Provider, StoredProvider},
};

use super::{Txn, told};
use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::{Unreadable, optional_word},
};

statements! {
    PUT = "INSERT INTO provider (app, channel, account, set_at, state, since, reaches, proves, price)
        VALUES (?1, ?2, ?3, ?4, 'working', ?4, ?5, ?6, ?7)
        ON CONFLICT (app, channel) DO UPDATE SET account = excluded.account, set_at = excluded.set_at,
            state = excluded.state, since = excluded.since, reason = NULL, said = NULL,
            reaches = excluded.reaches, proves = excluded.proves, price = excluded.price";
    SET_HEALTH = "UPDATE provider SET state = ?3, since = ?4, reason = ?5, said = ?6
        WHERE app = ?1 AND channel = ?2";
    GET = "SELECT account, set_at, reaches, proves, price FROM provider WHERE app = ?1 AND channel = ?2";
    OF_APP = "SELECT channel, set_at, state, since, reason, said, reaches, proves, price FROM provider WHERE app = ?1
        ORDER BY channel";
    HAS_ANY = "SELECT 1 FROM provider WHERE app = ?1 LIMIT 1";
    DELETE = "DELETE FROM provider WHERE app = ?1 AND channel = ?2";
    SEALED = "SELECT app, channel, account FROM provider";
    RESEAL = "UPDATE provider SET account = ?3 WHERE app = ?1 AND channel = ?2";
}

const TABLE: &str = "provider";

/// Sets credentials, whole.
pub(crate) fn put(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    provider: &Provider,
) -> Result<(), rusqlite::Error> {
    let Provider {
        channel,
        account,
        set_at,
        gateway,
    } = provider;
    let row = [app.as_str(), channel.as_str()];
    let sealed = seal.seal_column(&place_of(&row), account.as_bytes())?;
    let price = gateway.and_then(|of| of.price);
    db.prepare_cached(PUT)?
        .execute((
            app.as_str(),
            channel.as_str(),
            sealed,
            millis(*set_at),
            gateway.map(|of| of.reaches.as_str()),
            gateway.map(|of| of.proves.as_str()),
            price.as_ref().map(to_json).transpose()?,
        ))
        .map(drop)
}

/// The credentials at a service.
pub(crate) fn get(
    db: &Connection,
    (seal, unreadable): (&Seal, &Unreadable),
    app: &AppId,
    channel: Channel,
) -> Result<Option<StoredProvider>, rusqlite::Error> {
    let read = db
        .prepare_cached(GET)?
        .query_row((app.as_str(), channel.as_str()), |row| {
            Ok(unreadable
                .pass_over(TABLE, found(row, seal, (app, channel)))?
                .map_or(StoredProvider::Unreadable, StoredProvider::Readable))
        });
    read.optional()
}

fn found(
    row: &Row<'_>,
    seal: &Seal,
    (app, channel): (&AppId, Channel),
) -> Result<Provider, rusqlite::Error> {
    let place = [app.as_str(), channel.as_str()];
    let account = seal.open_column(&place_of(&place), 0, row.get_ref(0)?.as_blob()?)?;
    let account = String::from_utf8(account);
    Ok(Provider {
        channel,
        account: account.map_err(|_| unreadable(row, 0, "a text"))?,
        set_at: time(row, 1)?,
        gateway: gateway(row, 2)?,
    })
}

/// What an account with a gateway says of it, of the columns `reaches, proves, price` from this one on. A price that
/// cannot be read is of another version, and is none.
fn gateway(row: &Row<'_>, first: usize) -> Result<Option<Traits>, rusqlite::Error> {
    let reaches = optional_word(row, first)?;
    let proves = optional_word(row, first + 1)?;
    let price = row.get_ref(first + 2)?.as_str_or_null()?;
    let price = price.and_then(|json| serde_json::from_str(json).ok());
    let traits = |(reaches, proves)| Traits {
        reaches,
        proves,
        price,
    };
    Ok(reaches.zip(proves).map(traits))
}

const fn place_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: TABLE, row }
}

/// What is known of credentials, without them.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) channel: Open<Channel>,
    pub(crate) set_at: Timestamp,
    pub(crate) lasting: Lasting,
    pub(crate) gateway: Option<Traits>,
}

impl Known {
    pub(crate) fn view(&self) -> ProviderView {
        self.lasting.view(self.channel.clone(), self.set_at)
    }
}

/// The services at which an App has credentials.
pub(crate) fn of_app(db: &Connection, app: &AppId) -> Result<Vec<Known>, rusqlite::Error> {
    db.prepare_cached(OF_APP)?
        .query_map([app.as_str()], |row| {
            Ok(Known {
                channel: Open::read(row.get_ref(0)?.as_str()?),
                set_at: time(row, 1)?,
                lasting: lasting(row)?,
                gateway: gateway(row, 6)?,
            })
        })?
        .collect()
}

/// A word of another version says nothing that this one could act upon.
fn lasting(row: &Row<'_>) -> Result<Lasting, rusqlite::Error> {
    let state = optional_word(row, 2)?.unwrap_or(ProviderState::Working);
    Ok(Lasting {
        health: Health::of(state, optional_word(row, 4)?, row.get(5)?),
        since: time(row, 3)?,
    })
}

/// Notes what the tries of a settling show of an App's credentials, and tells it if that changes their state.
pub(crate) fn note_signs(
    txn: &mut Txn<'_>,
    providers: &BTreeMap<Channel, Known>,
    settling: &Settling,
) -> Result<(), rusqlite::Error> {
    let (app, now) = (&settling.app, settling.now);
    for (channel, known) in providers {
        let shown = settling.shown(*channel);
        let Some(lasting) = after_all(&known.lasting, known.set_at, shown, now) else {
            continue;
        };
        let Lasting { health, since } = &lasting;
        txn.prepare_cached(SET_HEALTH)?.execute((
            app.as_str(),
            channel.as_str(),
            health.state().as_str(),
            millis(*since),
            health.reason().map(Reason::as_str),
            health.said(),
        ))?;
        tell(txn, app, (*channel, lasting.health), now)?;
    }
    Ok(())
}

/// Tells that credentials which could not be used are there no more: others take their place, or none do.
pub(crate) fn tell_renewed(
    txn: &mut Txn<'_>,
    app: &AppId,
    channel: Channel,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let known = of_app(txn, app)?.into_iter();
    let mut of_channel = known.filter(|known| known.channel == channel);
    match of_channel.find_map(|known| renewed(&known.lasting)) {
        Some(health) => tell(txn, app, (channel, health), at),
        None => Ok(()),
    }
}

fn tell(
    txn: &mut Txn<'_>,
    app: &AppId,
    (channel, health): (Channel, Health),
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    told::write(
        txn,
        app,
        told::Of::App,
        (Told::Provider { channel, health }, at),
    )
}

/// Whether an App has credentials anywhere.
pub(crate) fn has_any(db: &Connection, app: &AppId) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(HAS_ANY)?.exists([app.as_str()])
}

/// Deletes credentials; tells whether there were any.
pub(crate) fn delete(
    db: &Connection,
    app: &AppId,
    channel: Channel,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(DELETE)?
        .execute((app.as_str(), channel.as_str()))
        .map(|deleted| deleted > 0)
}

/// Seals all credentials anew, also those for a service that this version does not know.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(SEALED)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(String, String, Vec<u8>)>, _>>()?;
    for (app, channel, account) in all {
        let place = [app.as_str(), &channel];
        if let Some(account) = from.resealed(to, &place_of(&place), &account)? {
            db.prepare_cached(RESEAL)?
                .execute((&app, &channel, account))?;
        }
    }
    Ok(())
}
