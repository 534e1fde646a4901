//! Credentials of Apps at the services that notifications pass. They are sealed.

use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, Channel, Open, open::Word as _, view::ProviderView};
use vestnik_sqlite::value::{millis, parsed, time, unreadable};
use vestnik_store::tenants::Provider;

use crate::{
    seal::{Place, Seal},
    sql::statements,
};

statements! {
    PUT = "INSERT INTO provider (app, channel, account, set_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (app, channel) DO UPDATE SET account = excluded.account, set_at = excluded.set_at";
    GET = "SELECT account, set_at FROM provider WHERE app = ?1 AND channel = ?2";
    OF_APP = "SELECT channel, set_at FROM provider WHERE app = ?1 ORDER BY channel";
    HAS_ANY = "SELECT 1 FROM provider WHERE app = ?1 LIMIT 1";
    DELETE = "DELETE FROM provider WHERE app = ?1 AND channel = ?2";
    NAMES = "SELECT app, channel FROM provider";
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
    } = provider;
    let row = [app.as_str(), channel.as_str()];
    let place = Place {
        table: TABLE,
        row: &row,
    };
    let sealed = seal.seal_column(&place, account.as_bytes())?;
    db.prepare_cached(PUT)?
        .execute((app.as_str(), channel.as_str(), sealed, millis(*set_at)))
        .map(drop)
}

/// The credentials at a service.
pub(crate) fn get(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    channel: Channel,
) -> Result<Option<Provider>, rusqlite::Error> {
    db.prepare_cached(GET)?
        .query_row((app.as_str(), channel.as_str()), |row| {
            let place = [app.as_str(), channel.as_str()];
            let place = Place {
                table: TABLE,
                row: &place,
            };
            let account = seal.open_column(&place, 0, row.get_ref(0)?.as_blob()?)?;
            let account = String::from_utf8(account);
            Ok(Provider {
                channel,
                account: account.map_err(|_| unreadable(row, 0, "a text"))?,
                set_at: time(row, 1)?,
            })
        })
        .optional()
}

/// The services at which an App has credentials.
pub(crate) fn of_app(db: &Connection, app: &AppId) -> Result<Vec<ProviderView>, rusqlite::Error> {
    db.prepare_cached(OF_APP)?
        .query_map([app.as_str()], |row| {
            Ok(ProviderView {
                channel: Open::read(row.get_ref(0)?.as_str()?),
                set_at: time(row, 1)?,
            })
        })?
        .collect()
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

/// Seals all credentials anew. Those for a service that this version does not know stay as they are.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let names: Vec<(AppId, String)> = db
        .prepare_cached(NAMES)?
        .query_map([], |row| Ok((parsed(row, 0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (app, channel) in names {
        let Some(channel) = Channel::from_word(&channel) else {
            continue;
        };
        if let Some(provider) = get(db, from, &app, channel)? {
            put(db, to, &app, &provider)?;
        }
    }
    Ok(())
}
